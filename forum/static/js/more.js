/** “⋯” under a comment: a menu that opens by itself without script; here it closes as menus do. */

import { all } from "./page.js";
import { view } from "./place.js";

/** Whoever was in it stands on its “⋯” then. @param {Element | null} menu */
export function shut(menu) {
  if (!(menu instanceof HTMLDetailsElement)) return;
  if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus({ preventScroll: true });
  menu.open = false;
}

/** @param {EventTarget | null} [target] where somebody went */
function shutOthers(target) {
  for (const menu of all(".comment-more[open]")) if (!menu.contains(/** @type {Node} */ (target ?? null))) shut(menu);
}

export function start() {
  document.addEventListener("click", ({ target }) => shutOthers(target));
  document.addEventListener("focusin", ({ target }) => shutOthers(target));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") shutOthers();
  });
  document.addEventListener("toggle", ({ target }) => turn(/** @type {HTMLElement} */ (target)), true);
}

/** Where it would lie under the composer it opens upwards, if there is more room. @param {HTMLElement} menu */
function turn(menu) {
  const list = menu.matches(".comment-more[open]") ? menu.lastElementChild : null;
  if (!list) return;
  menu.classList.remove("is-up");
  const { top, bottom } = view();
  const below = list.getBoundingClientRect();
  const isTooLow = below.bottom > bottom;
  menu.classList.toggle("is-up", isTooLow && menu.getBoundingClientRect().top - below.height > top);
}
