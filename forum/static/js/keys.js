/** Single keys for readers. None works while something is typed, and all can be switched off in the list of keys (?). */

import { MODES, mode, setMode } from "./announce.js";
import { pressByKey } from "./helpful.js";
import { shut } from "./more.js";
import { all, isField, make, one, writingField } from "./page.js";
import { view } from "./place.js";
import { replyTo } from "./reply.js";
import { comments } from "./roving.js";
import { trying } from "./trying.js";
import { goTo, goToNext } from "./unread.js";
import { _ } from "./words.js";

const OFF = "roundtext:keys-off";
const KEYS = [
  ["J, ↓", _("next comment; Tab goes to what you can do with it")],
  ["K, ↑", _("comment before")],
  ["N", _("next one you have not seen")],
  ["R", _("reply to this comment")],
  ["L", _("this comment is helpful, or no more")],
  ["C", _("write")],
  [".", _("the question that is open now")],
  ["?", _("this list")],
];

/** The comment with the focus, or else the first in sight. */
function current() {
  const focused = document.activeElement?.closest(".comment");
  if (focused) return /** @type {HTMLElement} */ (focused);
  const { top } = view();
  return comments().find((comment) => comment.getBoundingClientRect().bottom > top + 1);
}

/** @param {number} by */
function step(by) {
  const list = comments();
  const here = current();
  const isFocused = here?.contains(document.activeElement);
  const next = here && (isFocused ? list[list.indexOf(here) + by] : here);
  if (next) goTo(next);
}

function toNow() {
  const open = document.body.dataset.openQuestion;
  const section = open ? document.getElementById(`q${open}`) : all("main section.question").at(-1);
  const heading = section && one("h2", section);
  if (heading) goTo(heading);
}

/** Show the list of keys; closing it gives the focus back. */
export function showKeys() {
  const rows = KEYS.map(([key, what]) =>
    make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, key)), make("td", {}, what)),
  );
  const box = make("input", { type: "checkbox" });
  box.checked = trying(() => localStorage.getItem(OFF)) !== "1";
  box.addEventListener("change", () => trying(() => localStorage.setItem(OFF, box.checked ? "0" : "1")));
  const choice = make("select", {}, ...Object.entries(MODES).map(([value, words]) => new Option(words, value)));
  choice.value = mode();
  choice.addEventListener("change", () => setMode(choice.value));
  const dialog = make(
    "dialog",
    { class: "dialog keys", "aria-labelledby": "keys-title" },
    make("h2", { id: "keys-title" }, _("Shortcuts and announcements")),
    make("table", {}, make("tbody", {}, ...rows)),
    make("p", {}, make("label", {}, box, " ", _("Single keys are on"))),
    make("p", {}, make("label", {}, _("What a screen reader says of new answers:"), " ", choice)),
    make("form", { method: "dialog" }, make("button", {}, _("Close"))),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  shut();
  dialog.showModal();
}

/** @type {Record<string, () => void>} */
const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  n: goToNext,
  r: () => {
    const comment = current();
    if (comment) replyTo(comment);
  },
  l: () => {
    const comment = current();
    if (comment) pressByKey(comment);
  },
  c: () => writingField()?.focus(),
  ".": toNow,
};

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isField(event.target) || one("dialog[open]")) return;
    const { key } = event;
    // Arrows are a comment's own while it has the focus, and stay when single keys are off.
    const isOnComment = /** @type {HTMLElement} */ (event.target).matches?.(".answers > .comment");
    if (isOnComment && (key === "ArrowDown" || key === "ArrowUp")) {
      event.preventDefault();
      step(key === "ArrowDown" ? 1 : -1);
      return;
    }
    // Held down, a key only walks on.
    if (event.repeat && !"jkn".includes(key.toLowerCase())) return;
    const act = key === "?" ? showKeys : ACTS[key.toLowerCase()];
    if (!act || (key !== "?" && trying(() => localStorage.getItem(OFF)) === "1")) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("click", (event) => {
    const asked = /** @type {HTMLElement} */ (event.target).closest?.("[data-keys]");
    if (!asked) return;
    event.preventDefault();
    showKeys();
  });
}
