/** Says to screen readers what matters, and no more (spec G). Two elements, both empty at load. */

import { hear, isShown, one, page, writingField } from "./page.js";
import { trying } from "./trying.js";
import { _, label, plural } from "./words.js";

const MODE = "roundtext:announce";
/** What a reader can have said of what others do; results of one's own acts are always said. */
export const MODES = {
  nothing: _("Nothing"),
  counts: _("How many are new"),
  panel: _("Panel and host answers read out"),
  all: _("Every answer read out"),
};
const MOST_READ = 600;
const LOST = _("The connection is lost. You can keep writing.");

const EVERY = 20_000;
const EVERY_WHILE_WRITING = 60_000;
/** @type {{question: number | null | undefined, panel: boolean, id: number | undefined}[]} */
let held = [];
let lastAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let lostTimer;

const isWriting = () => writingField() === document.activeElement;

/** @param {string} role */
const placeOf = (role) => one(`body > .vh[role=${role}]`);

/** @param {string} role @param {string} words */
function speak(role, words) {
  const place = placeOf(role);
  if (!place) return;
  // The same words twice are read twice only if the text changes in between.
  place.textContent = "";
  setTimeout(() => {
    place.textContent = words;
  }, 50);
}

/** Let the alert say nothing any more, if it says this. @param {string} words */
function takeBack(words) {
  const place = placeOf("alert");
  if (place?.textContent === words) place.textContent = "";
}

/** @param {string} words */
export const say = (words) => speak("status", words);

/** @returns {string} one of MODES */
export const mode = () => trying(() => localStorage.getItem(MODE)) ?? "counts";

/** @param {string} wanted one of MODES */
export function setMode(wanted) {
  trying(() => localStorage.setItem(MODE, wanted));
  held = [];
}

function sayHeld() {
  timer = undefined;
  // What was hidden or changed since it came is said as it is now.
  const answers = held
    .filter(({ id }) => (document.getElementById(`c${id}`)?.dataset.state ?? "published") === "published")
    .map((answer) => ({ ...answer, words: wordsOf(answer.id) }));
  held = [];
  if (!answers.length) return;
  const said = answers.flatMap(({ words }) => words || []);
  const counted = answers.filter(({ words }) => !words);
  if (counted.length) {
    const questions = [...new Set(counted.map(({ question }) => question))];
    const panel = counted.filter((answer) => answer.panel).length;
    const [question] = questions.length === 1 ? questions : [];
    const fresh = question
      ? plural(counted.length, "1 new answer to {where}", "{n} new answers to {where}", {
          where: label(question),
        })
      : plural(counted.length, "1 new answer", "{n} new answers");
    said.push(fresh + (panel ? plural(panel, ", {n} from the panel", ", {n} from the panel") : ""));
  }
  say(said.join(". "));
  lastAt = Date.now();
}

/** What is read out of an answer, by the reader's choice; "" when it is only counted. @param {number | undefined} id */
function wordsOf(id) {
  const wanted = { panel: ":is(.comment-panel, .comment-host)", all: "" }[mode()];
  const comment = wanted === undefined ? null : one(`#c${id}${wanted}`);
  if (!comment) return "";
  const text = one(".comment-text", comment)?.textContent?.trim() ?? "";
  const name = one(".comment-name", comment)?.textContent?.trim();
  return `${name}: ${text.length > MOST_READ ? `${text.slice(0, MOST_READ)}…` : text}`;
}

/** @param {import("./page.js").LogEvent} event */
function tellOf(event) {
  if (mode() === "nothing") return;
  if (event.kind === "question.asked") {
    const question = one(`#q${event.number} h2`)?.textContent?.trim() ?? "";
    say(isWriting() ? _("{q} is open", { q: label(event.number) }) : `${label(event.number)}: ${question}`);
  }
  if (event.kind === "announcement.made") {
    const words = one(".announcement")?.textContent?.trim();
    if (words) say(words);
  }
  if (event.kind !== "comment.posted" || String(event.author) === page.me) return;
  const name = one(`#c${event.id} .comment-name`);
  if (name && !isShown(name)) return;
  const parent = event.parent ? document.getElementById(`c${event.parent.id}`) : null;
  if (parent?.classList.contains("mine")) {
    const who = name?.textContent?.trim() ?? _("Somebody");
    setTimeout(say, isWriting() ? 5_000 : 0, _("{name} replied to you", { name: who }));
    return;
  }
  held.push({ question: event.question, panel: Boolean(event.panel), id: event.id });
  const wait = lastAt + (isWriting() ? EVERY_WHILE_WRITING : EVERY) - Date.now();
  if (!timer) timer = setTimeout(sayHeld, Math.max(wait, 1_000));
}

/** What the page shows to eyes is told to ears: that it stops, goes on and is over. @param {{phase: string, before?: string}} status */
function tellOfPhase({ phase, before }) {
  if (!before || before === phase || mode() === "nothing") return;
  if (phase === "paused") say(_("The host has paused this discussion."));
  if (phase === "live") say(before === "paused" ? _("The discussion goes on.") : _("The discussion is live."));
  // Who has typed something hears more of it (`refused`).
  if (phase === "closed" && !writingField()?.value) say(_("This discussion is closed."));
}

/** @param {string} state */
function tellOfLink(state) {
  clearTimeout(lostTimer);
  if (state === "live" && lostTimer) say(_("Back. The page is up to date."));
  lostTimer = undefined;
  // Who reads through the page would still meet it there, beside what says the contrary.
  if (state === "live") return takeBack(LOST);
  lostTimer = setTimeout(() => isWriting() && speak("alert", LOST), 10_000);
}

export function start() {
  hear("say", say);
  hear("announce", (words) => mode() !== "nothing" && say(words));
  hear("alert", (words) => speak("alert", words));
  hear("event", tellOf);
  hear("status", tellOfPhase);
  hear("link", tellOfLink);
}
