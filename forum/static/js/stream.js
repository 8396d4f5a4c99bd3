/** Applies the events of the log to the page. Applying one twice changes nothing; order within a list is by id. */

import { morph, morphRegions, takeStatus } from "./morph.js";
import { all, one, page, parse, tell } from "./page.js";
import { follows, keepPlace, showEnd, wouldPush } from "./place.js";
import { count, write } from "./words.js";

/** @typedef {import("./page.js").LogEvent} LogEvent */

/** What of the stream this page shows: all of it, one question, a window around a comment, or an earlier part. */
const shown = new URLSearchParams(location.search);
const isPiece = () => shown.has("show") || shown.has("around") || one('[data-answers="time"]') !== null;
const reachesEnd = !shown.has("before") && document.body.dataset.window !== "closed";

/** Where a list begins that has no holes. */
export const FIRST = ".comment[data-id]:not([data-apart])";

/** @param {LogEvent} event */
export function apply(event) {
  if (event.resync) {
    tell("resync");
    return;
  }
  keepPlace(() => {
    if (event.kind.startsWith("comment.")) applyComment(event);
    if (event.section && event.number) addSection(event.number, event.section);
    if (event.regions) morphRegions(event.regions);
    if (event.status) takeStatus(event.status);
  });
  tell("event", event);
}

/** @param {LogEvent} event */
function applyComment(event) {
  if (event.html) {
    const isNew = event.kind === "comment.posted";
    const placed = put(event.html, isNew);
    if (placed?.isAdded && isNew) tell("arrived", { place: placed.place, event });
    if (!placed && /moved|approved/.test(event.kind) && one(".show-earlier")) tell("resync");
  }
  if (event.quote != null) {
    for (const quote of all(`.reply-quote[data-to="${event.id}"]`)) {
      if (quote.innerHTML !== event.quote) quote.innerHTML = event.quote;
    }
  }
  if (event.parent) showReplies(event.parent.id, event.parent.replies);
  showNumbers(event);
}

/** @param {number} id @param {number} replies */
function showReplies(id, replies) {
  for (const link of all(`[data-replies="${id}"]`)) {
    write(link, replies);
    link.hidden = replies === 0;
  }
}

/** @param {LogEvent} event */
function showNumbers({ counts, totals }) {
  /** @type {Record<string, number>} */
  const numbers = { ...totals };
  for (const { question, answers, panel } of counts ?? []) {
    numbers[`answers:${question ?? ""}`] = answers;
    numbers[`panel:${question ?? ""}`] = panel;
  }
  count(numbers);
}

/**
 * Where the comments of a question stand. By the id of its section: looking for an attribute goes through the whole page.
 * @param {string | undefined} question
 */
export function listOf(question) {
  const section = document.getElementById("time") ?? document.getElementById(question ? `q${question}` : "general");
  return section && one(".answers", section);
}

/**
 * Put a comment where it belongs: in place of what is there, or into its list.
 * @param {string} html one `<li class="comment">` from our server
 * @param {boolean} isNew whether it has just been posted, and so belongs on every page that reaches the end
 * @returns {{place: HTMLElement, isAdded: boolean} | null} null when it lies outside what this page shows
 */
export function put(html, isNew) {
  const fresh = parse(html);
  const list = fresh ? listOf(fresh.dataset.question) : null;
  if (!fresh) return null;
  if (fresh.matches(".waiting-comment")) return wait(fresh);
  const old = document.getElementById(fresh.id);
  if (old && (old.parentElement === list || !list)) {
    if (old.dataset.apart !== undefined && !isNew) fresh.dataset.apart = "";
    morph(old, fresh);
    return { place: old, isAdded: false };
  }
  const hadFocus = old?.contains(document.activeElement) ?? false;
  old?.remove();
  const isPart = list && isWithin(list, Number(fresh.dataset.id), isNew);
  if (!list || !(isPart || (old && reachesEnd))) return null;
  // Moved here from what this page shows, older than the rest of this list: between them others are missing.
  if (!isPart) fresh.dataset.apart = "";
  tell("prepare", fresh);
  insert(list, fresh, isNew, hadFocus);
  if (hadFocus) tell("moved", fresh);
  return { place: fresh, isAdded: true };
}

/** What waits for a host has its place above the field, on its writer's page alone. @param {HTMLElement} fresh */
function wait(fresh) {
  const old = document.getElementById(fresh.id);
  const region = one("[data-region=waiting]");
  if (old) morph(old, fresh);
  else one("ol", region ?? document)?.append(fresh);
  if (region) region.hidden = false;
  return null;
}

/**
 * A page shows a piece of the stream: what is newer than its last or between what it shows belongs in, older does not.
 * @param {HTMLElement} list
 * @param {number} id
 * @param {boolean} isNew
 */
function isWithin(list, id, isNew) {
  if (!reachesEnd) return false;
  if (isNew || !list.closest("section, main")?.querySelector(".show-earlier")) return true;
  const first = one(FIRST, list);
  return first !== null && Number(first.dataset.id) < id;
}

/**
 * The first comment of a list that comes after number `id`, as all do that are not numbered yet. From the end, where a new
 * one belongs, because a list may have a thousand.
 * @param {HTMLElement} list
 * @param {number} id
 */
export function after(list, id) {
  let next = null;
  for (let other = list.lastElementChild; other instanceof HTMLElement; other = other.previousElementSibling) {
    if (!other.matches(".comment")) continue;
    if (other.dataset.id && Number(other.dataset.id) < id) break;
    next = other;
  }
  return next;
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} comment
 * @param {boolean} isNew
 * @param {boolean} isHeld whether the reader stands on it, and so wants to see it
 */
function insert(list, comment, isNew, isHeld) {
  const next = after(list, Number(comment.dataset.id));
  const { author, typist } = comment.dataset;
  const mine = page.me !== "" && [author, typist].includes(page.me);
  const isFollowing = isNew && !mine && next === null && follows(list);
  if (!mine && !isHeld && !isFollowing && wouldPush(list, next)) comment.hidden = true;
  list.insertBefore(comment, next);
  if (isFollowing) showEnd(list);
}

/** Show what waits because it would have pushed the text; all of it, or only what is now out of sight. @param {boolean} all_ */
export function showWaiting(all_) {
  for (const comment of all(".answers > .comment[hidden]")) {
    const list = /** @type {HTMLElement} */ (comment.parentElement);
    if (all_ || !wouldPush(list, comment.nextElementSibling)) {
      keepPlace(() => {
        comment.hidden = false;
      });
    }
  }
}

/** @param {number} number @param {string} html */
function addSection(number, html) {
  const last = all("main section.question").at(-1);
  // In the order of time there is one section for all, and a page of one question shows that one only.
  if (document.getElementById(`q${number}`) || !last || isPiece()) return;
  const fresh = parse(html);
  if (!fresh) return;
  tell("prepare", fresh);
  last.after(fresh);
}

addEventListener("scroll", () => requestAnimationFrame(() => showWaiting(false)), { passive: true });
