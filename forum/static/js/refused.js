/** Says why something was not posted, and what to do next. The text is in the field or in its place; it is never gone. */

import { button, link, say, strong, unsay } from "./notice.js";
import { unsent } from "./outbox.js";
import { hear, one, page, tell } from "./page.js";
import { fail } from "./pending.js";
import { rehearsalOver } from "./rehearsal.js";
import { explain, refusedHere } from "./send.js";
import { _ } from "./words.js";

/** @typedef {import("./send.js").Refusal} Refusal */

/** @type {HTMLFormElement} */ let form;
/** @type {ReturnType<typeof setInterval> | undefined} */ let counting;
/** Until when nothing can be posted, in milliseconds since 1970; 0 when it can. */
let until = 0;
/** How far apart comments have to be, in seconds, as far as this page knows. */
let pace = 0;

const back = () => encodeURIComponent(`/d/${page.slug}#say`);

/**
 * @param {import("./outbox.js").Entry} entry
 * @param {Refusal | null} error
 * @param {boolean} isElsewhere whether the text waits in the stream, because the field holds another one
 */
export function refuse(entry, error, isElsewhere) {
  const code = error?.code ?? "fault";
  const message = error?.message ?? unsent(entry);
  if (isElsewhere) fail(entry, message);
  else tell("take back", entry.key);
  if (code === "sign_in") signIn();
  else if (error?.retry_after && code !== "unavailable") wait(error.retry_after, message);
  else if (!isElsewhere || code === "muted") say("refused", sentence(code, message), code === "lost" ? "warn" : "bad");
  tell("alert", message);
}

/** @param {string} code @param {string} message @returns {(Node | string)[]} */
function sentence(code, message) {
  if (code === "closed")
    return [strong(_("This discussion is closed.")), " ", _("Your text is kept here, so you can copy it.")];
  if (code === "paused")
    return [strong(_("The host has paused this discussion.")), " ", _("Your text is kept; post it when it goes on.")];
  if (code === "not_open")
    return [strong(_("Not open yet.")), " ", _("Your text is kept; post it when the discussion is live.")];
  return [message];
}

/** A visitor is led to an account; somebody whose session has ended is told first, so that nothing seems to vanish. */
function signIn() {
  if (!page.me) {
    location.assign(`/sign-up?next=${back()}`);
    return;
  }
  const there = link(_("Sign in and post"), `/sign-in?next=${back()}`);
  say("refused", [strong(_("You were signed out.")), " ", _("Your text is safe."), " ", there], "bad");
}

/** Count down until it can be tried again; the button says so. @param {number} seconds @param {string} message */
function wait(seconds, message) {
  const post = /** @type {HTMLButtonElement | null} */ (one(".composer-post", form));
  if (!post) return;
  clearInterval(counting);
  const words = post.dataset.words ?? post.textContent ?? _("Post");
  post.dataset.words = words;
  until = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    post.disabled = left > 0;
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    post.textContent = left > 0 ? _("{button} in {time}", { button: words, time }) : words;
    if (left > 0) return;
    clearInterval(counting);
    until = 0;
    unsay("refused");
  };
  say("refused", [message], "warn");
  counting = setInterval(tick, 500);
  tick();
}

/** A slow mode that ends, or lets people write sooner, ends the wait for it. @param {number} seconds */
function takePace(seconds) {
  const left = until - Date.now() - (pace - seconds) * 1000;
  if (seconds < pace && until)
    wait(Math.max(0, left) / 1000, _("Slow mode: the next one in {n} seconds.", { n: seconds }));
  pace = seconds;
}

/** What the phase means for somebody who is writing. @param {{phase: string, before?: string}} status */
function tellPhase({ phase, before }) {
  const field = /** @type {HTMLTextAreaElement | null} */ (one("textarea", form));
  const isOver = phase === "closed" && !document.body.dataset.late;
  // Who has written nothing is not told that it is kept.
  const words = field?.value.trim() ? sentence(phase, "") : sentence(phase, "").slice(0, 1);
  if (isOver) say("phase", words, "warn");
  else if (phase === "closed") say("phase", [_("The discussion is over. You can still post what you were writing.")]);
  else if (phase === "paused") say("phase", words, "warn");
  else if (phase === "live") unsay("phase", "refused");
  if (isOver && before !== "closed" && field?.value) tell("alert", _("This discussion is closed. Your text is kept."));
}

/** Said for as long as it holds, whatever is typed: the text stays in the field, to be copied. @param {string} message */
function mute(message) {
  say("muted", [message, " ", link(_("Object to this"), page.at("objection"))], "bad");
  tell("alert", message);
}

/** @param {HTMLFormElement} composer */
export function start(composer) {
  form = composer;
  hear("status", tellPhase);
  const slow = () => Number(document.body.dataset.slowSeconds) || 0;
  pace = slow();
  hear("status", () => takePace(slow()));
  hear("outbox sent", () => {
    const seconds = slow();
    if (seconds && page.role === "member") wait(seconds, _("Slow mode: the next one in {n} seconds.", { n: seconds }));
  });
  hear("link", (state) => {
    if (state === "live") unsay("link");
    const now = button(state === "lost" ? _("Load now") : _("Check now"), () => tell("check now"));
    if (state === "lost") say("link", [strong(_("Reconnecting…")), " ", _("You can keep writing."), " ", now], "warn");
    if (state === "checking") say("link", [_("Checking for new answers every 20 s."), " ", now]);
  });
  hear("gone", async () => {
    // A rehearsal is there for nobody who is signed out, and is not over for that.
    const error = document.body.dataset.rehearsal === undefined ? null : await refusedHere();
    const gone = _("This discussion is no longer open to you. Your text is kept here, so you can copy it.");
    const isOver = !error || error.code === "not_found";
    say("phase", isOver ? (rehearsalOver() ?? [gone]) : explain(error), "bad");
  });
  hear("event", (event) => {
    if (event.kind === "person.muted") {
      document.body.dataset.role = "muted";
      mute(event.message ?? _("A host has ended your right to write here."));
    }
    if (event.kind !== "person.unmuted") return;
    unsay("muted", "refused");
    tell("resync");
  });
}
