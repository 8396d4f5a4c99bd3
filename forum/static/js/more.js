/** “⋯” under a comment: a menu that opens by itself without script; here it closes as menus do. */

import { all } from "./page.js";

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
  // Below the last comment there is only the composer.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const menu = /** @type {HTMLElement} */ (target);
      if (menu.matches(".comment-more[open]")) menu.lastElementChild?.scrollIntoView({ block: "nearest" });
    },
    true,
  );
}
