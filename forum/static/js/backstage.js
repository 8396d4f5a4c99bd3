/**
 * The green room beside what the console does: held answers are kept while they are typed and released with one key, and
 * each message gets a key of its own, so that sending it again never says it twice.
 */

import { isCommand } from "./commands.js";
import { all, hear, one } from "./page.js";
import { explain, post } from "./send.js";
import { showTheirs } from "./theirs.js";
import { forgetTyped } from "./typed.js";

const SAVE_AFTER = 1_000;

/** @type {Map<HTMLFormElement, ReturnType<typeof setTimeout> | undefined>} */
const unsaved = new Map();
/**
 * One after the other: what is on its way would look like the work of another window to the next. Each brings the mark of
 * what was kept, or null where nothing was.
 * @type {Map<HTMLFormElement, Promise<string | null>>}
 */
const saving = new Map();

/** `randomUUID` exists only on https and localhost. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {HTMLFormElement} form */
function save(form) {
  clearTimeout(unsaved.get(form));
  if (saving.has(form)) saveSoon(form);
  else saving.set(form, keep(form));
}

/** @param {HTMLFormElement} form */
async function keep(form) {
  unsaved.delete(form);
  const sent = new FormData(form);
  const { ok, data, error } = await post(form.action, sent);
  saving.delete(form);
  const field = /** @type {HTMLTextAreaElement | null} */ (one("textarea", form));
  if (ok) {
    mark(form, data.seen);
    one("[data-theirs]", form)?.remove();
    if (field?.value === sent.get(field?.name ?? "")) forgetTyped(form);
  } else if (error?.theirs) showTheirs(form, error);
  one("[data-hold-said]", form)?.replaceChildren(...(ok ? [data.notice] : explain(error)));
  // It waits for another key, or until the page is left.
  if (!ok && !unsaved.has(form)) unsaved.set(form, undefined);
  return ok ? data.seen : null;
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
    setTimeout(() => save(form), SAVE_AFTER),
  );
}

/** The form in which the text of a form is written: of a held answer that is released, else itself. @param {HTMLFormElement} form */
export function writtenIn(form) {
  const fold = form.dataset.release && document.getElementById(`hold-${form.dataset.release}`);
  return /** @type {HTMLFormElement} */ ((fold && one("form", fold)) || form);
}

/**
 * What a form says that was pressed. Of a held answer what stands in the open field goes out, not what was kept a moment
 * ago; a save that is on its way is waited for, and what it keeps has been seen here.
 * @param {HTMLFormElement} form
 */
export async function saidIn(form) {
  const said = new FormData(form);
  const hold = writtenIn(form);
  if (!hold.dataset.hold) return said;
  clearTimeout(unsaved.get(hold));
  unsaved.delete(hold);
  if (!hold.closest("details")?.open) return said;
  const { body, seen } = Object.fromEntries(new FormData(hold));
  said.set("body", body);
  said.set("seen", (await saving.get(hold)) ?? seen);
  return said;
}

/** @param {HTMLFormElement} form */
function afterwards(form) {
  const key = /** @type {HTMLInputElement | null} */ (one("input[name=key]", form));
  if (form.matches(".backstage-write, [data-clear]") && key) key.value = newKey();
  const hold = writtenIn(form);
  if (hold === form) return;
  hold.closest("details")?.removeAttribute("open");
  forgetTyped(hold);
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
    if (document.hidden) for (const form of [...unsaved.keys()]) save(form);
  });
  hear("sent", afterwards);
}
