/** The one line above the field where the page speaks about writing. Of several messages the most pressing is shown. */

import { make, one } from "./page.js";

/** From the most pressing to the least. */
const ORDER = ["muted", "refused", "length", "question", "phase", "mention", "posted", "earlier", "link"];
/** @type {Map<string, {parts: (Node | string)[], tone: string}>} */
const messages = new Map();
const told = one("[data-notice][data-slot=muted]")?.textContent;
if (told) messages.set("muted", { parts: [told], tone: "bad" });

/**
 * @param {string} slot one of ORDER
 * @param {(Node | string)[]} parts
 * @param {"plain" | "warn" | "bad"} [tone]
 */
export function say(slot, parts, tone = "plain") {
  messages.set(slot, { parts, tone });
  show();
}

/** @param {...string} slots */
export function unsay(...slots) {
  for (const slot of slots) messages.delete(slot);
  show();
}

function show() {
  const place = one("[data-notice]");
  if (!place) return;
  const slot = ORDER.find((name) => messages.has(name));
  const message = slot && messages.get(slot);
  place.hidden = !message;
  place.dataset.tone = message ? message.tone : "plain";
  place.dataset.slot = slot ?? "";
  place.replaceChildren(...(message ? message.parts : []));
}

/** @param {string} words @param {() => void} act */
export function button(words, act) {
  const made = make("button", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} words @param {string} href */
export const link = (words, href) => make("a", { href }, words);

/** @param {string} words */
export const strong = (words) => make("b", {}, words);
