/** What time it is by the server: a phone whose clock is wrong would count down to other moments than everybody else. */

/** Less than this is the way to the server and back. */
const TOO_LITTLE = 30_000;
let ahead = 0;

/** Milliseconds since 1970, as far as an answer has told; until then by the clock of this device. */
export const now = () => Date.now() - ahead;

/** @param {string | null} said the `Date` of an answer that has just come, and was kept by nobody on the way */
export function learnTime(said) {
  const found = Date.now() - Date.parse(said ?? "");
  if (Number.isFinite(found)) ahead = Math.abs(found) < TOO_LITTLE ? 0 : found;
}
