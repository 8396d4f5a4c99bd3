/** Replying: a chip in the composer says to whom; the text stays as it is, and the reply goes with its parent's question. */

import { change, writing } from "./composer.js";
import { hear, make, one, tell, writingField } from "./page.js";
import { _ } from "./words.js";

/** @param {string} id @param {string} name */
export function showReply(id, name) {
  const form = one("[data-composer]");
  const field = one("textarea", form ?? undefined);
  if (!form || !field) return;
  clearReply();
  const hidden = /** @type {HTMLInputElement | null} */ (one("input[name=reply_to]", form));
  if (hidden) hidden.value = id;
  const away = make("button", { type: "button", "aria-label": _("Do not reply to {name}", { name }) }, "✕");
  away.addEventListener("click", () => {
    clearReply();
    if (writing()) change({ reply_to: "", reply_name: "" });
    field.focus();
  });
  const chip = make(
    "p",
    { class: "reply-chip", "data-reply-chip": "" },
    _("to"),
    " ",
    make("bdi", {}, name),
    " ",
    away,
  );
  // Esc in an empty field means what the cross does.
  field.addEventListener("keydown", leave);
  document.getElementById("reply-chip")?.append(chip);
}

/** @param {KeyboardEvent} event */
function leave(event) {
  if (event.key !== "Escape" || writingField()?.value) return;
  clearReply();
  if (writing()) change({ reply_to: "", reply_name: "" });
}

export function clearReply() {
  const hidden = /** @type {HTMLInputElement | null} */ (one("[data-composer] input[name=reply_to]"));
  if (hidden) hidden.value = "";
  one("[data-reply-chip]")?.remove();
}

/** @param {HTMLElement} comment */
export function replyTo(comment) {
  const field = writingField();
  const { id = "", question = "" } = comment.dataset;
  if (!field || !id) return;
  const name = one(".comment-name", comment)?.textContent?.trim() ?? "";
  change({ reply_to: id, reply_name: name, question });
  tell("question bound", question);
  showReply(id, name);
  field.focus();
}

export function start() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("[data-action=reply]");
    const comment = /** @type {HTMLElement | null} */ (link?.closest(".comment") ?? null);
    if (!comment || !writingField() || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    replyTo(comment);
  });
  // The page without script answers `?reply=17` by a hidden field; the chip says the same.
  hear("composer ready", () => {
    const hidden = /** @type {HTMLInputElement | null} */ (one("[data-composer] input[name=reply_to]"));
    const parent = hidden?.value ? document.getElementById(`c${hidden.value}`) : null;
    if (parent && !writing()) replyTo(parent);
  });
}
