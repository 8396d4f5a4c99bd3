/**
 * The stream is one stop of the Tab key (spec D): arrows, or J and K, go from comment to comment, Tab into the links and actions
 * of that one. A hundred answers would be four hundred stops. Screen readers that walk the text find every link as before.
 */

import { isFolded } from "./fold.js";
import { all, commentsIn, hear, one } from "./page.js";

/** @type {HTMLElement | null} the comment that Tab leads to */
let current = null;

/** The comments that can be gone to, in their order on the page. */
export const comments = () => all(".answers > .comment").filter((comment) => !comment.hidden && !isFolded(comment));

/** Take a comment's links out of the order of Tab. @param {HTMLElement} comment */
function close(comment) {
  comment.removeAttribute("tabindex");
  for (const stop of all("a, summary", comment)) stop.tabIndex = -1;
}

/** @param {HTMLElement | undefined} comment */
function choose(comment) {
  if (!comment || comment === current) return;
  if (current) close(current);
  current = comment;
  comment.tabIndex = 0;
  for (const stop of all("a, summary", comment)) stop.removeAttribute("tabindex");
}

/** Let the stream always have its stop: at the open question if it has answers. */
function keepOne() {
  // One that was moved is another element now.
  if (current && !current.isConnected) choose(document.getElementById(current.id) ?? undefined);
  if (current?.isConnected && !current.hidden && !isFolded(current)) return;
  const list = comments();
  choose(list.find((comment) => comment.dataset.question === document.body.dataset.openQuestion) ?? list[0]);
}

/** @param {HTMLElement} root what comes into the page, or takes the place of what is there */
function prepare(root) {
  for (const comment of commentsIn(root)) {
    if (comment.id !== current?.id) close(comment);
    else if (current.contains(document.activeElement)) queueMicrotask(() => comesBack(comment.id));
  }
}

/** An action that had the focus may be gone after a change; then its comment has it. @param {string} id */
function comesBack(id) {
  if (document.activeElement === document.body) document.getElementById(id)?.focus({ preventScroll: true });
}

export function start() {
  for (const comment of all(".answers > .comment")) close(comment);
  keepOne();
  hear("prepare", prepare);
  hear("event", keepOne);
  hear("morphed", keepOne);
  // Who stood on a comment goes with it to its new place, or to what opens that.
  hear("moved", (/** @type {HTMLElement} */ comment) => {
    const fold = comment.closest("details:not([open])");
    if (!fold) choose(comment);
    // A question that had no answers shows its line once it is marked as having some.
    queueMicrotask(() => (fold ? one("summary", fold) : comment)?.focus({ preventScroll: true }));
  });
  document.addEventListener("toggle", keepOne, true);
  one("main")?.addEventListener("focusin", (event) => {
    const comment = /** @type {HTMLElement} */ (event.target).closest(".answers > .comment");
    if (comment instanceof HTMLElement) choose(comment);
  });
}
