/** "Show 24 earlier answers" brings them into the page instead of leading to another one. */

import { say as notice, unsay } from "./notice.js";
import { all, one, page, parse, tell } from "./page.js";
import { keepPlace } from "./place.js";
import { showEarlier } from "./resync.js";
import { getJson } from "./send.js";
import { after, FIRST, listOf } from "./stream.js";
import { _, plural } from "./words.js";

const AT_ONCE = 50;

/** @param {HTMLElement} link */
async function load(link) {
  const question = link.dataset.earlier ?? "";
  const list = listOf(question);
  const first = list && one(FIRST, list);
  if (!list || link.getAttribute("aria-busy") === "true") return;
  link.setAttribute("aria-busy", "true");
  tell("say", _("Loading earlier answers…"));
  const before = first?.dataset.id ?? "";
  const { ok, status, data, error } = await getJson(
    page.at(`comments?question=${question}&before=${before}&limit=${AT_ONCE}`),
  );
  link.removeAttribute("aria-busy");
  if (!status && error) {
    // The way there would lead off the page as well, and to nothing.
    notice("earlier", [error.message], "warn");
    tell("alert", error.message);
    return;
  }
  if (!ok) {
    location.assign(/** @type {HTMLAnchorElement} */ (link).href);
    return;
  }
  unsay("earlier");
  const holder = parse(`<ol>${data.html}</ol>`);
  const fresh = holder ? all(".comment", holder).filter((comment) => !document.getElementById(comment.id)) : [];
  for (const comment of fresh) tell("prepare", comment);
  keepPlace(() => {
    for (const comment of fresh) list.insertBefore(comment, after(list, Number(comment.dataset.id)));
    showEarlier(list, data.left);
  });
  tell("morphed");
  tell("say", plural(fresh.length, "1 earlier answer is shown", "{n} earlier answers are shown"));
  const focus = /** @type {HTMLElement | undefined} */ (fresh[0]);
  if (focus) {
    focus.tabIndex = -1;
    focus.focus({ preventScroll: true });
  }
}

export function start() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.(".show-earlier");
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void load(link);
  });
}
