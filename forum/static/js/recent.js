/** The list of the newest comments: it can be paused, show only the panel, and be refreshed by hand. */

import { morph } from "./morph.js";
import { all, hear, one, page, parse, tell } from "./page.js";
import { _ } from "./words.js";

const MOST = 12;
const FRESH_FOR = 60_000;
let isPaused = false;
let isMissing = 0;

const list = () => one("#recent .recent");

/** @param {HTMLElement} row */
function freshen(row) {
  row.classList.add("fresh");
  setTimeout(() => row.classList.remove("fresh"), FRESH_FOR);
}

/** @param {import("./page.js").LogEvent} event */
function take(event) {
  const rows = list();
  if (!rows || !event.kind.startsWith("comment.")) return;
  const old = one(`[data-recent="${event.id}"]`, rows);
  const row = event.recent ? parse(event.recent) : null;
  const isGone = event.state !== undefined && event.state !== "published";
  if (isGone) old?.remove();
  if (isGone && old && !isPaused) void refresh();
  if (!row || isGone) return;
  if (old) {
    morph(old, row);
  } else if (isPaused) {
    isMissing += event.kind === "comment.posted" ? 1 : 0;
    drawPause();
  } else {
    add(rows, row, event.kind === "comment.posted");
  }
}

/** @param {HTMLElement} rows @param {HTMLElement} row @param {boolean} isNew */
function add(rows, row, isNew) {
  const id = Number(row.dataset.recent);
  const next = all("[data-recent]", rows).find((other) => Number(other.dataset.recent) < id) ?? null;
  if (!next && rows.childElementCount >= MOST) return;
  tell("prepare", row);
  rows.insertBefore(row, next);
  if (isNew) freshen(row);
  for (const extra of all("[data-recent]", rows).slice(MOST)) extra.remove();
}

/** Fetch the list as it is now. */
export async function refresh() {
  const response = await fetch(page.at("recent"), { headers: { Accept: "text/html" } }).catch(() => null);
  const fresh = response?.ok ? parse(await response.text()) : null;
  if (fresh) replace(fresh);
  return fresh !== null;
}

/** @param {HTMLElement} fresh the list, or what holds it */
function replace(fresh) {
  const rows = list();
  const theirs = fresh.matches("ol") ? fresh : one("ol", fresh);
  if (!rows || !theirs) return;
  const known = new Set(all("[data-recent]", rows).map((row) => row.dataset.recent));
  morph(rows, theirs);
  if (known.size)
    for (const row of all("[data-recent]", list() ?? rows)) if (!known.has(row.dataset.recent)) freshen(row);
}

function drawPause() {
  for (const pause of all("[data-recent-pause]")) {
    pause.setAttribute("aria-pressed", String(isPaused));
    pause.textContent =
      isPaused && isMissing ? _("Go on ({n} new)", { n: isMissing }) : isPaused ? _("Go on") : _("Pause");
  }
}

export function start() {
  hear("event", take);
  hear("recent", (fresh) => !isPaused && replace(fresh));
  document.addEventListener("click", async (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = target.closest?.("[data-recent-pause], [data-recent-filter], [data-recent-refresh]");
    if (!(button instanceof HTMLElement)) return;
    event.preventDefault();
    if (button.matches("[data-recent-pause]")) {
      isPaused = !isPaused;
      isMissing = 0;
      document.body.toggleAttribute("data-paused", isPaused);
      if (!isPaused) await refresh();
      drawPause();
    } else if (button.matches("[data-recent-filter]")) {
      const isOnlyPanel = document.body.toggleAttribute("data-only-panel");
      button.setAttribute("aria-pressed", String(isOnlyPanel));
    } else {
      const isDone = await refresh();
      tell("say", isDone ? _("Recent comments are up to date") : _("The list could not be fetched. Try again."));
    }
  });
}
