/** Shows what is on its way to the server in the place where it will stand, and says when it does not get there. */

import { unfold } from "./fold.js";
import { link, say } from "./notice.js";
import { drop, retry, unsent } from "./outbox.js";
import { all, hear, make, one, page, tell } from "./page.js";
import { keepPlace, view } from "./place.js";
import { listOf, put } from "./stream.js";
import { _ } from "./words.js";

/** @typedef {import("./outbox.js").Entry} Entry */

/** @param {string} key */
const idOf = (key) => `pending-${key}`;

/** @param {string} name */
const initials = (name) =>
  [...new Set([name.split(" ")[0], name.split(" ").at(-1)])].map((word) => word?.[0] ?? "").join("");

/** @param {Entry} entry */
function show(entry) {
  const list = listOf(entry.question) ?? all(".answers").at(-1);
  if (!list || document.getElementById(idOf(entry.key))) return;
  const name = one(".top .you bdi")?.textContent || _("You");
  const text = make("div", { class: "comment-text", dir: "auto" });
  for (const paragraph of entry.body.split(/\n{2,}/)) {
    const lines = paragraph.split("\n").flatMap((line, i) => (i ? [make("br"), line] : [line]));
    text.append(make("p", {}, ...lines));
  }
  const head = make("header", { class: "comment-head" }, make("bdi", { class: "comment-name" }, name));
  const sending = make("p", { class: "comment-sending", "data-sending": "" }, _("Sending…"));
  const main = make("div", { class: "comment-main" }, head, text, sending);
  if (entry.reply_name) text.before(make("p", { class: "reply-quote" }, `↩ ${entry.reply_name}`));
  const article = make("article", {}, make("span", { class: "avatar", "aria-hidden": "true" }, initials(name)), main);
  const item = make("li", { class: "comment comment-pending mine", id: idOf(entry.key) }, article);
  item.dataset.question = entry.question;
  item.dataset.author = entry.me;
  unfold(list);
  list.append(item);
  const box = item.getBoundingClientRect();
  const { top, bottom } = view();
  if (box.bottom > bottom) scrollBy({ top: Math.min(box.bottom - bottom, box.top - top), behavior: "instant" });
  else if (box.top < top) scrollBy({ top: box.top - top, behavior: "instant" });
}

/** @param {Entry} entry @param {...(Node | string)} parts */
function note(entry, ...parts) {
  document
    .getElementById(idOf(entry.key))
    ?.querySelector("[data-sending]")
    ?.replaceChildren(...parts);
}

/** @param {Entry} entry @param {string} [message] */
export function fail(entry, message = unsent(entry)) {
  const place = document.getElementById(idOf(entry.key));
  place?.classList.add("comment-unsent");
  const again = make("button", { type: "button" }, _("Try again"));
  again.addEventListener("click", () => retry(entry.key));
  const away = make("button", { type: "button" }, _("Throw away"));
  away.addEventListener("click", () => {
    drop(entry.key);
    remove(entry.key);
  });
  note(entry, `${message} `, again, away);
}

/** @param {string} key */
export function remove(key) {
  document.getElementById(idOf(key))?.remove();
}

export function start() {
  hear("take back", (key) => {
    drop(key);
    remove(key);
  });
  hear("outbox added", show);
  hear("outbox sending", (entry) => {
    document.getElementById(idOf(entry.key))?.classList.remove("comment-unsent");
    note(entry, _("Sending…"));
  });
  hear("outbox failed", ({ entry, isLast }) => {
    if (isLast) {
      fail(entry);
      tell("alert", unsent(entry));
    } else {
      note(entry, _("Not sent yet. Trying again…"));
    }
  });
  hear("outbox sent", ({ entry, id, answer }) => {
    keepPlace(() => {
      remove(entry.key);
      if (answer?.html) put(answer.html, true);
    });
    // On a page that shows another part of the stream it would have vanished, and be written again.
    if (answer?.state !== "held" && !document.getElementById(`c${id}`))
      say("posted", [_("Posted, in another part of this discussion."), " ", link(_("Go there"), page.at(`c/${id}`))]);
    tell("say", answer?.state === "held" ? _("Waiting for a host") : _("Posted"));
    if (page.me && answer) tell("posted", answer);
  });
}
