/** “⋯” under a comment: what is seldom done with it. Without script it leads to a small page; here it opens a menu. */

import { all, commentsIn, hear, one, page } from "./page.js";
import { view } from "./place.js";

const STAFF = ["moderator", "host", "owner", "administrator"];
// Only members have it: visitors see no “⋯”.
const template = /** @type {HTMLTemplateElement | null} */ (one("#more"));

/** Close the menu that is open; whoever was in it stands on its “⋯” then. */
export function shut() {
  const menu = one(".comment-more > div");
  const link = /** @type {HTMLElement | null | undefined} */ (menu?.previousElementSibling);
  if (!menu || !link) return;
  link.setAttribute("aria-expanded", "false");
  if (menu.contains(document.activeElement)) link.focus({ preventScroll: true });
  menu.remove();
}

/** @param {EventTarget | null} target where somebody went */
function shutOthers(target) {
  const place = one(".comment-more > div")?.parentElement;
  if (!place?.contains(/** @type {Node | null} */ (target))) shut();
}

/** @param {HTMLElement} comment */
function menuOf(comment) {
  const menu = /** @type {HTMLElement} */ (template?.content.firstElementChild?.cloneNode(true));
  const idle = [one(".comment-highlight", comment) ? "highlight" : "unhighlight"];
  if (!comment.dataset.author) idle.push("mute");
  // Its writer can move it for as long as they can edit it (see mine.js); who has typed it for them cannot.
  const isClosed = one("[data-action=edit]", comment)?.hidden || comment.dataset.author !== page.me;
  if (isClosed && !STAFF.includes(document.body.dataset.role ?? "")) idle.push("move");
  const address = one(".comment-more > a", comment)?.getAttribute("href") ?? "";
  for (const link of all("a", menu)) {
    const { action = "" } = link.dataset;
    if (idle.includes(action)) link.remove();
    else link.setAttribute("href", address.replace(/more$/, action));
  }
  return menu;
}

/** @param {HTMLElement} comment */
function open(comment) {
  const link = one(".comment-more > a", comment);
  if (!link) return;
  link.setAttribute("aria-expanded", "true");
  link.after(menuOf(comment));
}

/** Where it would lie under the composer it opens upwards, if there is more room. @param {HTMLElement} place */
function turn(place) {
  place.classList.remove("is-up");
  const { top, bottom } = view();
  const below = /** @type {Element} */ (place.lastElementChild).getBoundingClientRect();
  const isTooLow = below.bottom > bottom;
  place.classList.toggle("is-up", isTooLow && place.getBoundingClientRect().top - below.height > top);
}

/** What is done to a comment meanwhile does not shut its menu: the fresh one has it too. @param {ParentNode} root */
function prepare(root) {
  if (!template) return;
  for (const comment of commentsIn(root)) {
    const link = one(".comment-more > a", comment);
    if (!link || link.hasAttribute("role")) continue;
    link.setAttribute("role", "button");
    link.setAttribute("aria-expanded", "false");
    const old = root === document ? null : document.getElementById(comment.id);
    if (!old || !one(".comment-more > div", old)) continue;
    open(comment);
    if (one(".is-up", old)) link.parentElement?.classList.add("is-up");
  }
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} the “⋯” it is */
const pressed = (target) => /** @type {HTMLElement} */ (target).closest?.(".comment-more > a[role=button]");

export function start() {
  prepare(document);
  hear("prepare", prepare);
  document.addEventListener("click", (event) => {
    shutOthers(event.target);
    const link = pressed(event.target);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const isOpen = link.nextElementSibling !== null;
    shut();
    if (isOpen) return;
    open(/** @type {HTMLElement} */ (link.closest(".comment")));
    turn(/** @type {HTMLElement} */ (link.parentElement));
  });
  document.addEventListener("focusin", ({ target }) => shutOthers(target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
    const link = event.key === " " && !event.repeat ? pressed(event.target) : null;
    if (!link) return;
    event.preventDefault();
    link.click();
  });
}
