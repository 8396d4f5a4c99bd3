/** Marks the reader's own comments. The server renders one comment for all; whose it is, only this page knows. */

import { all, hear, page } from "./page.js";
import { _ } from "./words.js";

/** @param {Element} comment */
function mark(comment) {
  const { author, typist } = /** @type {HTMLElement} */ (comment).dataset;
  comment.classList.toggle("mine", page.me !== "" && author === page.me);
  comment.classList.toggle("typed", page.me !== "" && typist === page.me);
}

/** @param {ParentNode} root */
function markAll(root) {
  if (root instanceof HTMLElement && root.matches(".comment")) mark(root);
  for (const comment of all(".comment", root)) mark(comment);
}

/** Count down the time to edit: at its end the action goes, as it would be refused. */
function closeWindows() {
  const minutes = Number(document.body.dataset.editMinutes);
  if (!minutes) return;
  for (const comment of all(".comment.mine[data-at], .comment.typed[data-at]")) {
    const left = Math.ceil(minutes - (Date.now() - Date.parse(comment.dataset.at ?? "")) / 60_000);
    for (const edit of all("[data-action=edit]", comment)) {
      edit.hidden = left <= 0;
      edit.title = left > 0 ? _("For {n} more min", { n: left }) : "";
    }
  }
}

export function start() {
  markAll(document);
  closeWindows();
  hear("prepare", markAll);
  hear("event", closeWindows);
  hear("morphed", () => markAll(document));
  setInterval(closeWindows, 15_000);
}
