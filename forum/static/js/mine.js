/** Marks the reader's own comments. The server renders one comment for all; whose it is, only this page knows. */

import { all, commentsIn, hear, page } from "./page.js";
import { now } from "./server-time.js";
import { _ } from "./words.js";

/** @param {HTMLElement} comment */
function mark(comment) {
  const { author, typist } = comment.dataset;
  comment.classList.toggle("mine", page.me !== "" && author === page.me);
  comment.classList.toggle("typed", page.me !== "" && typist === page.me);
}

/** Count down the time to edit: at its end the action goes, as it would be refused. @param {HTMLElement} comment */
function closeWindow(comment) {
  const minutes = Number(document.body.dataset.editMinutes);
  if (!minutes || !comment.matches(".mine[data-at], .typed[data-at]")) return;
  const left = Math.ceil(minutes - (now() - Date.parse(comment.dataset.at ?? "")) / 60_000);
  for (const edit of all("[data-action=edit]", comment)) {
    edit.hidden = left <= 0;
    edit.title = left > 0 ? _("For {n} more min", { n: left }) : "";
  }
}

/** @param {ParentNode} root */
function prepare(root) {
  for (const comment of commentsIn(root)) {
    mark(comment);
    closeWindow(comment);
  }
}

export function start() {
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
  setInterval(() => prepare(document), 15_000);
}
