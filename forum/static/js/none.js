/**
 * Marks the questions that show no comment yet, as the server marks them on a page it makes. Classes, because `:has(.comment)`
 * in the style sheet made the browser look through all comments of a page for each new one: 20 ms with 800 of them.
 */

import { all, hear, one } from "./page.js";

/** @param {Element} section */
function mark(section) {
  const isEmpty = one(".answers > .comment", section) === null;
  const showsSome = !isEmpty && one(".answers > .comment:not([hidden])", section) !== null;
  section.classList.toggle("has-none", isEmpty);
  section.classList.toggle("shows-none", !showsSome && one(".show-earlier", section) !== null);
}

/** @param {MutationRecord[]} changes */
function markChanged(changes) {
  const places = changes.map(({ target }) => /** @type {Element} */ (target));
  const sections = new Set(places.map((place) => place.closest("section.question")));
  for (const section of sections) {
    if (section) mark(section);
    // What lies in no section holds them: one of them may be new.
    else all("main section.question").forEach(mark);
  }
}

export function start() {
  const main = one("main");
  if (!main) return;
  const observer = new MutationObserver(markChanged);
  observer.observe(main, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  // Whoever keeps the reading place measures once the page has its new look.
  hear("changed", () => markChanged(observer.takeRecords()));
}
