/** Marks the reader's own comments. The server renders one comment for all; whose it is, only this page knows. */

import { all, hear, page } from "./page.js";
import { _ } from "./words.js";

/** @param {Element} comment */
function mark(comment) {
  const { author, typist } = /** @type {HTMLElement} */ (comment).dataset;
  comment.classList.toggle("mine", page.me !== "" && author === page.me);
  comment.classList.toggle("typed", page.me !== "" && typist === page.me);
}

/** @param {ParentNode} root @returns {HTMLElement[]} the comments in it, itself among them */
const commentsOf = (root) =>
  root instanceof HTMLElement && root.matches(".comment") ? [root] : all(".answers > .comment", root);

/** @param {ParentNode} root */
function markAll(root) {
  for (const comment of commentsOf(root)) mark(comment);
}

/** Count down the time to edit: at its end the action goes, as it would be refused. @param {ParentNode} root */
function closeWindows(root) {
  const minutes = Number(document.body.dataset.editMinutes);
  if (!minutes) return;
  for (const comment of commentsOf(root)) {
    if (!comment.matches(".mine[data-at], .typed[data-at]")) continue;
    const left = Math.ceil(minutes - (Date.now() - Date.parse(comment.dataset.at ?? "")) / 60_000);
    for (const edit of all("[data-action=edit]", comment)) {
      edit.hidden = left <= 0;
      edit.title = left > 0 ? _("For {n} more min", { n: left }) : "";
    }
  }
}

export function start() {
  /** @param {ParentNode} root */
  const prepare = (root) => {
    markAll(root);
    closeWindows(root);
  };
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
  setInterval(() => closeWindows(document), 15_000);
}
