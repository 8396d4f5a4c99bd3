/**
 * Which question the writer answers. It is bound at the first keystroke; a question that opens later never changes it,
 * but offers itself.
 */

import { change, writing } from "./composer.js";
import { button, say, strong, unsay } from "./notice.js";
import { all, hear, one, page, tell } from "./page.js";
import { _, label } from "./words.js";

/** @type {HTMLSelectElement} */ let select;
/** @type {HTMLTextAreaElement} */ let field;

const isWriting = () => field.value.trim() !== "" || Boolean(writing()?.reply_to);
const open = () => document.body.dataset.openQuestion ?? "";
const has = (/** @type {string} */ question) => [...select.options].some((option) => option.value === question);

/** The question of what is begun now. */
export const bindQuestion = () => select.value;

/** What an answer goes to unless its writer says otherwise: the open question; after the end, the last. */
const answered = () => (page.phase === "closed" ? (select.options[0]?.value ?? "") : open());

/** Answer that question again, when nothing is being written. */
export function openQuestion() {
  if (!isWriting() && has(answered())) choose(answered());
}

/** @param {string} question */
function choose(question) {
  if (!has(question)) return;
  select.value = question;
  const where = label(question);
  field.setAttribute("aria-label", where ? _("Your answer to question {n}", { n: question }) : _("Your comment"));
  field.placeholder = where
    ? _("Write your answer to {where}…", { where })
    : _("Say hello, or anything that is no answer…");
}

/** Offer the open question to somebody who is writing about another one. */
function offer() {
  const bound = writing()?.question;
  if (!isWriting() || bound === undefined || bound === open() || !open() || !has(open())) {
    unsay("question");
    return;
  }
  const here = bound
    ? _("You are still answering {where}.", { where: label(bound) })
    : _("You are writing a general remark.");
  const to = open();
  const turn = button(_("Switch to {where}", { where: label(to) }), () => {
    change({ question: to });
    choose(to);
    unsay("question");
    field.focus();
  });
  say("question", [strong(_("{q} is open.", { q: label(to) })), ` ${here} `, turn], "warn");
}

/** Make the list of questions that of a fresh page, in place, so that neither focus nor choice is lost. @param {HTMLElement} fresh */
function takeOptions(fresh) {
  const theirs = /** @type {HTMLSelectElement | null} */ (fresh.matches("select") ? fresh : one("select", fresh));
  const options = theirs ? all("option", theirs) : all("option", fresh);
  const chosen = select.value;
  const wanted = new Map(options.map((o) => [o.getAttribute("value") ?? "", o.textContent ?? ""]));
  for (const option of [...select.options]) if (!wanted.has(option.value) && option.value !== chosen) option.remove();
  let place = 0;
  for (const [value, text] of wanted) {
    const known = [...select.options].find((option) => option.value === value);
    const option = known ?? new Option(text, value);
    if (option.text !== text) option.text = text;
    if (select.options[place] !== option) select.insertBefore(option, select.options[place] ?? null);
    place += 1;
  }
  select.value = chosen;
  const suggested = options.find((option) => option.hasAttribute("selected"))?.getAttribute("value");
  if (suggested != null && page.phase !== "closed") document.body.dataset.openQuestion = suggested;
  openQuestion();
  offer();
}

/** @param {HTMLFormElement} form */
export function startQuestions(form) {
  select = /** @type {HTMLSelectElement} */ (one("select[name=question]", form));
  field = /** @type {HTMLTextAreaElement} */ (one("textarea", form));
  if (document.body.dataset.openQuestion === undefined) document.body.dataset.openQuestion = select.value;
  select.addEventListener("change", () => {
    if (isWriting()) change({ question: select.value });
    choose(select.value);
    offer();
  });
  hear("question bound", (question) => {
    choose(question);
    offer();
  });
  hear("composer-options", takeOptions);
  hear("status", () => {
    openQuestion();
    offer();
  });
  hear("event", (event) => {
    if (event.kind !== "question.asked" || !event.number) return;
    document.body.dataset.openQuestion = String(event.number);
    openQuestion();
    offer();
  });
  hear("emptied", openQuestion);
  if (page.phase === "live") tell("questions ready");
}
