/**
 * The console or green room that is no longer there for whoever has it open: the session has ended, or the seat. It says
 * so at once, keeps what is typed, and stops asking until asking can help again.
 */

import { one } from "./page.js";
import { rehearsalOver } from "./rehearsal.js";
import { explain, refusedHere } from "./send.js";
import { _ } from "./words.js";

/** What is said of it; null while the page is open to them. @type {(Node | string)[] | null} */
let said = null;

export const isShut = () => said !== null;

/** @param {(Node | string)[]} words */
function become(words) {
  said = words;
  const chip = one("[data-link-chip]");
  chip?.toggleAttribute("data-lost", true);
  // Its time left would stand still; the fresh page brings it back.
  chip?.replaceChildren(_("Not connected"));
  return words;
}

/** What to say where a rehearsal has been thrown away; null where it is none. */
function endRehearsal() {
  const words = rehearsalOver();
  return words && become(words);
}

/**
 * Find out why the page is not there any more.
 * @returns {Promise<(Node | string)[] | null>} what to say; null where nothing is known, so that it is asked again
 */
export async function shut() {
  const error = await refusedHere();
  if (!error) return null;
  if (error.code !== "not_found") return become(explain(error));
  const gone = _("This discussion is no longer open to you. Your text is kept here, so you can copy it.");
  return endRehearsal() ?? become([gone]);
}

/** It is there again. @returns {boolean} whether it was said that it is not */
export function reopen() {
  const wasShut = isShut();
  said = null;
  return wasShut;
}
