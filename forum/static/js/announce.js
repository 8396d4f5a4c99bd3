/** Says to screen readers what matters, and no more (spec G). Two elements, both empty at load. */

import { hear, one, page } from "./page.js";
import { label, plural } from "./words.js";

const EVERY = 20_000;
const EVERY_WHILE_WRITING = 60_000;
/** @type {{question: number | null | undefined, panel: boolean}[]} */
let held = [];
let lastAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let lostTimer;

const isWriting = () => one("[data-composer] textarea") === document.activeElement;

/** @param {string} role @param {string} words */
function speak(role, words) {
  const place = one(`body > .vh[role=${role}]`);
  if (!place) return;
  // The same words twice are read twice only if the text changes in between.
  place.textContent = "";
  setTimeout(() => {
    place.textContent = words;
  }, 50);
}

/** @param {string} words */
export const say = (words) => speak("status", words);

function sayHeld() {
  timer = undefined;
  if (!held.length) return;
  const questions = [...new Set(held.map((one_) => one_.question))];
  const panel = held.filter((one_) => one_.panel).length;
  const where = questions.length === 1 && questions[0] ? ` to ${label(questions[0])}` : "";
  say(`${plural(held.length, "new answer", "new answers")}${where}${panel ? `, ${panel} from the panel` : ""}`);
  held = [];
  lastAt = Date.now();
}

/** @param {import("./page.js").LogEvent} event */
function tellOf(event) {
  if (event.kind === "question.asked") {
    const question = one(`#q${event.number} h2`)?.textContent?.trim() ?? "";
    say(isWriting() ? `${label(event.number)} is open` : `${label(event.number)}: ${question}`);
  }
  if (event.kind !== "comment.posted" || String(event.author) === page.me) return;
  const parent = event.parent ? document.getElementById(`c${event.parent.id}`) : null;
  if (parent?.classList.contains("mine")) {
    const name = one(`#c${event.id} .comment-name`)?.textContent?.trim() ?? "Somebody";
    setTimeout(say, isWriting() ? 5_000 : 0, `${name} replied to you`);
    return;
  }
  held.push({ question: event.question, panel: Boolean(event.panel) });
  const wait = lastAt + (isWriting() ? EVERY_WHILE_WRITING : EVERY) - Date.now();
  if (!timer) timer = setTimeout(sayHeld, Math.max(wait, 1_000));
}

/** @param {string} state */
function tellOfLink(state) {
  clearTimeout(lostTimer);
  if (state === "live" && lostTimer) say("Back. The page is up to date.");
  lostTimer = undefined;
  if (state === "live") return;
  lostTimer = setTimeout(() => isWriting() && speak("alert", "The connection is lost. You can keep writing."), 10_000);
}

export function start() {
  hear("say", say);
  hear("alert", (words) => speak("alert", words));
  hear("event", tellOf);
  hear("link", tellOfLink);
}
