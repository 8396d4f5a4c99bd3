/** Sends off what is written in the composer, and takes back what the server refuses. */

import { begin, change, empty, fill, measure, writing } from "./composer.js";
import { newKey, save } from "./draft.js";
import { say, unsay } from "./notice.js";
import { add, isOf } from "./outbox.js";
import { hear, one, page, tell } from "./page.js";
import { refuse, start as startRefusals } from "./refused.js";
import { post } from "./send.js";
import { _ } from "./words.js";

/** A second press within so many milliseconds belongs to the first, which has emptied the field. */
const ONE_PRESS = 1_500;

/** @type {HTMLFormElement} */ let form;
/** @type {HTMLTextAreaElement} */ let field;
let emptiedAt = Number.NEGATIVE_INFINITY;

function clear() {
  empty();
  emptiedAt = performance.now();
}

/** @param {SubmitEvent} event */
function submit(event) {
  const { name } = /** @type {HTMLButtonElement | null} */ (event.submitter) ?? { name: "" };
  if (name === "preview") return;
  // What the server has kept it throws away itself; here nothing of it may come back.
  if (name === "discard") return empty();
  event.preventDefault();
  if (form.dataset.waiting) return;
  if (field.value.trim() === "") {
    if (performance.now() - emptiedAt < ONE_PRESS) return;
    say("refused", [_("Write something first.")]);
    return;
  }
  if (!measure()) return;
  // A host may write down what a panelist says; the next comment is their own again.
  const whose = /** @type {HTMLSelectElement | null} */ (one("select[name=for]", form));
  const entry = { ...begin(), body: field.value, me: page.me, at: Date.now(), for: whose?.value ?? "" };
  if (whose) whose.value = "";
  if (page.me) {
    clear();
    add(entry);
    field.focus({ preventScroll: true });
  } else {
    save(entry);
    void sendAsVisitor(entry);
  }
}

/** A visitor may have signed in elsewhere since this page came; the server knows. @param {import("./outbox.js").Entry} entry */
async function sendAsVisitor(entry) {
  form.dataset.waiting = "true";
  say("refused", [_("Sending…")]);
  const answer = await post(page.at("comments"), {
    body: entry.body,
    question: entry.question,
    reply_to: entry.reply_to,
    key: entry.key,
  });
  delete form.dataset.waiting;
  unsay("refused");
  if (answer.ok) {
    clear();
    tell("outbox sent", { entry, id: answer.data.id, answer: answer.data });
  } else {
    refuse(entry, answer.error, false);
  }
}

/** What was refused comes back, unless something else is being written: then it waits in its place. */
function giveBack(
  /** @type {{entry: import("./outbox.js").Entry, error: import("./send.js").Refusal}} */ { entry, error },
) {
  const isFree = field.value.trim() === "" && !writing()?.reply_to;
  if (isFree) fill({ ...entry, at: Date.now(), wasSent: true });
  const whose = /** @type {HTMLSelectElement | null} */ (one("select[name=for]", form));
  if (isFree && whose) whose.value = entry.for ?? "";
  refuse(entry, error, !isFree);
}

/** @param {HTMLFormElement} composer */
export function start(composer) {
  form = composer;
  field = /** @type {HTMLTextAreaElement} */ (one("textarea", form));
  startRefusals(form);
  form.addEventListener("submit", submit);
  hear("outbox refused", giveBack);
  // What was given back had arrived all the same: only the answer was lost. What goes on here after an earlier state of it
  // was posted, by another tab or by this one before "Back", is a comment of its own.
  hear("event", (event) => {
    const now = writing();
    if (!now || !isOf(event, now)) return;
    if (now.wasSent && now.body === field.value) empty();
    else change({ key: newKey(), wasSent: undefined });
  });
}
