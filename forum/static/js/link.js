/**
 * The connection to the log: pushed frames by WebSocket, holes repaired by asking, and checking every 20 s where no
 * WebSocket gets through. A push is a courtesy; what counts is that `page.seq` reaches the log's end.
 */

import { catchUp, take } from "./log.js";
import { hear, page, tell } from "./page.js";
import { socket } from "./socket.js";

/** @typedef {import("./page.js").Frame} Frame */

const CHECK_EVERY = 20_000;
const CALL_IT_LOST_AFTER = 5_000;
const FAILURES_BEFORE_CHECKING = 3;
const HIDDEN_TOO_LONG = 60_000;
const SAY_TYPING_EVERY = 2_000;

let failures = 0;
let hiddenSince = 0;
let typingAt = Number.NEGATIVE_INFINITY;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let lostTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let checkTimer;

/** What is pushed before a join is answered: it comes after what the answer tells. @type {Frame[] | undefined} */
let early;
/** Whoever comes back after a lost link is no new arrival. */
let hasCome = false;

const line = socket({
  connect: join,
  lose,
  // Each new attempt follows a failure, also of a kind that is no error: a proxy that takes the connection and drops it.
  retry: fail,
  events: {
    events: (frame) => (early ? early.push(frame) : take(frame)),
    presence: (said) => said.discussion === page.discussion && tell("presence", said),
    // A right that has ended. Whoever was signed out is hung up on too, and comes back as a visitor.
    revoked: (said) => said.discussion === page.discussion && leave(),
    status: (said) => said.discussion === page.discussion && tell("pushed status", said),
  },
});

function join() {
  const place = { discussion: page.discussion, after: page.seq, epoch: page.epoch, again: hasCome };
  early = [];
  lose(); // until it is answered nothing is heard, also where the line itself was never lost
  line.ask("join", place, (/** @type {Frame | undefined} */ frame) => {
    const pushed = early ?? [];
    early = undefined;
    if (!frame || frame.error) {
      if (frame?.error?.code === "not_found") leave();
      else setTimeout(() => line.isConnected() && join(), 2_000 + Math.random() * 2_000);
      return;
    }
    hasCome = true;
    clearTimeout(lostTimer);
    lostTimer = undefined;
    clearInterval(checkTimer);
    checkTimer = undefined;
    failures = 0;
    tell("link", "live");
    for (const next of [frame, ...pushed]) take(next);
  });
}

/** There is nothing here for this person any more, so asking again would only be refused. */
function leave() {
  line.disconnect();
  clearTimeout(lostTimer);
  tell("link", "gone");
  tell("gone");
}

/** Say that the link is lost, but only when it stays lost. */
function lose() {
  lostTimer ??= setTimeout(() => {
    tell("link", checkTimer ? "checking" : "lost");
    check();
  }, CALL_IT_LOST_AFTER);
}

function check() {
  if (!document.hidden) void catchUp();
}

function fail() {
  failures += 1;
  lose();
  if (failures < FAILURES_BEFORE_CHECKING || checkTimer) return;
  checkTimer = setInterval(check, CHECK_EVERY);
  tell("link", "checking");
  check();
}

function comeBack() {
  const wasLong = hiddenSince > 0 && Date.now() - hiddenSince > HIDDEN_TOO_LONG;
  hiddenSince = 0;
  if (wasLong || !line.isConnected()) void catchUp();
  line.connect();
}

/** Open the link of this page and keep it open. */
export function start() {
  // At each key, a key held down would say more than a socket may.
  hear("typing", (question) => {
    if (!page.me || performance.now() < typingAt + SAY_TYPING_EVERY) return;
    typingAt = performance.now();
    line.say("typing", { discussion: page.discussion, question });
  });
  hear("come back", () => {
    line.disconnect();
    line.connect();
  });
  hear("check now", () => {
    void catchUp();
    line.connect();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = Date.now();
    else comeBack();
  });
  // The browser knows sooner than the socket, which would wait for a missing answer to its ping.
  addEventListener("offline", () => {
    line.disconnect();
    lose();
  });
  addEventListener("online", comeBack);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  lose();
  line.connect();
}
