/** A form that cannot leave this device stays where it is: the browser's error page would stand in its place. */

import { make, one } from "./page.js";
import { _ } from "./words.js";

/** Keep the forms inside `main` on the page while the device itself knows that it has no network. @param {HTMLElement} main */
export function stayOffline(main) {
  // On its way down: nobody else hears of it, and so nothing is taken for sent.
  main.addEventListener("submit", refuse, true);
}

/** @param {SubmitEvent} event */
function refuse(event) {
  const { target: form, submitter } = event;
  if (!(form instanceof HTMLFormElement)) return;
  one(".form-offline", form)?.remove();
  if (navigator.onLine) return;
  event.preventDefault();
  event.stopPropagation();
  const said = make("p", { class: "form-offline", role: "alert" });
  const beside = submitter?.closest("p, .form-buttons");
  if (beside && form.contains(beside)) beside.after(said);
  else form.append(said);
  // Only what changes inside an alert is read out everywhere.
  said.textContent = _("You are offline, so nothing was sent. Press again when the connection is back.");
}
