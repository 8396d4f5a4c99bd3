/**
 * What is typed into or chosen in a form and neither sent nor cancelled, by the form's address and the field: Esc and a load
 * of the page are too near to throw it away. It lies in this tab, is shown to nobody else, and is gone once another person
 * has loaded a page here.
 */

import { afterPutBack, isAnswer, isReturn } from "./arrival.js";
import { all, page, TYPED } from "./page.js";
import { trying } from "./trying.js";

const NAME = "roundtext:typed";

/** Choices too: with a text that is kept and a time zone that is not, somebody would be an hour late. */
const FIELDS = `${TYPED}, select, input[type=radio], input[type=checkbox]`;

/** @typedef {HTMLTextAreaElement | HTMLInputElement | HTMLSelectElement} Field */
/** @typedef {Record<string, {was: string, typed: string}>} Fields */

/** Whom the page was made for: whoever signs in beside it, in another tab, has typed nothing of this. */
const { me } = page;

/** What the page itself has sent, by the form's address: it is forgotten with the first page that answers it. @type {Set<string>} */
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

// No page has answered what was sent, or this one says no and gives nothing back.
let kept = load(!isAnswer || document.body.dataset.untaken !== undefined);
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

/** @param {HTMLInputElement} radio @returns {HTMLInputElement[]} all of which one is chosen */
const radiosOf = ({ form, name }) =>
  /** @type {HTMLInputElement[]} */ ([...(form?.elements ?? [])]).filter((e) => e.type === "radio" && e.name === name);

/**
 * A field's name in what is kept, what the page said in it and what it says now. Several forms of a page can have one
 * address, each with fields of its own.
 * @param {Field} field @returns {{name: string, was: string, now: string}}
 */
function read(field) {
  const name = field.id || field.name;
  if (field instanceof HTMLSelectElement) {
    const was = [...field.options].find((each) => each.defaultSelected) ?? field.options[0];
    return { name, was: was?.value ?? "", now: field.value };
  }
  if (field.type === "radio") {
    const radios = radiosOf(/** @type {HTMLInputElement} */ (field));
    const valueWhere = (/** @type {(radio: HTMLInputElement) => boolean} */ test) => radios.find(test)?.value ?? "";
    return {
      name: field.name,
      was: valueWhere((each) => each.defaultChecked),
      now: valueWhere((each) => each.checked),
    };
  }
  if (field instanceof HTMLInputElement && field.type === "checkbox") {
    const own = field.id || `${field.name}=${field.value}`;
    return { name: own, was: String(field.defaultChecked), now: String(field.checked) };
  }
  return { name, was: field.defaultValue, now: field.value };
}

/** @param {Field} field @param {string} typed */
function write(field, typed) {
  if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === typed;
  else if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = typed === "true";
  else if (!(field instanceof HTMLSelectElement) || [...field.options].some((each) => each.value === typed))
    field.value = typed;
}

/** The addresses of forms in which something was typed or chosen since this page was loaded. @type {Set<string>} */
const begun = new Set();

/** What says again what the page says is nothing typed. @param {Field} field @param {boolean} [isSent] nor is what was sent */
export function keep(field, isSent) {
  const { form, type } = field;
  const { name, was, now } = read(field);
  if (!form || form.method === "get" || !name || ["password", "file"].includes(type)) return;
  const address = addressOf(form);
  begun.add(address);
  const fields = { ...kept.get(address), [name]: { was, typed: now } };
  if (isSent || now === was) delete fields[name];
  kept.set(address, fields);
  if (!Object.keys(fields).length) kept.delete(address);
  sent.delete(address);
  store();
}

/** Keep what is typed into and chosen in the forms of `root` from now on. @param {HTMLElement} root */
export function watch(root) {
  root.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLElement && target.matches(FIELDS)) keep(/** @type {Field} */ (target));
  });
}

/**
 * Put back what was kept for `form`, and return the fields. Where something else stands there by now (edited in another
 * tab) it is not put over that.
 * @param {HTMLFormElement} form
 */
export function restoreTyped(form) {
  if (page.me !== me) return []; // the page has become somebody else's while it was open
  const address = addressOf(form);
  const fields = kept.get(address) ?? {};
  const back = /** @type {Field[]} */ ([...form.elements]).filter((field) => {
    if (!field.matches(FIELDS)) return false;
    const { name, was } = read(field);
    return fields[name]?.was === was;
  });
  // By a link, much later, a choice alone would look like one that was saved; beside a text it is part of what was begun.
  if (!isReturn && !begun.has(address) && !back.some((field) => field.matches(TYPED))) {
    if (kept.delete(address)) store();
    return [];
  }
  for (const field of back) write(field, fields[read(field).name].typed);
  return back;
}

/** Put back what the server's words have replaced, where nobody looks. @param {HTMLElement} root */
export function restoreAgain(root) {
  if (kept.size) for (const form of all("form", root)) restoreTyped(/** @type {HTMLFormElement} */ (form));
}

/** Make every form what the page says and what is kept for who reads it. @param {HTMLElement} root */
function makeOurs(root) {
  for (const form of all("form[method=post]", root)) {
    if (form.dataset.composer !== undefined) continue;
    /** @type {HTMLFormElement} */ (form).reset();
    restoreTyped(/** @type {HTMLFormElement} */ (form));
  }
}

/** Do both for every form of `root`; what is put back into a fold stands in sight. @param {HTMLElement} root */
export function resume(root) {
  afterPutBack(root, () => makeOurs(root));
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

/** Only what is typed in it: several forms of a page can have one address. @param {HTMLFormElement} form */
export function forgetTyped(form) {
  for (const field of form.elements) keep(/** @type {Field} */ (field), true);
}
