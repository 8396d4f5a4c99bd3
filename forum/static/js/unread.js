/** What has come and is not seen yet: the bar above the composer, the line in the stream, the number in the title. */

import { isFolded, unfold } from "./fold.js";
import { hear, isCalm, make, one, page } from "./page.js";
import { beingRead, keepPlace, view } from "./place.js";
import { showWaiting } from "./stream.js";
import { stamp } from "./times.js";
import { _, label, plural } from "./words.js";

const NOT_ON_SCREEN = "(not seen)";
/** @type {Set<HTMLElement>} */
const unread = new Set();
let title = document.title;
let hasLine = false;
let isDue = false;

/** Comments that come into sight are seen. */
const observer = new IntersectionObserver((entries) => {
  if (document.hidden) return;
  for (const { target, isIntersecting } of entries) if (isIntersecting) see(/** @type {HTMLElement} */ (target));
}, {});

/** @param {HTMLElement} comment */
function see(comment) {
  const { top, bottom } = view();
  const box = comment.getBoundingClientRect();
  const shown = Math.min(box.bottom, bottom) - Math.max(box.top, top);
  if (box.height === 0 || isFolded(comment) || shown < Math.min(box.height / 2, 80)) return;
  unread.delete(comment);
  observer.unobserve(comment);
  update();
}

/** @param {HTMLElement} comment @param {import("./page.js").LogEvent} event */
function arrive(comment, event) {
  if (String(event.author ?? NOT_ON_SCREEN) === page.me) return;
  unread.add(comment);
  observer.observe(comment);
  requestAnimationFrame(() => {
    if (!document.hidden) see(comment);
    if (unread.has(comment)) draw(comment, event);
    update();
  });
}

/** Draw the line before the first comment that waits; once a visit, so that it never moves. */
function draw(/** @type {HTMLElement} */ comment, /** @type {import("./page.js").LogEvent} */ event) {
  const isInSight = comment.getBoundingClientRect().top < view().bottom;
  if (hasLine || !comment.isConnected || comment.hidden || isFolded(comment) || (isInSight && !document.hidden)) return;
  hasLine = true;
  const at = event.at ?? new Date().toISOString();
  const words = make("span", {}, _("New since"), " ", make("time", { datetime: at }, stamp(new Date(at))));
  keepPlace(() => comment.before(make("li", { class: "unread-line", "data-unread-line": "" }, words)));
}

/** The comments that the bar speaks of: those of the question being read, or else all others. */
function spokenOf() {
  for (const comment of unread) if (!comment.isConnected) unread.delete(comment);
  const question = beingRead();
  const here = [...unread].filter((comment) => comment.closest("section")?.dataset.question === question);
  return here.length ? here : [...unread];
}

/** The one of them that stands first on the page. @param {HTMLElement[]} comments */
const firstOf = ([first, ...others]) =>
  others.reduce((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? a : b), first);

function update() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(show);
  // Frames do not come in a hidden tab, where the title is all that is seen.
  if (document.hidden) setTimeout(show, 0);
}

function show() {
  isDue = false;
  const comments = spokenOf();
  document.title = unread.size ? `(${unread.size}) ${title}` : title;
  const bar = one("[data-new]");
  if (!bar) return;
  bar.hidden = comments.length === 0;
  if (!comments.length) return;
  const questions = new Set(comments.map((comment) => comment.dataset.question));
  const [question] = questions;
  const n = comments.length;
  let words = plural(n, "1 new answer", "{n} new answers");
  if (questions.has("")) words = plural(n, "1 new comment", "{n} new comments");
  else if (questions.size === 1)
    words = plural(n, "1 new answer to {where}", "{n} new answers to {where}", { where: label(question) });
  const box = firstOf(comments).getBoundingClientRect();
  const arrow = box.height > 0 && box.top < view().top ? "↑" : "↓";
  bar.replaceChildren(`${words} `, make("span", { "aria-hidden": "true" }, arrow));
}

/** Lead to the first comment not seen yet and focus it. */
export function goToNext() {
  const comments = spokenOf();
  if (!comments.length) return;
  showWaiting(true);
  goTo(firstOf(comments));
}

/** Bring a comment into sight and give it the focus. @param {HTMLElement} comment */
export function goTo(comment) {
  unfold(comment);
  if (!comment.hasAttribute("tabindex")) comment.tabIndex = -1;
  comment.scrollIntoView({ block: "start", behavior: isCalm() ? "instant" : "auto" });
  comment.focus({ preventScroll: true });
}

export function start() {
  hear("arrived", ({ place, event }) => arrive(place, event));
  hear("morphed", update);
  // A host may have given the discussion another one.
  hear("fetched", (fresh) => {
    title = fresh.title;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const comment of unread) see(comment);
  });
  addEventListener(
    "scroll",
    () => {
      for (const comment of unread) see(comment);
      if (unread.size) update();
    },
    { passive: true },
  );
  one("[data-new]")?.addEventListener("click", goToNext);
}
