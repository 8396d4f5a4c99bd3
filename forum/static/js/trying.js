/** Storage can be full or forbidden; then the page still works and only forgets. @template T @param {() => T} use @returns {T | null} */
export function trying(use) {
  try {
    return use();
  } catch {
    return null;
  }
}
