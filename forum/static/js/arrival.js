/** How somebody has come to this page, and whether somebody else was here before them. */

import { page } from "./page.js";

const [arrival] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));

/** Whether they have come back, by the browser's buttons or by loading the page again. */
export const isReturn = arrival?.type === "back_forward" || arrival?.type === "reload";

/** Whether the page answers a form: it was led to from there, or is what came back. */
export const isAnswer =
  document.body.dataset.answer !== undefined || (arrival?.type === "navigate" && arrival.redirectCount > 0);

/** Whether somebody else was here before: browsers put back what was typed, whoever it was. */
export const isFromAnother = changesHands();

function changesHands() {
  const before = history.state?.me ?? "";
  history.replaceState({ ...history.state, me: page.me }, "");
  return arrival?.type === "back_forward" && before !== page.me;
}
