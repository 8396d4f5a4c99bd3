/** What everybody in a rehearsal reads when it is thrown away under their open page: that the event goes on. */

import { link, strong } from "./notice.js";
import { _ } from "./words.js";

/** @returns {(Node | string)[] | null} null where the page is no rehearsal's */
export function rehearsalOver() {
  const { rehearsal } = document.body.dataset;
  if (rehearsal === undefined) return null;
  const words = [strong(_("The rehearsal is over and thrown away.")), " "];
  const kept = _("Your text is kept here, so you can copy it.");
  return rehearsal ? [...words, kept, " ", link(_("To the event"), rehearsal)] : [...words, kept];
}
