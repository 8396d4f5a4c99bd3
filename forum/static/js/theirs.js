/** What somebody else has put where one writes, from a refusal that is `stale`: it is shown, and the own text stays. */

import { make, one, TYPED } from "./page.js";
import { keep } from "./typed.js";
import { _ } from "./words.js";

/**
 * Show beside a text what stands there by now; sent once more, it takes the place of that.
 * @param {HTMLFormElement} form
 * @param {import("./send.js").Refusal} error
 */
export function showTheirs(form, { theirs = {}, seen = "" }) {
  const mark = /** @type {HTMLInputElement | null} */ (one("input[name=seen]", form));
  if (mark) mark.value = seen;
  one("[data-theirs]", form)?.remove();
  const words = Object.values(theirs).join("\n") || _("Nothing: it was taken away.");
  const quote = make("blockquote", { class: "as-typed", dir: "auto" }, words);
  const box = make("div", { "data-theirs": "" }, make("p", {}, _("What stands there now")), quote);
  (one("textarea", form) ?? form.lastElementChild)?.after(box);
  for (const [name, said] of Object.entries(theirs)) {
    const field = /** @type {HTMLTextAreaElement | null} */ (form.elements.namedItem(name));
    // It is kept as what was typed over theirs, or neither Esc nor a load of the page would bring it back.
    if (field?.matches?.(TYPED)) {
      field.defaultValue = said;
      keep(field);
    }
  }
}
