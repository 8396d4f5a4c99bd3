/** What members press beside what they read (helpful, a vote): sent so that it counts once, refused where it stands. */

import { all, make, one } from "./page.js";
import { keepPlace } from "./place.js";
import { explain, post } from "./send.js";
import { _ } from "./words.js";

const AGAIN_AFTER = 1_000;
const READ_WITHIN = 12_000;

/**
 * Send a press for which twice is once. Where no answer comes it is sent again: it may have been counted, and the answer lost.
 * @param {string} address @param {Record<string, string>} [fields]
 */
export async function send(address, fields = {}) {
  const answer = await post(address, fields);
  if (answer.status) return answer;
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  return post(address, fields);
}

/** Nothing was typed here, so these refusals do not say that it is kept. @type {Record<string, string>} */
const INSTEAD = {
  sign_in: _("Not counted: you are not signed in any more."),
  csrf: _("Not counted: somebody else is signed in here by now. Load the page again."),
  confirm_address: _("Not counted: confirm your email address first, by the link that we mailed you."),
  closed: _("Not counted: this discussion is over."),
  fault: _("Not counted: something went wrong. Press again."),
};

/** @param {import("./send.js").Answer} answer @returns {(Node | string)[]} what to say */
export function why({ status, error }) {
  if (!status) return [_("The server does not answer, so it may not have been counted. Press again.")];
  const words = INSTEAD[error?.code ?? "fault"];
  return explain(error && words ? { code: error.code, message: words } : error);
}

/** Say at the end of `place` why it was not counted, for as long as somebody reads it. @param {Element | null} place @param {(Node | string)[]} words */
export function refuse(place, words) {
  const said = make("p", { class: "press-refused", role: "alert" });
  keepPlace(() => {
    unsay();
    place?.append(said);
    said.append(...words);
  });
  // A link that is being reached for does not go away.
  if (!one("a", said)) setTimeout(() => keepPlace(() => said.remove()), READ_WITHIN);
}

export function unsay() {
  for (const old of all(".press-refused")) old.remove();
}
