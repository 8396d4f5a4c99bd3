/**
 * The page of the audience's questions. It hears the same log as every reader, and where something may have changed looks at
 * a fresh page: what somebody sees there (their own, their votes) is theirs, and so nothing of it is ever pushed.
 */

import * as announce from "./announce.js";
import * as link from "./link.js";
import { morph } from "./morph.js";
import * as notice from "./notice.js";
import { stayOffline } from "./offline.js";
import { all, hear, one, page } from "./page.js";
import { view } from "./place.js";
import { channelOf, refuse, why } from "./pressed.js";
import { rehearsalOver } from "./rehearsal.js";
import { adoptToken, explain, getPage, post, refusedHere } from "./send.js";
import * as times from "./times.js";
import { resumeSent } from "./typed.js";
import { _ } from "./words.js";

/** The log tells of votes once in 5 s at most (`proposals.VOTES_TOLD_EVERY`); this much later it has told of all. */
const VOTES_LATER = 6_000;
/** Nobody looks at once, and of all readers so many a second, though most read elsewhere: each look makes a page. */
const JITTER = 700;
const LOOKS_PER_SECOND = 100;
const MOST_TRIES = 4;
const MOST_READ = 3;
const CHANGES = /^(proposal|question|discussion|seat|person)\./;

let readers = 0;
let isLooking = false;
let isWanted = false;
let isBehind = false;

/** Look at a fresh page and take over what is new; calls that come meanwhile lead to one more look. */
async function look() {
  isWanted = true;
  // Who does not see the page looks when they do.
  if (isLooking || document.hidden) return;
  isLooking = true;
  try {
    for (let tries = 0; isWanted && tries < MOST_TRIES; ) {
      const spread = Math.max(JITTER, (readers / LOOKS_PER_SECOND) * 1000);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * spread + tries * 1000));
      isWanted = false;
      const fresh = await getPage(location.pathname);
      const isGood = fresh?.body.dataset.discussion === String(page.discussion);
      if (isGood) become(fresh);
      else isWanted = true;
      tries = isGood ? 0 : tries + 1;
    }
  } finally {
    isLooking = false;
    if (isWanted && !document.hidden) lookLater();
  }
}

const lookLater = () => setTimeout(look, VOTES_LATER);

/** @param {Document} fresh */
function become(fresh) {
  const { epoch, seq, phase } = fresh.body.dataset;
  // Else what the log tells meanwhile is heard all the same: twice does no harm, and of votes it says when to look again.
  Object.assign(document.body.dataset, isBehind ? { epoch, seq, phase } : { phase });
  isBehind = false;
  adoptToken(fresh);
  keepHands(() => {
    takeForm(fresh);
    const news = [...takeRows("mine", fresh), ...takeRows("everybody", fresh)];
    if (news.length) announce.say(news.slice(0, MOST_READ).join(". "));
  });
}

/** Change the page, but move neither what is read nor what has the focus. @param {() => void} change */
function keepHands(change) {
  const active = document.activeElement;
  const home = active?.closest(".wish");
  const part = active?.closest("[data-part]");
  const anchor = all("main .wish, main form").find((each) => each.getBoundingClientRect().bottom > view().top);
  const before = anchor?.getBoundingClientRect().top ?? 0;
  change();
  if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
  if (active?.isConnected || !part) return;
  const next = /** @type {HTMLElement} */ (home?.isConnected ? home : (one("h2", part) ?? part));
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

const partOf = (/** @type {ParentNode} */ root, /** @type {string} */ name) => one(`[data-part=${name}]`, root);

/** The form comes and goes with the right to ask, but never with something typed in it. @param {Document} fresh */
function takeForm(fresh) {
  const [ours, theirs] = [partOf(document, "asking"), partOf(fresh, "asking")];
  if (ours && theirs && !isInUse(ours)) morph(ours, theirs);
}

/** Whether somebody writes in the form, or reads why it was refused. @param {HTMLElement} asking */
function isInUse(asking) {
  const fields = all("textarea, input:checked", asking);
  const isTyped = fields.some((field) => /** @type {HTMLInputElement} */ (field).value);
  return isTyped || asking.contains(document.activeElement) || one(".error-summary", asking) !== null;
}

/**
 * Take over one of the lists. Rows stay where they are, whoever gets more votes: nobody presses what has just moved there.
 * @param {string} name
 * @param {Document} fresh
 * @returns {string[]} what to read out: new questions, and what became of one's own
 */
function takeRows(name, fresh) {
  const [ours, theirs] = [partOf(document, name), partOf(fresh, name)];
  const list = ours && one(".wishes", ours);
  if (!list || !theirs) return [];
  const said = [];
  const isMine = name === "mine";
  const rows = all(".wish", theirs);
  const ids = new Set(rows.map((row) => row.id));
  for (const old of all(".wish", list)) if (!ids.has(old.id)) old.remove();
  const next = isMine ? list.firstChild : one("[data-standing=asked], [data-standing=answered]", list);
  for (const row of rows) {
    const old = document.getElementById(row.id);
    const before = old?.dataset.standing;
    const isNew = before === undefined || (isMine && before !== row.dataset.standing);
    // One's own is read out as such, and not once more.
    const isQuiet = announce.mode() === "nothing" || document.getElementById(row.id.replace("wish", "mine"));
    const told = all(isMine ? ".wish-text, .wish-facts" : ".wish-text", row);
    if (old) morph(old, row);
    else list.insertBefore(row, next);
    const isLeftOut = getComputedStyle(old ?? row).display === "none"; // by somebody whom its reader does not read
    if (isNew && !isLeftOut && (isMine || !isQuiet)) said.push(words(one("h2", ours), ...told));
  }
  list.hidden = rows.length === 0;
  if (isMine) ours.hidden = list.hidden;
  one("[data-none]", ours)?.toggleAttribute("hidden", !list.hidden);
  return said;
}

/** @param {(HTMLElement | null)[]} parts */
const words = (...parts) => parts.flatMap((each) => each?.textContent?.trim().replace(/\s+/g, " ") || []).join(": ");

/** Vote where one stands: a load of the page led back to its top each time. @param {HTMLFormElement} form */
async function vote(form) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const row = form.closest(".wish");
  const answer = await post(form.action, new FormData(form));
  form.removeAttribute("aria-busy");
  if (!answer.ok) {
    refuse(row, why(answer));
    return;
  }
  const wants = !form.action.endsWith("/unvote");
  const fresh = await getPage(location.pathname);
  if (fresh && fresh.body.dataset.discussion !== String(page.discussion)) {
    location.reload();
    return;
  }
  // Without an answer the vote counts all the same, and the page stays.
  if (fresh) become(fresh);
  else lookLater();
  tellVotes();
  announce.say(wants ? _("Your vote counts.") : _("Your vote is taken back."));
  if (row?.isConnected) one("form[action$=vote] button", row)?.focus({ preventScroll: true });
}

/** Tell the live page in another tab what this one shows of its reader's votes, which are pressed here without script. */
function tellVotes() {
  const channel = channelOf("vote");
  for (const form of all("form[action$=vote]")) {
    const [, id, un] = /(\d+)\/(un)?vote$/.exec(/** @type {HTMLFormElement} */ (form).action) ?? [];
    if (id) channel?.postMessage({ me: page.me, discussion: page.discussion, id, wants: un !== undefined });
  }
}

times.start();
tellVotes();
const main = one("main");
if (main) {
  main.addEventListener("submit", (event) => {
    const { target: form } = event;
    if (!(form instanceof HTMLFormElement) || !form.action.endsWith("vote")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void vote(form);
  });
  stayOffline(main);
  resumeSent(main);
}
hear("event", ({ kind, panel, question }) => {
  if (CHANGES.test(kind) || (panel && question && one("[data-standing=asked]"))) void look();
});
hear("resync", () => {
  isBehind = true;
  void look();
  lookLater();
});
hear("presence", (said) => {
  readers = said.readers;
});
hear("link", (state) => {
  document.body.dataset.link = state;
  if (state === "lost")
    notice.say("link", [_("The connection is lost. It comes back by itself; what you type stays here.")], "bad");
  if (state === "checking") notice.say("link", [_("Checking every 20 s")], "bad");
  if (state !== "live") return;
  notice.unsay("link", "phase");
  // Votes of which was told just before are counted by now; and a look that failed is made up for.
  lookLater();
});
hear("gone", async () => {
  const isRehearsal = document.body.dataset.rehearsal !== undefined;
  if (!isRehearsal && !isInUse(/** @type {HTMLElement} */ (partOf(document, "asking")))) {
    location.reload();
    return;
  }
  const error = await refusedHere();
  const gone = [_("This discussion is no longer open to you. Your text is kept here, so you can copy it.")];
  const isOver = !error || error.code === "not_found";
  notice.say("phase", isOver ? (rehearsalOver() ?? gone) : explain(error), "bad");
});
document.addEventListener("visibilitychange", () => isWanted && void look());
link.start();
