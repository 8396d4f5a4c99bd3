/** The chip on top: what the clock says about the discussion, and what the link is doing. It is always in sight. */

import { all, hear, one, page, tell, writingField } from "./page.js";
import { now } from "./server-time.js";
import { clock, language } from "./times.js";
import { _, plural } from "./words.js";

const TELL_AT = [10, 5, 1];
const TICK_MS = 5_000;
/** How many ticks the dot rests at most while nothing comes. */
const REST = 3;
let link = "live";
let rested = 0;
/** @type {number | undefined} */
let lastLeft;

/** @param {string | undefined} at */
const minutesTo = (at) => (at ? Math.ceil((Date.parse(at) - now()) / 60_000) : Number.NaN);

/** How long until something begins, in the roughest words that are true. @param {number} minutes @param {string} at */
function until(minutes, at) {
  if (minutes <= 0) return _("Starts now");
  if (minutes < 60) return _("Starts in {n} min", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return _("Starts in {h} h {n} min", { h: hours, n: minutes % 60 });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  return _("Starts {day}", { day: `${day.format(new Date(at))}, ${clock(new Date(at))}` });
}

/** How long it still runs, as the server says it (`regions.html`). @param {number} minutes */
function left(minutes) {
  if (minutes <= 120) return _("Live · {n} min left", { n: minutes });
  if (minutes < 2880) return _("Live · {n} h left", { n: Math.floor(minutes / 60) });
  return plural(Math.floor(minutes / 1440), "Live · 1 day left", "Live · {n} days left");
}

/** What the clock says now; undefined leaves the server's words. */
function words() {
  const { phase, startsAt, endsAt } = document.body.dataset;
  if (phase === "announced" && startsAt) return until(minutesTo(startsAt), startsAt);
  const minutes = minutesTo(endsAt);
  if (phase === "live" && minutes > 0) return left(minutes);
  if (phase === "live") return _("Live");
  return undefined;
}

/** @type {Record<string, () => string>} */
const linkWords = {
  lost: () => _("Reconnecting…"),
  checking: () => _("Checking every 20 s"),
  gone: () => _("Not connected"),
};

function show() {
  const text = linkWords[link]?.() ?? words();
  for (const chip of all("[data-region=chip]")) {
    chip.classList.toggle("is-offline", link !== "live");
    const place = one("[data-chip-words]", chip) ?? chip;
    place.dataset.words ??= place.textContent ?? "";
    const wanted = text ?? place.dataset.words;
    if (place.textContent !== wanted) place.textContent = wanted;
  }
  for (const place of all("[data-countdown]")) {
    const { startsAt = "" } = document.body.dataset;
    place.textContent = until(minutesTo(startsAt), startsAt);
  }
}

function tick() {
  show();
  const minutes = page.phase === "live" ? minutesTo(document.body.dataset.endsAt) : undefined;
  // A tab in the background ticks once a minute, and may step over the very minute.
  const isDue = (/** @type {number} */ at) =>
    lastLeft !== undefined && minutes !== undefined && lastLeft > at && minutes <= at;
  const tellAt = writingField()?.matches(":focus") ? TELL_AT.slice(1) : TELL_AT;
  if (minutes && minutes > 0 && tellAt.some(isDue))
    tell("announce", plural(minutes, "1 minute left", "{n} minutes left"));
  lastLeft = minutes;
}

/** The dot breathes once when something comes, and now and then to say that the line holds; in between nothing is drawn. */
function breathe() {
  rested = 0;
  if (link === "live") for (const chip of all(".chip-live")) chip.classList.add("breathes");
}

export function start() {
  tick();
  setInterval(() => {
    tick();
    rested += 1;
    if (rested >= REST) breathe();
  }, TICK_MS);
  hear("event", breathe);
  addEventListener("animationend", ({ animationName, target }) => {
    if (animationName === "breathe") /** @type {Element} */ (target).classList.remove("breathes");
  });
  hear("link", (state) => {
    link = state;
    document.body.dataset.link = state;
    show();
  });
  hear("morphed", show);
  hear("status", tick);
}
