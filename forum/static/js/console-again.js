/** What a host pressed and no answer came of: it is sent once more, and then said what is not known of it. */

import { post } from "./send.js";
import { _ } from "./words.js";

/** Try so long: what was pressed before that, its host no longer expects to happen. */
const TRY_FOR = 20_000;
const TRY_AGAIN_AFTER = 1_500;

const TRYING = _("Not sent yet. Trying again…");
export const UNSURE = _(
  "The server cannot be reached. Whether what you pressed was done is not known; what you typed stays here.",
);
const BACK = _("The connection is back. See whether what you pressed last was done; if not, press it again.");

let isUnsure = false;

/**
 * Send a form, and the same again while no answer comes, for it may have arrived. A key in it, or the mark of what was
 * seen, makes the second harmless; pressed again on the page that had changed by then, "+10 min" made twenty.
 * @param {string} address
 * @param {FormData} fields
 * @param {(words: string, isBad: boolean) => void} say
 */
export async function sendOrTryAgain(address, fields, say) {
  const until = Date.now() + TRY_FOR;
  let answer = await post(address, fields);
  const isLost = !answer.status;
  while (!answer.status && Date.now() < until) {
    say(TRYING, true);
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_AFTER));
    answer = await post(address, fields);
  }
  // What was to be removed is gone by then, and "there is nothing at this address" would say that nothing was done.
  isUnsure = !answer.status || (isLost && answer.status === 404);
  return answer;
}

/** Take what there is to say of such a press once the server answers again; "" for nothing. */
export function leftToSay() {
  const words = isUnsure ? BACK : "";
  isUnsure = false;
  return words;
}
