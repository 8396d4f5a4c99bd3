/**
 * The console or green room that is no longer there for whoever has it open: the session has ended, or the seat. It says
 * so at once, keeps what is typed, and stops asking until asking can help again.
 */

import { one } from "./page.js";
import { rehearsalOver } from "./rehearsal.js";
import { explain, refusedHere } from "./send.js";
import { _ } from "./words.js";

let hasEnded = false;

export const isShut = () => hasEnded;

/** @param {(Node | string)[]} words what to say of it */
function become(words) {
  hasEnded = true;
  const chip = one("[data-link-chip]");
  chip?.toggleAttribute("data-lost", true);
  // Its time left would stand still; the fresh page brings it back.
  chip?.replaceChildren(_("Not connected"));
  return words;
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
  return become(rehearsalOver() ?? [gone]);
}

/** It is there again. @returns {boolean} whether it was said that it is not */
export function reopen() {
  const wasShut = hasEnded;
  hasEnded = false;
  return wasShut;
}
