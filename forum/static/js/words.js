/** Numbers and texts that scripts compose. The patterns come from the page (`data-one`, `data-other` …), so it can be translated. */

import { all, one } from "./page.js";

const rules = new Intl.PluralRules(document.documentElement.lang || "en");

/**
 * Write counts into every place that shows them, e.g. `count({ "answers:2": 19 })`; all in one look through the page.
 * @param {Record<string, number>} numbers
 */
export function count(numbers) {
  for (const place of all("[data-count]")) {
    const number = numbers[place.dataset.count ?? ""];
    if (number !== undefined) write(place, number);
  }
}

/**
 * Say `number` in an element by its own patterns: `data-none`, and those of the language's numbers in CLDR, `data-one`
 * and `data-other` for English (where {n} is the number).
 * @param {HTMLElement} place
 * @param {number} number
 */
export function write(place, number) {
  const { none, other } = place.dataset;
  const pattern = (number === 0 && none) || place.dataset[rules.select(number)] || other || "{n}";
  const text = pattern.replace("{n}", String(number));
  if (place.textContent !== text) place.textContent = text;
}

/** What scripts say in the page's language, by what they say in English; an English page brings no table. */
/** @type {Record<string, string | Record<string, string>>} */
const table = JSON.parse(one("#words")?.textContent ?? "{}");

/** @param {string} text @param {Record<string, string | number>} values */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (braces, name) => String(values[name] ?? braces));

/**
 * A sentence in the page's language. What stands in braces is put in: `_("Switch to {where}", { where: "Q2" })`.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export const _ = (text, values = {}) => {
  const said = table[text];
  return fill(typeof said === "string" ? said : text, values);
};

/**
 * @param {number} n
 * @param {string} single
 * @param {string} many with {n} for the number; in other languages there may be more forms, which the table has
 * @param {Record<string, string | number>} [values]
 */
export const plural = (n, single, many, values = {}) => {
  const forms = table[single];
  const said = typeof forms === "object" ? (forms[rules.select(n)] ?? forms.other ?? many) : n === 1 ? single : many;
  return fill(said, { n, ...values });
};

/** The short name of a question: "Q2"; general remarks have none. @param {string | number | null | undefined} question */
export const label = (question) => (question ? `Q${question}` : "");
