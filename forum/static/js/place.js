/** The reading place: what somebody reads never moves because of what others do. */

import { isFolded } from "./fold.js";
import { all, one, tell, writingField } from "./page.js";

const NEAR_END = 100;

// Safari does not keep the place, and Chromium's own anchoring moved the text by 33 px when the bar of new answers came up at
// the end of the page. One way for all: the script keeps it, and the browser keeps out.
document.documentElement.style.setProperty("overflow-anchor", "none");

/** The visible part of the page between the bars on top and the composer below, in pixels of the viewport. */
export function view() {
  const top = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  const dock = document.getElementById("say")?.getBoundingClientRect();
  const bottom = dock && dock.height > 0 && dock.top > top && dock.top < innerHeight ? dock.top : innerHeight;
  return { top, bottom };
}

/** @returns {Element | undefined} the first readable part in sight: a question, or what stands in a list of comments */
function firstInSight() {
  const { top, bottom } = view();
  /** @param {Element | null} part */
  const isInSight = (part) => {
    const box = part?.getBoundingClientRect();
    return Boolean(box && box.height > 0 && box.bottom > top && box.top < bottom);
  };
  for (const section of all("main section.question").filter(isInSight)) {
    const card = one(".question-card", section);
    const list = one(".answers", section);
    const found = isInSight(card) ? card : list && !isFolded(list) && firstBelow(list, top);
    if (!found || !isInSight(found)) continue;
    // One whose beginning is above may itself change its size: the next one is what is held, if it is in sight.
    const next = found === card ? null : visible(found.nextElementSibling, "nextElementSibling");
    return next && isInSight(next) && found.getBoundingClientRect().top < top ? next : found;
  }
}

/**
 * The first part of a list that reaches below `top`, found by halving: a reader at the end of a thousand comments has them
 * all above.
 * @param {HTMLElement} list
 * @param {number} top
 */
function firstBelow({ children }, top) {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // What is hidden lies nowhere; the next that has a place speaks for it.
    const part = visible(children[middle], "nextElementSibling");
    if (part && part.getBoundingClientRect().bottom <= top) low = middle + 1;
    else high = middle;
  }
  return visible(children[low] ?? null, "nextElementSibling");
}

/**
 * Change the page without moving what is in sight.
 * @template T
 * @param {() => T} change
 * @returns {T}
 */
export function keepPlace(change) {
  const anchor = firstInSight();
  const before = anchor?.getBoundingClientRect().top ?? 0;
  const result = change();
  tell("changed");
  if (anchor?.isConnected) {
    const moved = anchor.getBoundingClientRect().top - before;
    if (moved) scrollBy({ top: moved, behavior: "instant" });
  }
  return result;
}

/**
 * Whether an insertion before `next` (or at the end of `list`) would push down something that is being read.
 * @param {HTMLElement} list
 * @param {Element | null} next
 */
export function wouldPush(list, next) {
  if (isFolded(list)) return false;
  const { top, bottom } = view();
  const previous = visible(next ? next.previousElementSibling : list.lastElementChild, "previousElementSibling");
  const edge = (previous ?? list).getBoundingClientRect()[previous ? "bottom" : "top"];
  if (edge <= top || edge >= bottom) return false;
  const box = (visible(next, "nextElementSibling") ?? followingSection(list))?.getBoundingClientRect();
  return Boolean(box && box.height > 0 && box.top < bottom);
}

/**
 * The first element from `element` on, in one direction, that takes up room.
 * @param {Element | null} element
 * @param {"previousElementSibling" | "nextElementSibling"} direction
 */
function visible(element, direction) {
  let found = element;
  while (found && found.getBoundingClientRect().height === 0) found = found[direction];
  return found;
}

/** @param {HTMLElement} list */
function followingSection(list) {
  const sections = all("main section.question");
  const here = sections.findIndex((section) => section.contains(list));
  return here < 0 ? undefined : sections[here + 1];
}

/**
 * Whether the reader sits at the end of `list` and wants to see what comes (spec A6, Campfire's threshold).
 * @param {HTMLElement} list
 */
export function follows(list) {
  const field = writingField();
  const active = document.activeElement;
  const isWriting = field !== null && field.value !== "" && active === field;
  const isInStream = active instanceof Element && active.closest(".answers") !== null;
  const selection = getSelection();
  const hasSelection = selection !== null && !selection.isCollapsed;
  if (document.hidden || isWriting || isInStream || hasSelection || document.body.dataset.paused) return false;
  if (isFolded(list)) return false;
  const end = list.getBoundingClientRect().bottom;
  return scrollY > 0 && Math.abs(end - view().bottom) <= NEAR_END;
}

/** Bring the end of `list` into sight, without motion of its own. @param {HTMLElement} list */
export function showEnd(list) {
  const hidden = list.getBoundingClientRect().bottom - view().bottom;
  if (hidden > 0) scrollBy({ top: hidden, behavior: "instant" });
}

/** The question whose part of the page is in the middle of what is seen: its `data-question`, or null. */
export function beingRead() {
  const { top, bottom } = view();
  const middle = (top + bottom) / 2;
  const found = all("main section.question").find((section) => {
    const box = section.getBoundingClientRect();
    return box.height > 0 && box.top <= middle && box.bottom >= middle;
  });
  return found?.dataset.question ?? null;
}
