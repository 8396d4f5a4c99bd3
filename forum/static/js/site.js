/** Every other page: times in the reader's zone, and text fields that outlive a reload and a line that is gone. */

import { stayOffline } from "./offline.js";
import { one } from "./page.js";
import * as times from "./times.js";
import { resumeSent } from "./typed.js";

times.start();
const main = one("main");
if (main) {
  stayOffline(main);
  resumeSent(main);
}

// A link that is shown once can be copied with one press.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!(button instanceof HTMLElement) || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.copied ?? "";
  });
}
