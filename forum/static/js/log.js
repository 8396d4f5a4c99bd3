/** Keeps the page's place in the log: what comes is applied once and in order, and a hole is asked for. */

import { page, tell } from "./page.js";
import { getJson } from "./send.js";
import { apply } from "./stream.js";

/** @typedef {import("./page.js").Frame} Frame */

let isAsking = false;
/** How far the log is known to reach, though we may not have read so far. */
let known = 0;

/**
 * Take in a frame: the part (after, seq] of the log. What we have already is dropped; a hole is asked for.
 * @param {Frame} frame
 */
export function take(frame) {
  if (frame.discussion !== undefined && frame.discussion !== page.discussion) return;
  if (frame.reload || frame.epoch !== page.epoch) {
    tell("resync");
    return;
  }
  known = Math.max(known, frame.seq);
  if ((frame.after ?? page.seq) > page.seq) {
    void catchUp();
    return;
  }
  for (const event of frame.events) if (event.seq > page.seq) applySafely(event);
  page.seq = Math.max(page.seq, frame.seq);
}

/** What cannot be applied is a fault of ours; a fresh page mends it. @param {import("./page.js").LogEvent} event */
function applySafely(event) {
  try {
    apply(event);
  } catch (error) {
    console.error(event.kind, error);
    tell("resync");
  }
}

/** Ask for everything after what we have. One question at a time; asked again while the log is known to reach further. */
export async function catchUp() {
  if (isAsking) return;
  isAsking = true;
  try {
    for (let round = 0; round < 5; round++) {
      const { ok, status, data } = await getJson(page.at(`events?after=${page.seq}&epoch=${page.epoch}`));
      if (status === 404) tell("gone");
      if (!ok) {
        tell("unreachable");
        return;
      }
      tell("reached");
      take({ ...data, after: page.seq });
      if (data.reload || page.seq >= known) return;
    }
  } finally {
    isAsking = false;
  }
}
