/** How somebody has come to this page, and whether somebody else was here before them. */

import { page } from "./page.js";

const [arrival] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
const { me } = page;

/** Whether they have come back, by the browser's buttons or by loading the page again. */
export const isReturn = arrival?.type === "back_forward" || arrival?.type === "reload";

/**
 * Whether the page answers a form: it is what came back, or was led to from there. A bookmark of what has moved is led on
 * as well, but comes from none of our pages.
 */
export const isAnswer =
  arrival?.type !== "back_forward" &&
  (document.body.dataset.answer !== undefined ||
    (arrival?.redirectCount > 0 && document.referrer.startsWith(`${location.origin}/`)));

/** Whether somebody else who was signed in was here before: browsers put back what was typed, whoever it was. */
const before = history.state?.me;
export const isFromAnother = arrival?.type === "back_forward" && Boolean(before) && before !== me;

/** A link within the page makes another entry of the browser's way back. */
const note = () => history.replaceState({ ...history.state, me }, "");
note();
addEventListener("hashchange", note);

/**
 * Take away what the browser has put back for somebody else. It does so after scripts have run; who types sooner goes first.
 * @param {HTMLElement} root
 * @param {() => void} takeAway
 */
export function afterPutBack(root, takeAway) {
  if (!isFromAnother || document.readyState === "complete") return;
  const typing = new AbortController();
  root.addEventListener("input", () => typing.abort(), { once: true });
  addEventListener("pageshow", takeAway, { once: true, signal: typing.signal });
}
