/** On a page without a composer (the discussion is closed) what was typed is still there, to be copied. */

import { forget, restore } from "./draft.js";
import { hear, make, one } from "./page.js";
import { fail } from "./pending.js";
import { _ } from "./words.js";

export function start() {
  hear("outbox refused", ({ entry, error }) => fail(entry, error?.message));
  const draft = restore();
  const main = one("main");
  if (!draft?.body.trim() || !main) return;
  const text = make("textarea", { readonly: "", rows: "6", dir: "auto", "aria-labelledby": "kept-title" });
  text.value = draft.body;
  const away = make("button", { type: "button" }, _("Throw it away"));
  const section = make(
    "section",
    { class: "kept-text", "data-kept": "" },
    make("h2", { id: "kept-title" }, _("What you wrote is kept on this device")),
    make("p", {}, _("It was not posted before the discussion closed. You can copy it.")),
    text,
    away,
  );
  away.addEventListener("click", () => {
    forget(draft);
    section.remove();
  });
  main.append(section);
}
