/** Shows a past discussion as it unfolded: at its own pace or faster, with a line to move in. Reads nothing but the page. */

import { language } from "./times.js";
import { _ } from "./words.js";

const list = /** @type {HTMLElement | null} */ (document.getElementById("replay"));
const bar = /** @type {HTMLInputElement | null} */ (document.getElementById("replay-at"));
const clock = document.getElementById("replay-clock");
const play = /** @type {HTMLButtonElement | null} */ (document.getElementById("replay-play"));
const speed = /** @type {HTMLSelectElement | null} */ (document.getElementById("replay-speed"));

/** @type {{at: number, item: HTMLElement}[]} */
let moments = [];
let at = 0;
let last = 0;
let isPlaying = false;

const begin = Number(list?.dataset.begin);
const end = Number(list?.dataset.end);
// As the server writes the times of the comments: on the clock of the event; with the day where there are several.
const timeZone = list?.dataset.zone;
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeZone });
const time = new Intl.DateTimeFormat(language, {
  dateStyle: begin < end && day.format(begin) !== day.format(end) ? "medium" : undefined,
  timeStyle: "medium",
  hourCycle: "h23",
  timeZone,
});

function show() {
  let newest = null;
  for (const { at: when, item } of moments) {
    const isThere = when <= at;
    if (item.hidden === isThere) {
      item.hidden = !isThere;
      if (isThere) newest = item;
    }
  }
  if (newest && isPlaying) newest.scrollIntoView({ block: "nearest" });
  if (bar) bar.value = String(Math.round((1000 * (at - begin)) / (end - begin)));
  const said = time.format(new Date(at));
  if (clock && clock.textContent !== said) clock.textContent = said;
  bar?.setAttribute("aria-valuetext", said);
}

/** @param {boolean} wanted */
function set(wanted) {
  isPlaying = wanted && at < end;
  last = performance.now();
  if (play) play.textContent = isPlaying ? _("Pause") : _("Play");
}

function tick() {
  const now = performance.now();
  if (isPlaying) {
    at = Math.min(end, at + (now - last) * Number(speed?.value ?? 10));
    if (at >= end) set(false);
    show();
  }
  last = now;
}

if (list && begin < end) {
  moments = [...list.querySelectorAll("[data-replay]")].map((item) => ({
    at: Number(/** @type {HTMLElement} */ (item).dataset.replay),
    item: /** @type {HTMLElement} */ (item),
  }));
  at = begin;
  for (const part of document.querySelectorAll("[data-script-only]")) part.removeAttribute("hidden");
  show();
  play?.addEventListener("click", () => {
    if (at >= end) at = begin;
    set(!isPlaying);
    show();
  });
  bar?.addEventListener("input", () => {
    at = begin + (Number(bar.value) * (end - begin)) / 1000;
    show();
  });
  setInterval(tick, 200);
}
