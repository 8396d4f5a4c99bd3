/** Numbers and texts that scripts compose. The patterns come from the page (`data-one`, `data-other`), so it can be translated. */

import { all } from "./page.js";

/**
 * Write a count into every place that shows it, e.g. `count("answers:2", 19)`.
 * @param {string} name
 * @param {number} number
 * @param {ParentNode} [root]
 */
export function count(name, number, root) {
  for (const place of all(`[data-count="${name}"]`, root)) write(place, number);
}

/**
 * Say `number` in an element by its own patterns: `data-none`, `data-one` and `data-other` (where {n} is the number).
 * @param {HTMLElement} place
 * @param {number} number
 */
export function write(place, number) {
  const { none, one, other } = place.dataset;
  const pattern = (number === 0 && none) || (number === 1 && one) || other || "{n}";
  const text = pattern.replace("{n}", String(number));
  if (place.textContent !== text) place.textContent = text;
}

/** @param {number} number @param {string} one @param {string} other */
export const plural = (number, one, other) => `${number} ${number === 1 ? one : other}`;

/** The short name of a question: "Q2"; general remarks have none. @param {string | number | null | undefined} question */
export const label = (question) => (question ? `Q${question}` : "");
