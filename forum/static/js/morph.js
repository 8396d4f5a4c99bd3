/** Makes an element of the page equal to a fresh one from the server, keeping focus, selection and what readers opened. */

import { Idiomorph } from "../vendor/idiomorph.esm.js";
import { all, page, parse, tell } from "./page.js";

/** Attributes that belong to the reader and not to the server. */
const READERS = { DETAILS: ["open"], LI: ["hidden", "tabindex"], H2: ["tabindex"] };

const callbacks = {
  /** Why a press was refused is said by the page, for as long as somebody reads it. @param {Node} node */
  beforeNodeRemoved: (node) => !(node instanceof HTMLElement && node.matches(".press-refused")),
  /** @param {string} name @param {Element} node */
  beforeAttributeUpdated: (name, node) =>
    !(/** @type {Record<string, string[]>} */ (READERS)[node.tagName]?.includes(name)),
};

/**
 * @param {Element} old
 * @param {Element} fresh is used up
 */
export function morph(old, fresh) {
  tell("prepare", fresh);
  Idiomorph.morph(old, fresh, { morphStyle: "outerHTML", restoreFocus: true, callbacks });
}

/**
 * Put the pushed regions in their places. Three of them belong to modules that know what must not be disturbed.
 * @param {Record<string, string>} regions
 */
export function morphRegions(regions) {
  for (const [name, html] of Object.entries(regions)) {
    const fresh = parse(html);
    if (fresh) morphRegion(name, fresh);
  }
  tell("morphed");
}

/** @param {string} name @param {HTMLElement} fresh */
export function morphRegion(name, fresh) {
  if (["recent", "composer-options", "wishes"].includes(name)) {
    tell(name, fresh);
    return;
  }
  for (const place of all(`[data-region="${name}"]`)) morph(place, /** @type {HTMLElement} */ (fresh.cloneNode(true)));
}

/** Take a new status of the discussion into the page. @param {import("./page.js").Status} status */
export function takeStatus(status) {
  const data = document.body.dataset;
  const before = page.phase;
  data.phase = status.phase;
  if (status.starts_at) data.startsAt = status.starts_at;
  if (status.ends_at) data.endsAt = status.ends_at;
  if (status.late_until) data.late = status.late_until;
  else delete data.late;
  if (status.slow_seconds !== undefined) data.slowSeconds = String(status.slow_seconds || "");
  if (status.open_question !== undefined) data.openQuestion = String(status.open_question ?? "");
  tell("status", { ...status, before });
}
