/** The ruler of the hour: moves "now" along, and lets a bar grow when an answer comes. */

import { all, hear, one } from "./page.js";

function moveNow() {
  for (const ruler of all("[data-region=ruler]")) {
    const { startsAt, endsAt } = document.body.dataset;
    const now = one("[data-now]", ruler);
    const from = Date.parse(startsAt ?? "");
    const share = (Date.now() - from) / (Date.parse(endsAt ?? "") - from);
    if (!now || !(share >= 0)) continue;
    now.style.setProperty("--x", `${(Math.min(share, 1) * 100).toFixed(1)}%`);
  }
}

export function start() {
  moveNow();
  setInterval(moveNow, 15_000);
  hear("morphed", moveNow);
}
