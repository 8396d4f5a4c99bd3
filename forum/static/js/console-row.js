/** The row of buttons above the console, which a phone moves sideways: what is come to or opened there is brought into sight. */

/** What stays free beside it, in pixels: its focus, and a sign that there is more. */
const ROOM = 24;

/** @param {EventTarget | null} target */
function bring(target) {
  const row = target instanceof HTMLElement && target.closest(".console-hands");
  if (!row) return;
  const [its, whole] = [target.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += Math.max(0, its.right + ROOM - whole.right) + Math.min(0, its.left - ROOM - whole.left);
}

export function startRow() {
  // Browsers leave a button alone that is half in sight. Only for the keyboard: below the mouse a press would slip away.
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element && target.matches(":focus-visible")) bring(target);
  });
  document.addEventListener("toggle", ({ target }) => bring(target), true);
}
