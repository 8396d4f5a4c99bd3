/**
 * The connection to the log: pushed frames by WebSocket, holes repaired by asking, and checking every 20 s where no
 * WebSocket gets through. A push is a courtesy; what counts is that `page.seq` reaches the log's end.
 */

import { io } from "../vendor/socket.io.esm.min.js";
import { catchUp, take } from "./log.js";
import { hear, page, tell } from "./page.js";

/** @typedef {import("./page.js").Frame} Frame */

const CHECK_EVERY = 20_000;
const CALL_IT_LOST_AFTER = 5_000;
const FAILURES_BEFORE_CHECKING = 3;
const HIDDEN_TOO_LONG = 60_000;

const socket = io({
  transports: ["websocket"],
  autoConnect: false,
  timeout: 6_000,
  reconnectionDelay: 700,
  reconnectionDelayMax: 10_000,
  randomizationFactor: 0.6,
});

let failures = 0;
let hiddenSince = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let lostTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let checkTimer;

function join() {
  socket
    .timeout(10_000)
    .emit(
      "join",
      { discussion: page.discussion, after: page.seq, epoch: page.epoch },
      (/** @type {any} */ lost, /** @type {Frame} */ frame) => {
        if (lost || frame?.error) {
          if (frame?.error?.code === "not_found") tell("gone");
          else setTimeout(() => socket.connected && join(), 2_000 + Math.random() * 2_000);
          return;
        }
        clearTimeout(lostTimer);
        lostTimer = undefined;
        clearInterval(checkTimer);
        checkTimer = undefined;
        failures = 0;
        tell("link", "live");
        take(frame);
      },
    );
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
  if (wasLong || !socket.connected) void catchUp();
  if (!socket.connected) socket.connect();
}

/** Open the link of this page and keep it open. */
export function start() {
  socket.on("connect", join);
  // Each new attempt follows a failure, also of a kind that is no error: a proxy that takes the connection and drops it.
  socket.io.on("reconnect_attempt", fail);
  socket.on("connect_error", lose);
  socket.on("disconnect", (reason) => {
    lose();
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 500 + Math.random() * 1500);
  });
  socket.on("events", take);
  socket.on("presence", (said) => said.discussion === page.discussion && tell("presence", said));
  socket.on("status", (said) => said.discussion === page.discussion && tell("pushed status", said));
  hear("typing", (question) => {
    if (socket.connected) socket.volatile.emit("typing", { discussion: page.discussion, question });
  });
  hear("check now", () => {
    void catchUp();
    if (!socket.connected) socket.connect();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = Date.now();
    else comeBack();
  });
  // The browser knows sooner than the socket, which would wait for a missing answer to its ping.
  addEventListener("offline", () => {
    socket.disconnect();
    lose();
  });
  addEventListener("online", comeBack);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  lose();
  socket.connect();
}
