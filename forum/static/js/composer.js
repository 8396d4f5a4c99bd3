/**
 * The field where comments are written. Its text, its question and its reply belong to the writer: nothing that arrives
 * changes them. What the server refuses comes back into the field with the reason above it.
 */

import { afterPutBack, isFromAnother } from "./arrival.js";
import { forget, ifAbandoned, isOwn, newKey, onPostedElsewhere, restore, save, setAside } from "./draft.js";
import { say, unsay } from "./notice.js";
import { isField, one, page, tell } from "./page.js";
import { start as startPosting } from "./posting.js";
import { bindQuestion, startQuestions } from "./questions.js";
import { clearReply, showReply } from "./reply.js";
import { plural } from "./words.js";

/** @typedef {import("./draft.js").Draft} Draft */

export const LONGEST = 10_000;
const SAVE_AFTER = 400;

/** @type {HTMLFormElement} */ let form;
/** @type {HTMLTextAreaElement} */ let field;
/** @type {Draft | null} */ let draft = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let saveTimer;

/** @returns {Draft} what is being written; begun now if nothing was */
export function begin() {
  draft ??= { body: "", question: bindQuestion(), reply_to: "", reply_name: "", key: newKey(), at: Date.now() };
  return draft;
}

export const writing = () => draft;

/** @param {Partial<Draft>} parts */
export function change(parts) {
  draft = { ...begin(), ...parts };
  saveSoon();
}

function keep() {
  clearTimeout(saveTimer);
  // A copy of another tab's text is that tab's to keep, until it is changed here.
  if (!draft || draft.from) return;
  if (field.value.trim() === "" && !draft.reply_to) drop();
  else showSaved(save({ ...draft, body: field.value }));
}

/** Say below the field whether what stands in it is kept; in no live region, as it would interrupt with every pause. */
function showSaved(/** @type {boolean} */ isSaved) {
  one("[data-saved]", form)?.toggleAttribute("hidden", !isSaved || field.value.trim() === "");
}

function saveSoon() {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(keep, SAVE_AFTER);
}

/** Throw the draft away, and only that: the text in the field is the caller's. */
function drop() {
  forget(draft ?? undefined);
  draft = null;
  clearTimeout(saveTimer);
  showSaved(false);
}

function typed() {
  const now = begin();
  // A copy of another tab's text that is changed here is a text of its own; so is one that was sent, and may have arrived.
  if ((now.from || now.wasSent) && now.body !== field.value)
    draft = { ...now, key: newKey(), from: undefined, wasSent: undefined };
  unsay("refused", "posted");
  measure();
  saveSoon();
  if (field.value) tell("typing", Number(begin().question) || null);
}

/** Speak of the length from three quarters on; nothing is ever cut. */
export function measure() {
  const length = [...field.value].length;
  const over = length - LONGEST;
  if (over > 0)
    say(
      "length",
      [
        plural(
          over,
          "1 character too many. Nothing is cut; shorten it or split it into two.",
          "{n} characters too many. Nothing is cut; shorten it or split it into two.",
        ),
      ],
      "bad",
    );
  else if (length > LONGEST * 0.75) say("length", [plural(-over, "1 character left.", "{n} characters left.")]);
  else unsay("length");
  return over <= 0;
}

/** Put text into the field, as if typed. @param {Draft} kept */
export function fill(kept) {
  draft = kept;
  field.value = kept.body;
  one("select[name=question]", form)?.setAttribute("data-bound", "");
  tell("question bound", kept.question);
  if (kept.reply_to) showReply(kept.reply_to, kept.reply_name);
  form.classList.toggle("open", kept.body !== "");
  measure();
  showSaved(!kept.from && save(kept));
}

/**
 * Whether the page was led here by a form, sent before this script had come, that has posted just these words.
 * @param {Draft} kept
 */
function isPosted({ body }) {
  const bare = (/** @type {string} */ words) => words.replace(/[^\p{L}\p{N}]+/gu, "");
  const comment = location.hash.startsWith("#c") ? document.getElementById(location.hash.slice(1)) : null;
  const words = comment?.dataset.author === page.me && one(".comment-text", comment)?.textContent;
  return Boolean(words && bare(words) === bare(body));
}

/** Take up what was typed before: in this tab, or left by one that is gone. */
function takeUp() {
  const written = field.value;
  let kept = restore();
  if (kept && isPosted(kept)) {
    forget(kept);
    kept = null;
  }
  // What was typed before this script had come is not what an older text takes the place of; it may go on with it.
  if (kept && written.trim() && written !== kept.body) {
    const isMore = written.startsWith(kept.body) && !kept.from;
    if (!isMore) setAside();
    kept = isMore ? { ...kept, body: written, key: newKey(), wasSent: undefined } : null;
  }
  if (!kept) {
    if (written.trim()) fill({ ...begin(), body: written });
    return;
  }
  fill(kept);
  if (!kept.from) return;
  ifAbandoned(kept.from, () => {
    if (!draft?.from) return;
    draft = { ...draft, from: undefined };
    keep();
  });
}

/** Make the form what is kept for who reads it, and nothing of what somebody else has left there. */
function makeOurs() {
  form.reset();
  field.value = draft?.body ?? "";
  if (draft) tell("question bound", draft.question);
}

/** Empty the field: its text is on its way, or posted by another tab. */
export function empty() {
  drop();
  field.value = "";
  form.classList.remove("open");
  clearReply();
  unsay("refused", "length", "question");
  tell("emptied");
}

/** @param {HTMLFormElement} composer */
export function start(composer) {
  form = composer;
  field = /** @type {HTMLTextAreaElement} */ (one("textarea", form));
  startQuestions(form);
  if (isFromAnother) field.value = "";
  takeUp();
  afterPutBack(form, makeOurs);
  field.addEventListener("input", typed);
  startPosting(form);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  // The composer grows with the focus; a button that took it would move away under the pointer and never be clicked.
  form.addEventListener("mousedown", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest("button")) event.preventDefault();
  });
  addEventListener("pagehide", keep);
  // On a phone that is turned it stands at the end of the page, and no longer at the edge of the window.
  matchMedia("(orientation: portrait)").addEventListener?.("change", () => {
    if (document.activeElement === field) field.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("visibilitychange", () => document.hidden && keep());
  onPostedElsewhere((name, body) => {
    if ((isOwn(name) || draft?.from === name) && field.value === body) empty();
  });
  tell("composer ready");
  if (location.hash === "#say" && !isField(document.activeElement)) field.focus();
  // Whoever follows a link to it goes on typing, and what they type must not be taken for commands.
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest('a[href$="#say"]')) setTimeout(() => field.focus());
  });
}
