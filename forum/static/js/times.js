/**
 * Every `<time>` in the reader's own zone, and the label beside it; the event's time stays in its title. The browser
 * knows daylight saving.
 */

import { all, hear, one } from "./page.js";

const { lang } = document.documentElement;
/** The server writes English dates as 23 November 2026; "en" alone would make American ones of them. Digits are the server's in every language. */
export const language = lang === "en" ? "en-GB" : lang ? `${lang}-u-nu-latn` : undefined;
/** Also with the zone's short name, which the server says after its clocks were changed. */
const CLOCK = /^\d{1,2}:\d{2}(?: \S+)?$/;

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat(language, { hourCycle: "h23", ...options });
const formats = {
  clock: format({ hour: "2-digit", minute: "2-digit" }),
  day: format({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  short: format({ day: "numeric", month: "short" }),
  dated: format({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  opening: format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  moment: format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  zone: format({ timeZoneName: "short" }),
};

/** @param {Date} date */
export const clock = (date) => formats.clock.format(date);

/** With the day where more than a day is meant, or another one, as the server says it (`web/times.py`). @param {Date} date */
export const stamp = (date) => (runsForDays() || !isOnItsDay(date) ? formats.moment : formats.clock).format(date);

/** Whether this discussion runs for longer than a day. */
export function runsForDays() {
  const { startsAt, endsAt } = document.body.dataset;
  return Date.parse(endsAt ?? "") - Date.parse(startsAt ?? "") > 86_400_000;
}

/** Whether it is the day on which the discussion begins, in its own zone. @param {Date} date */
function isOnItsDay(date) {
  const { startsAt, zone: timeZone } = document.body.dataset;
  const begin = new Date(startsAt ?? "");
  if (Number.isNaN(begin.getTime())) return true;
  try {
    const [day, first] = [date, begin].map((one) => one.toLocaleDateString("en", { timeZone }));
    return day === first;
  } catch {
    // The server's list of zones may be newer than the browser's.
    return true;
  }
}

/** The short name of the reader's zone on that day, e.g. "CET". @param {Date} date */
export const zoneName = (date) =>
  formats.zone.formatToParts(date).find((part) => part.type === "timeZoneName")?.value ?? "";

/**
 * How a time is to be said: by its `data-time`, else by how the server said it. A moment loses the year that the server
 * said only where it is this year's.
 * @param {HTMLElement} place @param {Date} date
 */
function kindOf(place, date) {
  const text = place.textContent?.trim() ?? "";
  const kind = place.dataset.time ?? (CLOCK.test(text) ? "clock" : /\d:\d\d/.test(text) ? "moment" : "day");
  const isOld = kind === "moment" && /\d{4}/.test(text) && date.getFullYear() !== new Date().getFullYear();
  return isOld ? "dated" : kind;
}

/** @param {HTMLElement} place */
function say(place) {
  const at = place.getAttribute("datetime") ?? "";
  const date = new Date(at);
  // A transcript is cited and printed: its times are those of the event. So is a date without an hour.
  if (document.body.dataset.page === "transcript") return;
  if (!at.includes("T") || Number.isNaN(date.getTime()) || place.dataset.time === "event") return;
  if (place.dataset.said === at) return;
  const kind = kindOf(place, date);
  const text = /** @type {Record<string, Intl.DateTimeFormat>} */ (formats)[kind]?.format(date) ?? clock(date);
  const original = place.textContent?.trim() ?? "";
  if (!place.title && original !== text) {
    const there = zoneOf(place);
    place.title = there ? `${original} ${there}` : original;
  }
  place.textContent = text;
  place.dataset.said = at;
}

/** What Chromium still calls by the names of before (CLDR keeps them), where the city itself has another name now. */
const RENAMED = /** @type {Record<string, string>} */ ({
  "Africa/Asmera": "Africa/Asmara",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
});
const { timeZone: reported } = Intl.DateTimeFormat().resolvedOptions();
const zone = RENAMED[reported] ?? reported;
const city = zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;

/** The zone in which the server said a time, if it says which: that of a part of the page, else of all of it. @param {HTMLElement} place */
const zoneOf = (place) =>
  /** @type {HTMLElement | null} */ (place.closest("[data-zone]"))?.dataset.zone ?? document.body.dataset.zone;

/** Whether the clocks of both zones show the same at that moment. @param {Date} date @param {string} there */
function agree(date, there) {
  try {
    // An older browser may not know its own zone by the new name, and needs none.
    const [ours, theirs] = [undefined, there].map((timeZone) => date.toLocaleString("en", { timeZone }));
    return ours === theirs;
  } catch {
    // The server's list of zones may be newer than the browser's.
    return false;
  }
}

/** The event's own time beside the reader's, where the two differ. @param {HTMLElement} place */
function compare(place) {
  const date = new Date(one("time", place)?.getAttribute("datetime") ?? "");
  const there = zoneOf(place);
  place.hidden = there === undefined || agree(date, there);
}

/** @param {ParentNode} root */
export function localise(root) {
  if (root instanceof HTMLElement && root.matches("time")) say(root);
  for (const place of all("time[datetime]", root)) say(place);
  for (const place of all("[data-my-zone]", root)) place.textContent = city;
  for (const place of all(".event-time", root)) compare(place);
}

/** Whoever has told us no zone finds their own in the field, if the server knows it by this name. */
function fillZones() {
  for (const form of all("form[data-asks-zone]")) {
    const field = /** @type {HTMLInputElement | null} */ (one("input[list=zones]", form));
    const isKnown = one(`datalist option[value="${CSS.escape(zone)}"]`, form) !== null;
    if (field && isKnown && field.value === field.defaultValue) field.value = zone;
  }
}

export function start() {
  localise(document);
  fillZones();
  hear("prepare", localise);
}
