/**
 * What is typed into a form and neither sent nor cancelled, by the form's address and the field: Esc and a load of the page
 * are too near to throw it away. It lies in this tab, is shown to nobody else, and is gone once another person
 * has loaded a page here.
 */

import { all, page, TYPED } from "./page.js";
import { trying } from "./trying.js";

const NAME = "roundtext:typed";

/** @typedef {HTMLTextAreaElement | HTMLInputElement} Field */
/** @typedef {Record<string, {was: string, typed: string}>} Fields */

/** Whom the page was made for: whoever signs in beside it, in another tab, has typed nothing of this. */
const { me } = page;

/** What the page itself has sent, by the form's address: it is forgotten with the first page that takes it. @type {Set<string>} */
const sent = new Set();

/** A form without an address has the page's, with the mark of wherever a link has led meanwhile. @param {HTMLFormElement} form */
const addressOf = (form) => form.action.split("#")[0];

/** @param {boolean} isUntaken whether what was sent was taken by nobody, as far as is known @returns {Map<string, Fields>} */
function load(isUntaken) {
  const found = trying(() => {
    const { me: writer, forms, sent: gone = [] } = JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
    if (writer !== me) return null;
    return new Map(forms.filter((/** @type {[string, Fields]} */ [action]) => isUntaken || !gone.includes(action)));
  });
  sent.clear();
  if (me && found) return found;
  // A page for nobody may only say that the session has ended.
  if (me) trying(() => sessionStorage.removeItem(NAME));
  return new Map();
}

const [arrival] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
// Somebody has come back where no page had answered, or this one says no and gives nothing back.
let kept = load(arrival?.type === "back_forward" || document.body.dataset.untaken !== undefined);
store();
// Another page of this tab may have sent it meanwhile.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  kept = load(true);
  store();
});

function store() {
  const words = JSON.stringify({ me, forms: [...kept], sent: [...sent] });
  if (me) trying(() => (kept.size ? sessionStorage.setItem(NAME, words) : sessionStorage.removeItem(NAME)));
}

/** Several forms of a page can have one address, each with fields of its own. @param {Field} field */
const nameOf = ({ id, name }) => id || name;

/** What says again what the page says is nothing typed. @param {Field} field */
function keep(field) {
  const { form, type, value, defaultValue } = field;
  const name = nameOf(field);
  if (!form || form.method === "get" || !name || ["password", "file"].includes(type)) return;
  const address = addressOf(form);
  const fields = { ...kept.get(address), [name]: { was: defaultValue, typed: value } };
  if (value === defaultValue) delete fields[name];
  kept.set(address, fields);
  if (!Object.keys(fields).length) kept.delete(address);
  sent.delete(address);
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
export function restoreTyped(form) {
  if (page.me !== me) return []; // the page has become somebody else's while it was open
  const fields = kept.get(addressOf(form)) ?? {};
  const back = all(TYPED, form)
    .map((each) => /** @type {Field} */ (each))
    .filter((field) => fields[nameOf(field)]?.was === field.defaultValue);
  for (const field of back) field.value = fields[nameOf(field)].typed;
  return back;
}

/** Do both for every form of `root`; what is put back into a fold stands in sight. @param {HTMLElement} root */
export function resume(root) {
  for (const form of all("form", root)) {
    for (const field of restoreTyped(/** @type {HTMLFormElement} */ (form))) {
      for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
        if (!fold.open) fold.dataset.resumed = ""; // nobody has opened it: that would be a first step
        fold.open = true;
      }
    }
  }
  watch(root);
}

/** The same for forms that the page itself sends: without an answer, because the line is gone, their text is kept. @param {HTMLElement} root */
export function resumeSent(root) {
  resume(root);
  root.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && target.method !== "get") sent.add(addressOf(target));
    store();
  });
}

/** @param {HTMLFormElement} form */
export function forgetTyped(form) {
  if (kept.delete(addressOf(form))) store();
}
