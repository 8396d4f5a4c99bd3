/** Shows what a comment will look like, rendered by the server as it would be when posted. */

import { say } from "./notice.js";
import { hear, make, one, page, tell } from "./page.js";
import { explain, post } from "./send.js";
import { _ } from "./words.js";

/** @param {HTMLFormElement} form */
export function start(form) {
  const button = /** @type {HTMLButtonElement | null} */ (one("button[name=preview]", form));
  const field = /** @type {HTMLTextAreaElement | null} */ (one("textarea", form));
  if (!button || !field) return;
  const close = () => {
    one("[data-preview]", form)?.remove();
    button.setAttribute("aria-expanded", "false");
  };
  close();
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (one("[data-preview]", form) || field.value.trim() === "") {
      close();
      return;
    }
    const body = field.value;
    const { ok, data, error } = await post(page.at("preview"), { body });
    if (field.value !== body) return; // sent off, or written on
    if (!ok) {
      say("refused", explain(error), "warn");
      return;
    }
    close();
    const text = make("div", { class: "comment-text", dir: "auto" });
    // Rendered and cleaned by our own server, like every comment.
    text.innerHTML = data.html;
    const box = make("div", { class: "composer-preview", "data-preview": "" }, make("small", {}, _("Preview")), text);
    (field.closest("[data-row], .composer-row") ?? field).before(box);
    button.setAttribute("aria-expanded", "true");
    tell("say", _("Preview is above the field"));
  });
  field.addEventListener("input", close);
  hear("emptied", close);
}
