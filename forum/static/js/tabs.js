/** Keeps the tab of the open question in sight: on a phone the tabs of six questions are wider than their bar. */

import { hear, one } from "./page.js";

/** @type {string | null | undefined} the tab that has been brought into sight; after that the bar is the reader's */
let shown;

function show() {
  const tab = one(".tabs [aria-current]");
  const bar = tab?.parentElement;
  const address = tab?.getAttribute("href");
  if (!tab || !bar || address === shown) return;
  shown = address;
  // By what the eye sees, so that it is the same from right to left; in the middle of what the tab that sticks leaves free.
  const [its, whole] = [tab.getBoundingClientRect(), bar.getBoundingClientRect()];
  const stuck = (one(".tab-recent", bar)?.offsetWidth ?? 0) * (document.dir === "rtl" ? 1 : -1);
  bar.scrollLeft += its.left + its.width / 2 - whole.left - (whole.width + stuck) / 2;
}

export function start() {
  show();
  hear("morphed", show);
}
