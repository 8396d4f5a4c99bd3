/**
 * What a host or panelist is typing while the console is made fresh around it: where its place moves to another part of
 * the page it goes along, and where its place is gone it stays, so that nobody's words or cursor are lost.
 */

import { all, make, one } from "./page.js";
import { _ } from "./words.js";

/** @param {Element} details */
const isTypedIn = (details) =>
  details.contains(document.activeElement) ||
  all("textarea, input", details).some((field) => {
    const { value, defaultValue } = /** @type {HTMLTextAreaElement | HTMLInputElement} */ (field);
    return value !== defaultValue;
  });

/** The open forms with something typed inside. @param {ParentNode} [root] */
const typed = (root) => all("details[open][id]", root).filter(isTypedIn);

/** Whether a node has to stay although the fresh page has none like it. @param {Node} node */
export const holds = (node) =>
  node instanceof HTMLElement && (typed(node).length > 0 || (node.matches("details[open][id]") && isTypedIn(node)));

/** Move what was kept to where its place is now; whether anything moved. */
export function settle() {
  let hasMoved = false;
  for (const details of typed()) {
    const place = all(`[id="${details.id}"]`).find((other) => other !== details);
    if (place) {
      replace(place, details);
      hasMoved = true;
    }
  }
  return hasMoved;
}

/** @param {HTMLElement} place @param {HTMLElement} details */
function replace(place, details) {
  const field = document.activeElement;
  const isField = field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement;
  const selection = isField ? [field.selectionStart, field.selectionEnd] : [];
  const isInside = details.contains(field);
  place.replaceWith(details);
  if (!isInside) return;
  /** @type {HTMLElement} */ (field).focus();
  if (isField && selection[0] !== null) field.setSelectionRange(selection[0] ?? 0, selection[1] ?? 0);
}

/** Say beside a comment that is decided by now, and whose form stays for what is typed there. @param {Document} fresh */
export function tellDecided(fresh) {
  for (const details of typed()) {
    const item = details.closest("[data-review]");
    if (!item || fresh.getElementById(item.id) || one("[data-decided]", item)) continue;
    const words = _("Somebody else has decided this meanwhile. What you typed stays until you close it.");
    details.before(make("p", { role: "status", "data-decided": "" }, words));
  }
}
