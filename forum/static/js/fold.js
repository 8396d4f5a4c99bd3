/** Answers that are folded to one line. What is linked to or posted unfolds them; nothing here ever folds. */

import { one } from "./page.js";

/** Whether somebody has to unfold a part of the page to see `element`. @param {Element} element */
export const isFolded = (element) => element.closest("details:not([open])") !== null;

/** Unfold what `target` lies in; a question is meant with its answers. @param {Element | null} target */
export function unfold(target) {
  const own = target?.matches("section.question") ? one(":scope > details", target) : null;
  for (let fold = own ?? target?.closest("details"); fold; fold = fold.parentElement?.closest("details"))
    fold.setAttribute("open", "");
}

/** What a link leads to, if that is on this page: `#q1`, `#c17`, or the address of a comment. @param {URL} url */
function targetOf({ pathname, hash }) {
  const comment = /\/c\/(\d+)$/.exec(pathname);
  if (comment) return document.getElementById(`c${comment[1]}`);
  return pathname === location.pathname && hash ? document.getElementById(hash.slice(1)) : null;
}

function followAddress() {
  const target = targetOf(new URL(location.href));
  if (!target || (!isFolded(target) && !target.matches("section.question"))) return;
  unfold(target);
  target.scrollIntoView({ block: "start", behavior: "instant" });
}

export function start() {
  followAddress();
  addEventListener("hashchange", followAddress);
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a");
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = targetOf(new URL(link.href));
    if (!target) return;
    unfold(target);
    // A quoted comment that is here already needs no other page.
    if (!link.matches(".reply-quote, [data-recent] > a") || link.hash === `#${target.id}`) return;
    event.preventDefault();
    location.hash = target.id;
  });
}
