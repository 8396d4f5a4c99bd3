/** The comments and wishes in the console: whoever decides goes on from there, and whoever begins to write a reason has claimed it. */

import { one } from "./page.js";

/** What was decided here, and where to go when it has left its list. @type {{from: string, to: string} | null} */
let leaving = null;
/** The page that is on its way may have been made before the decision; the one after it shows that. */
let rounds = 0;

/** @param {HTMLFormElement} form one that has been sent */
export function leave(form) {
  const item = /** @type {HTMLElement | null} */ (form.closest("[data-comment]"));
  if (!item) return;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  leaving = { from: item.id, to: next?.id || item.closest("section")?.id || "queue" };
  rounds = 2;
  // What was pressed goes from it, or is folded up; the keys speak of it as before.
  if (form.contains(document.activeElement)) item.focus({ preventScroll: true });
}

/** After the page was made fresh: focus the next comment, unless somebody has gone elsewhere by now. */
export function goOn() {
  if (!leaving) return;
  const hasLeft = !document.getElementById(leaving.from);
  const isLost = document.activeElement === document.body || document.activeElement === null;
  if (hasLeft && isLost) document.getElementById(leaving.to)?.focus();
  rounds -= 1;
  if (hasLeft || !rounds) leaving = null;
}

document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement)) return;
    const isResumed = details.dataset.resumed !== undefined;
    delete details.dataset.resumed;
    if (isResumed || !details.open || !details.closest("[data-review]")) return;
    const claim = /** @type {HTMLButtonElement | null} */ (
      details.matches("[data-hide]") && one("button[data-key=C]", details.closest("[data-review]") ?? document)
    );
    claim?.form?.requestSubmit();
  },
  true,
);
