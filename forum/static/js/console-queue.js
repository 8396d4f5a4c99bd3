/** The queue: whoever decides goes on with the next comment, and whoever begins to write a reason has claimed it. */

import { one } from "./page.js";

/** What was decided here, and where to go when it has left the queue. @type {{from: string, to: string} | null} */
let leaving = null;

/** @param {HTMLFormElement} form one that has been sent */
export function leave(form) {
  const item = form.closest("[data-review]");
  const next = item?.nextElementSibling ?? item?.previousElementSibling;
  if (item) leaving = { from: item.id, to: next?.id ?? "queue" };
}

/** After the page was made fresh: focus the next comment, unless somebody has gone elsewhere by now. */
export function goOn() {
  if (!leaving || document.getElementById(leaving.from)) return;
  const isLost = document.activeElement === document.body || document.activeElement === null;
  if (isLost) document.getElementById(leaving.to)?.focus();
  leaving = null;
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
