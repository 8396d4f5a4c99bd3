/**
 * The green room beside what the console does: held answers are kept while they are typed and released with one key, and
 * each message gets a key of its own, so that sending it again never says it twice.
 */

import { isCommand } from "./commands.js";
import { all, hear, make, one } from "./page.js";
import { explain, post } from "./send.js";
import { forgetTyped } from "./typed.js";

const SAVE_AFTER = 1_000;

/** @type {Map<HTMLFormElement, ReturnType<typeof setTimeout> | undefined>} */
const unsaved = new Map();
/** One after the other: what is on its way would look like the work of another window to the next. */
const saving = new Set();

/** `randomUUID` exists only on https and localhost. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {HTMLFormElement} form */
async function save(form) {
  clearTimeout(unsaved.get(form));
  if (saving.has(form)) {
    saveSoon(form);
    return;
  }
  unsaved.delete(form);
  const sent = new FormData(form);
  saving.add(form);
  const { ok, data, error } = await post(form.action, sent);
  saving.delete(form);
  mark(form, (ok ? data.seen : error?.seen) ?? String(sent.get("seen") ?? ""));
  const field = /** @type {HTMLTextAreaElement | null} */ (one("textarea", form));
  if (ok && field?.value === sent.get(field?.name ?? "")) forgetTyped(form);
  const place = one("[data-hold-said]", form);
  const theirs = error?.theirs
    ? [make("blockquote", { class: "as-typed", dir: "auto" }, ...Object.values(error.theirs))]
    : [];
  place?.replaceChildren(...(ok ? [data.notice] : [...explain(error), ...theirs]));
  // It waits for another key, or until the page is left.
  if (!ok && !unsaved.has(form)) unsaved.set(form, undefined);
}

/** What this page has seen of what is kept. @param {HTMLFormElement} form @param {string} seen */
function mark(form, seen) {
  const field = /** @type {HTMLInputElement | null} */ (one("input[name=seen]", form));
  if (field) field.value = seen;
}

/** @param {HTMLFormElement} form */
function saveSoon(form) {
  clearTimeout(unsaved.get(form));
  unsaved.set(
    form,
    setTimeout(() => void save(form), SAVE_AFTER),
  );
}

/** What stands in the open field goes out, not what was kept a moment ago. @param {HTMLFormElement} form */
function takeTyped(form) {
  const details = document.getElementById(`hold-${form.dataset.release}`);
  const hold = /** @type {HTMLFormElement | null} */ (details && one("form", details));
  const field = /** @type {HTMLTextAreaElement | null} */ (hold && one("textarea", hold));
  const body = /** @type {HTMLInputElement | null} */ (one("input[name=body]", form));
  const seen = /** @type {HTMLInputElement | null} */ (one("input[name=seen]", form));
  const shown = /** @type {HTMLInputElement | null} */ (hold && one("input[name=seen]", hold));
  if (!hold || !field || !body || !seen || !shown) return;
  clearTimeout(unsaved.get(hold));
  unsaved.delete(hold);
  // Other marks than it was given: a refusal has shown what was written in another window.
  if (seen.value !== (form.dataset.given ?? "")) mark(hold, seen.value);
  const isOpen = details?.hasAttribute("open");
  body.value = isOpen ? field.value : "";
  seen.value = form.dataset.given = isOpen ? shown.value : "";
}

/** @param {HTMLFormElement} form */
function afterwards(form) {
  const key = /** @type {HTMLInputElement | null} */ (one("input[name=key]", form));
  if (form.matches(".backstage-write, [data-clear]") && key) key.value = newKey();
  const fold = form.dataset.release && document.getElementById(`hold-${form.dataset.release}`);
  const hold = /** @type {HTMLFormElement | null} */ (fold && one("form", fold));
  if (fold) fold.removeAttribute("open");
  if (hold) forgetTyped(hold);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const isOn = /** @type {HTMLInputElement | null} */ (one("[data-keys-switch]"))?.checked !== false;
  if (event.key.toLowerCase() !== "r" || event.repeat || !isOn || !isCommand(event)) return;
  const form = /** @type {HTMLFormElement | null} */ (one("form[data-release]"));
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

export function startBackstage() {
  document.addEventListener("input", ({ target }) => {
    const form = target instanceof HTMLTextAreaElement ? target.form : null;
    if (form?.dataset.hold) saveSoon(form);
  });
  document.addEventListener(
    "submit",
    ({ target }) => {
      if (!(target instanceof HTMLFormElement)) return;
      if (target.dataset.release) takeTyped(target);
      clearTimeout(unsaved.get(target));
      unsaved.delete(target);
    },
    true,
  );
  document.addEventListener("keydown", pressed);
  // Ctrl and Enter send a message, as everywhere where one writes.
  for (const field of all(".backstage-write textarea")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      /** @type {HTMLTextAreaElement} */ (field).form?.requestSubmit();
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) for (const form of [...unsaved.keys()]) void save(form);
  });
  hear("sent", afterwards);
}
