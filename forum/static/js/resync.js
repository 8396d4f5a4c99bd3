/**
 * Makes the page equal to a freshly fetched one: after a long absence, a restored database, or a change of seats or of the
 * discussion itself. The composer and what waits in it stay as they are.
 */

import { morph, morphRegion, takeStatus } from "./morph.js";
import { all, hear, one, page, parse, tell } from "./page.js";
import { keepPlace } from "./place.js";
import { adoptToken, getPage } from "./send.js";
import { listOf, put } from "./stream.js";
import { write } from "./words.js";

const JITTER = 700;
const MOST_TRIES = 4;
const LATER = 15_000;

/** What a page says of itself only while it is so. */
const MAY_END = ["slowSeconds", "late", "openQuestion"];

let isRunning = false;
let isWanted = false;
let isGone = false;

/** Fetch and morph; calls that come meanwhile lead to one more round. */
export async function resync() {
  isWanted = true;
  if (isRunning) return;
  isRunning = true;
  try {
    for (let tries = 0; isWanted && tries < MOST_TRIES; tries++) {
      isWanted = false;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * JITTER + tries * 1000));
      const fresh = await getPage(location.pathname + location.search);
      const theirs = fresh?.body.dataset;
      // A page from a cache may be older than what was pushed to us: then ask again. On a slow line all are; what is
      // missing in the last one is asked for.
      const isOlder = theirs?.epoch === page.epoch && Number(theirs.seq) < page.seq;
      const isLast = tries === MOST_TRIES - 1;
      if (!fresh || theirs?.discussion !== String(page.discussion) || (isOlder && !isLast)) isWanted = true;
      else keepPlace(() => become(fresh));
      if (isOlder && isLast) tell("check now");
    }
  } finally {
    isRunning = false;
    if (isWanted && !isGone) setTimeout(resync, LATER * (1 + Math.random()));
  }
}

/** @param {Document} fresh */
function become(fresh) {
  const before = page.phase;
  tell("fetched", fresh);
  for (const name of MAY_END) delete document.body.dataset[name];
  Object.assign(document.body.dataset, { ...fresh.body.dataset });
  adoptToken(fresh);
  for (const section of all("main section.question", fresh)) {
    if (!document.getElementById(section.id)) addEmpty(section, fresh);
  }
  for (const region of all("[data-region]", fresh)) morphRegion(region.dataset.region ?? "", region);
  for (const line of all("section.question > details > summary", fresh)) takeLine(line);
  for (const list of all("[data-answers]", fresh)) takeComments(list);
  addComposer(fresh);
  tell("morphed");
  tell("status", { phase: page.phase, before });
}

/** A discussion that opens again gets its composer; one that is there is never touched. @param {Document} fresh */
function addComposer(fresh) {
  const dock = one("form[data-composer]", fresh)?.closest(".dock");
  if (!dock || one("form[data-composer]")) return;
  one("main")?.append(document.importNode(dock, true));
  tell("composer added");
}

/** Add a section that is new here, without its comments: they come by the same road as all others. */
function addEmpty(/** @type {HTMLElement} */ section, /** @type {Document} */ fresh) {
  const copy = /** @type {HTMLElement} */ (document.importNode(section, true));
  for (const comment of all(".comment", copy)) comment.remove();
  tell("prepare", copy);
  const order = all("main section.question", fresh).map((other) => other.id);
  const next = order.slice(order.indexOf(section.id) + 1).find((id) => document.getElementById(id));
  if (next) document.getElementById(next)?.before(copy);
  else all("main section.question").at(-1)?.after(copy);
}

/** The line of a fold says how much is in it, and is no region. @param {HTMLElement} theirs */
function takeLine(theirs) {
  const ours = one(`#${theirs.closest("section")?.id} > details > summary`);
  if (ours) morph(ours, theirs);
}

/** @param {HTMLElement} theirs the list of a fresh page */
function takeComments(theirs) {
  const ours = listOf(theirs.dataset.answers);
  if (!ours || ours.dataset.answers !== theirs.dataset.answers) return;
  const comments = all(".comment", theirs);
  const ids = new Set(comments.map((comment) => comment.id));
  const first = Number(comments[0]?.dataset.id ?? Number.POSITIVE_INFINITY);
  const earlier = earlierOf(theirs);
  const total = comments.length + Number(earlier?.dataset.left ?? 0);
  for (const old of all(".comment[data-id]", ours)) {
    if ((Number(old.dataset.id) > first || !earlier) && !ids.has(old.id)) old.remove();
  }
  for (const comment of comments) put(comment.outerHTML, true);
  showEarlier(ours, total - all(".comment[data-id]", ours).length, earlier);
}

/** @param {Element} list */
const earlierOf = (list) => one(".show-earlier", list.closest("section") ?? list.parentElement ?? document);

/**
 * Say how many older comments there are that this page does not show.
 * @param {HTMLElement} list
 * @param {number} left
 * @param {HTMLElement | null} pattern the fresh page's link, if it has one
 */
export function showEarlier(list, left, pattern = null) {
  let link = earlierOf(list);
  if (left <= 0) {
    link?.remove();
    return;
  }
  if (!link && pattern) {
    link = parse(pattern.outerHTML);
    if (link) list.parentElement?.before(link);
  }
  if (!link) return;
  link.dataset.left = String(left);
  for (const words of all("[data-other]", link)) write(words, left);
}

export function start() {
  hear("resync", resync);
  hear("gone", () => {
    isGone = true;
  });
  hear("link", (state) => state === "live" && isWanted && resync());
  hear("pushed status", (status) => status.phase !== page.phase && takeStatus(status));
  hear("status", ({ phase, before }) => {
    if (before === "closed" && phase !== before && !one("form[data-composer]")) void resync();
  });
}
