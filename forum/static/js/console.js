/**
 * The host's console. It hears the same log as every reader, and after any event makes its regions equal to a fresh page;
 * what a host has open or is typing stays. Forms are sent without leaving the page.
 */

import { Idiomorph } from "../vendor/idiomorph.esm.js";
import { saidIn, startBackstage, writtenIn } from "./backstage.js";
import { leftToSay, sendOrTryAgain, UNSURE } from "./console-again.js";
import { holds, settle, tellDecided } from "./console-held.js";
import { startKeys } from "./console-keys.js";
import { startOrder } from "./console-order.js";
import { goOn, leave } from "./console-queue.js";
import { startRow } from "./console-row.js";
import { isShut, reopen, shut } from "./console-shut.js";
import * as link from "./link.js";
import { all, hear, one, page, TYPED, tell } from "./page.js";
import { adoptToken, askPage, explain } from "./send.js";
import { showTheirs } from "./theirs.js";
import { forgetTyped, restoreAgain, resume } from "./typed.js";
import { _, count } from "./words.js";

/** Wait this long for more events before fetching: a busy minute costs one page in 0.4 s at most. */
const GATHER = 400;
/** Times left and who is here change without an event. */
const REFRESH_EVERY = 20_000;

/** Whether a form is on its way that leads to another page. */
let isLeaving = false;
/** The round that is under way, and the one after it. @type {Promise<void> | null} */
let fetching = null;
/** @type {Promise<void> | null} */
let following = null;
let shown = page.seq;
/** @type {{user_id: number, name: string, question: number | null}[]} */
let writing = [];
/** Who of hosts and panel has a page open; unknown until the link says it. @type {Set<string> | null} */
let present = null;

/** Set by the keys and by the mouse on what they hold or have opened; the server knows of none. */
const HANDS = ["aria-current", "draggable", "open"];

/** What a host has opened to write in is theirs; what is only read there says what readers see. @param {Node} old */
const isInUse = (old) => old instanceof HTMLDetailsElement && old.open && one("form", old) !== null;

/** @param {Document} fresh */
function become(fresh) {
  adoptToken(fresh);
  for (const region of all("[data-region]", fresh)) {
    const place = one(`[data-region="${region.dataset.region}"]`);
    if (!place) continue;
    Idiomorph.morph(place, region, {
      morphStyle: "outerHTML",
      restoreFocus: true,
      callbacks: {
        beforeNodeMorphed: (/** @type {Node} */ old) => !isInUse(old),
        beforeNodeRemoved: (/** @type {Node} */ old) => !holds(old),
        beforeAttributeUpdated: (/** @type {string} */ name) => !HANDS.includes(name),
      },
    });
  }
  // What was left where it moved away from goes with another round.
  if (settle()) void refresh();
  tellDecided(fresh);
  if (main) restoreAgain(main);
  const { seq, epoch, phase } = fresh.body.dataset;
  if (epoch !== page.epoch || Number(seq) > page.seq) page.seq = Number(seq);
  Object.assign(document.body.dataset, { epoch, phase });
  shown = page.seq;
  showPresence();
  goOn();
}

/** Fetch the console and take it over. */
async function fetchOnce() {
  const { status, fresh } = await askPage(location.pathname + location.search);
  if (fresh && fresh.body.dataset.page === document.body.dataset.page) {
    if (reopen()) {
      say("");
      tell("come back"); // the line may have been taken up again as a visitor's
    }
    become(fresh);
    const words = leftToSay();
    if (words) say(words, true);
  } else if ([401, 403, 404].includes(status)) {
    const why = await shut();
    if (why) say(why, true);
  }
}

/**
 * Make the page fresh; calls that come meanwhile lead to one more round.
 * @returns {Promise<void>} done with the first round that was asked for after the call
 */
export function refresh() {
  if (following) return following;
  if (!fetching) {
    fetching = fetchOnce().finally(() => {
      fetching = null;
    });
    return fetching;
  }
  following = fetching
    .catch(console.error)
    .finally(() => new Promise((resolve) => setTimeout(resolve, GATHER)))
    .finally(() => {
      following = null;
    })
    .then(refresh);
  return following;
}

/** What comes by itself asks no more where the page has ended for its reader. */
const follow = () => isShut() || void refresh();

/** Say something to the host, also to who listens. @param {string | (Node | string)[]} words @param {boolean} [isBad] */
export function say(words, isBad = false) {
  const place = one("[data-console-notice]");
  if (!place) return;
  place.dataset.tone = isBad ? "bad" : "plain";
  place.replaceChildren(...[words].flat());
}

/**
 * Send one of the console's forms and show what came of it.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [button] the one that was pressed; it may lead elsewhere than its form
 */
export async function send(form, button) {
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  const address = button?.getAttribute("formaction") ?? form.action;
  const { ok, status, data, error } = await sendOrTryAgain(address, await saidIn(form), say);
  delete form.dataset.sending;
  if (ok) {
    reopen();
    leave(form);
    forgetTyped(form);
    if (form.dataset.clear !== undefined) form.reset();
    form.closest("details")?.removeAttribute("open");
    say(data.notice);
    tell("sent", form);
  } else {
    if (error?.theirs) showTheirs(writtenIn(form), error);
    say(status ? explain(error) : UNSURE, true);
  }
  await refresh();
}

function showPresence() {
  for (const place of all("[data-presence]")) {
    const writer = writing.find((other) => String(other.user_id) === place.dataset.presence);
    const { here = "", away = "", writing: words = "", writingGeneral = "" } = place.dataset;
    const isWriting = writer !== undefined;
    if (isWriting) place.textContent = writer.question ? words.replace("{n}", String(writer.question)) : writingGeneral;
    else if (present) place.textContent = present.has(place.dataset.presence ?? "") ? here : away;
    else if (place.classList.contains("is-writing")) place.textContent = here || away;
    place.classList.toggle("is-writing", isWriting);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  isLeaving = form.dataset.consoleForm === undefined;
  if (isLeaving) {
    forgetTyped(form); // a page that refuses it gives it back
    return;
  }
  event.preventDefault();
  void send(form, event.submitter);
});

const main = one("main");
if (main) resume(main);
document.body.classList.add("has-keys");
for (const element of all("[data-script-only]")) element.hidden = false;
hear("event", (event) => {
  // What readers find helpful stands nowhere here, and thousands of them would have every host's console made anew.
  if (event.kind === "reaction.counted" && shown === event.seq - 1) shown = event.seq;
  else follow();
});
hear("resync", follow);
hear("pushed status", follow);
/** Whether something is typed that a load would lose. */
const isTyped = () =>
  all(TYPED, one("main") ?? document).some((field) => {
    const { value, defaultValue } = /** @type {HTMLTextAreaElement | HTMLInputElement} */ (field);
    return value !== defaultValue;
  });

hear("gone", async () => {
  // Who ends a rehearsal hears that it is gone before the answer that leads them back, which a reload would cut off.
  if (isLeaving) return;
  const why = document.body.dataset.rehearsal === undefined ? null : await shut();
  if (why) say(why, true);
  else if (isTyped())
    say(_("This discussion is no longer open to you. Your text is kept here, so you can copy it."), true);
  else location.reload();
});
addEventListener("pageshow", () => {
  isLeaving = false;
});
hear("presence", (said) => {
  writing = said.writing;
  // Said to hosts and panel only, right after what everybody hears.
  if (said.here) present = new Set(said.here.map(String));
  count({ readers: said.readers });
  showPresence();
});
/** What the notice says of the line while it does not stand, and takes back. @type {Record<string, string>} */
const LINE = {
  lost: _("The connection is lost. It comes back by itself; what you type stays here."),
  checking: _("Checking every 20 s"),
};
hear("link", (state) => {
  document.body.dataset.link = state;
  one("[data-link-chip]")?.toggleAttribute("data-lost", state !== "live" || isShut());
  if (state === "live") void refresh();
  const said = one("[data-console-notice]")?.textContent ?? "";
  if (isShut()) return; // that says more
  if (LINE[state]) say(LINE[state], true);
  else if (Object.values(LINE).includes(said)) say("");
});
// Some of the log is for others' ears only (a muted person's, say) and still changes what the console shows.
setInterval(() => page.seq > shown && follow(), 1_000);
setInterval(() => document.hidden || follow(), REFRESH_EVERY);
// Whoever comes back to this tab may have signed in again in another.
addEventListener("focus", () => isShut() && void refresh());
// What was kept for what is typed in it goes when it is closed.
document.addEventListener("toggle", ({ target }) => one("[data-decided]") && target && void refresh(), true);
startKeys(send, say);
startOrder(send);
startRow();
startBackstage();
link.start();
