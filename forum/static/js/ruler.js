/** The ruler of the hour: moves "now" along, and lets a bar grow when an answer comes. */

import { all, hear, one } from "./page.js";
import { now } from "./server-time.js";
import { clock } from "./times.js";

/** Python rounds a half to the even neighbour, and so must this, to draw the bars that `live/scene.py` draws. @param {number} x */
function roundEven(x) {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) return floor % 2 ? floor + 1 : floor;
  return rest > 0.5 ? floor + 1 : floor;
}

/** The bars from `first` to before `last` as the data of one SVG path (600 × 32). @param {number[]} counts @param {number} first @param {number} last */
function draw(counts, first, last) {
  const highest = Math.max(...counts);
  let path = "";
  for (let i = first; i < Math.min(last, counts.length); i++) {
    if (!counts[i]) continue;
    const height = Math.max(3, roundEven((30 * counts[i]) / highest));
    path += `M${i * 10 + 1} 32v-${height}h7v${height}z`;
  }
  return path;
}

/** @param {import("./page.js").LogEvent} event */
function grow({ bar }) {
  if (!bar) return;
  for (const place of all("[data-bars]")) {
    const counts = (place.dataset.bars ?? "").split(",").map(Number);
    const [index, count] = bar;
    if (!(index in counts) || counts[index] === count) continue;
    counts[index] = count;
    place.dataset.bars = counts.join(",");
    const hot = Number(place.dataset.hot ?? counts.length);
    one(".ruler-past", place)?.setAttribute("d", draw(counts, 0, hot));
    one(".ruler-hot", place)?.setAttribute("d", draw(counts, hot, counts.length));
  }
}

function moveNow() {
  const { startsAt, endsAt } = document.body.dataset;
  const from = Date.parse(startsAt ?? "");
  const share = (now() - from) / (Date.parse(endsAt ?? "") - from);
  if (!(share >= 0)) return;
  for (const mark of all("[data-region=ruler] [data-now]")) {
    for (const name of [...mark.classList]) if (name.startsWith("at-")) mark.classList.remove(name);
    const place = roundEven(100 * Math.min(share, 1));
    mark.classList.add(`at-${place}`);
    mark.classList.toggle("ruler-left", place > 80);
    const time = one("time", mark);
    if (time) time.textContent = clock(new Date(now()));
  }
  for (const ruler of all("[data-region=ruler]")) fit(ruler);
}

/** A label that gives way is read out all the same, and shown to who points at its tick. @param {HTMLElement} word @param {boolean} gives */
function giveWay(word, gives) {
  if (word.matches("time")) word.hidden = gives;
  else word.classList.toggle("ruler-bare", gives);
}

/** Let no word stand on another: a time gives way first, then a label; "now" always stays. @param {HTMLElement} ruler */
function fit(ruler) {
  const words = all("a, b, li:not([data-now]) > time", ruler);
  for (const word of words) giveWay(word, true);
  const mark = one("[data-now]", ruler);
  /** @type {Map<Element | null, DOMRect>} */
  const taken = new Map(mark ? [[mark, mark.getBoundingClientRect()]] : []);
  // Labels before times, and from the end on: the open question's is the last.
  for (const word of words.reverse().sort((a, b) => Number(!b.matches("time")) - Number(!a.matches("time")))) {
    const tick = word.closest("li");
    giveWay(word, false);
    // The whole tick is measured: a time that shows pushes the label that lies before a late tick.
    const own = tick?.getBoundingClientRect();
    if (!own?.width) continue;
    const others = [...taken].filter(([other]) => other !== tick).map(([, box]) => box);
    const isTaken = others.some((other) => own.left < other.right - 3 && other.left < own.right - 3);
    giveWay(word, isTaken);
    if (!isTaken) taken.set(tick, own);
  }
}

export function start() {
  moveNow();
  setInterval(moveNow, 15_000);
  hear("morphed", moveNow);
  addEventListener("resize", moveNow);
  hear("event", grow);
}
