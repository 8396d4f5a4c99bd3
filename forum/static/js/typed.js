/**
 * What is typed into a form and neither sent nor cancelled, by the form's address and the field's name: Esc and a load of
 * the page are too near to throw it away. It lies in this tab alone, and is gone once somebody else has a page here.
 */

import { all, page, TYPED } from "./page.js";
import { trying } from "./trying.js";

const NAME = "roundtext:typed";

/** @typedef {HTMLTextAreaElement | HTMLInputElement} Field */
/** @typedef {Record<string, {was: string, typed: string}>} Fields */

/** Whom the page was made for: whoever signs in beside it, in another tab, has typed nothing of this. */
const { me } = page;

/** @returns {Map<string, Fields>} */
function load() {
  const found = trying(() => JSON.parse(sessionStorage.getItem(NAME) ?? "null"));
  if (me && found?.me === me) return new Map(found.forms);
  // A page for nobody may only say that the session has ended.
  if (me) trying(() => sessionStorage.removeItem(NAME));
  return new Map();
}

let kept = load();
// Another page of this tab may have sent it meanwhile.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) kept = load();
});

function store() {
  if (me) trying(() => sessionStorage.setItem(NAME, JSON.stringify({ me, forms: [...kept] })));
}

/** What says again what the page says is nothing typed. @param {Field} field */
function keep({ form, name, type, value, defaultValue }) {
  if (!form || !name || ["password", "file"].includes(type)) return;
  const fields = { ...kept.get(form.action), [name]: { was: defaultValue, typed: value } };
  if (value === defaultValue) delete fields[name];
  kept.set(form.action, fields);
  if (!Object.keys(fields).length) kept.delete(form.action);
  store();
}

/** Keep what is typed into the forms of `root` from now on. @param {HTMLElement} root */
export function watch(root) {
  root.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLElement && target.matches(TYPED)) keep(/** @type {Field} */ (target));
  });
}

/**
 * Put back what was kept for `form`, and return the fields. Where something else stands there by now (edited in another
 * tab) it is not put over that.
 * @param {HTMLFormElement} form
 */
export function restore(form) {
  const fields = kept.get(form.action) ?? {};
  const back = all(TYPED, form)
    .map((each) => /** @type {Field} */ (each))
    .filter(({ name, defaultValue }) => fields[name]?.was === defaultValue);
  for (const field of back) field.value = fields[field.name].typed;
  return back;
}

/** Do both for every form of `root`; what is put back into a fold stands in sight. @param {HTMLElement} root */
export function resume(root) {
  for (const form of all("form", root)) {
    for (const field of restore(/** @type {HTMLFormElement} */ (form))) {
      for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
        fold.open = true;
      }
    }
  }
  watch(root);
}

/** @param {HTMLFormElement} form */
export function forget(form) {
  if (kept.delete(form.action)) store();
}
