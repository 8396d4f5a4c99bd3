/**
 * The wire: Socket.IO 5 over Engine.IO 4, by WebSocket only. That is all our server speaks, and a tenth of the bytes of
 * the library for every transport (12 KB compressed, a quarter of what a first visit may cost).
 * Protocols: socket.io/docs/v4/engine-io-protocol and socket.io/docs/v4/socket-io-protocol.
 */

const OPEN_WITHIN = 6_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 5_000;
/**
 * A server that is restarted says so: `moving` while it still hears, if another one serves, so that the next connection
 * stands before this one ends; or code 1001 with the end, and its successor takes over at once.
 */
const MOVING = "moving";
const GOING_AWAY = 1001;
const SENT_ON_RETRY = 150;
/** Each wait is up to this much longer or shorter, so that thousands who were cut off do not come back as one. */
const SPREAD = 0.6;

/**
 * What a socket tells: `connect` each time it stands, `lose` each time it does not (any more), `retry` before each new
 * attempt, and `events` by name.
 * @typedef {{connect: () => void, lose: () => void, retry: () => void, events: Record<string, (said: any) => void>}} Ear
 */

/** Make a socket that stays closed until `connect()`, and then comes back by itself until `disconnect()`. @param {Ear} ear */
export function socket(ear) {
  /** @type {WebSocket | undefined} */
  let wire;
  /** What is to follow `wire`, which meanwhile still hears. @type {WebSocket | undefined} */
  let next;
  let isConnected = false;
  let attempts = 0;
  let moves = 0;
  let silence = OPEN_WITHIN;
  let asked = 0;
  /** @type {Map<string, (answer: any) => void>} */
  const waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;

  function dial() {
    const opened = new WebSocket(`${location.origin.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    opened.onmessage = ({ data }) => typeof data === "string" && hear(opened, data);
    opened.onclose = ({ code }) => {
      if (opened === wire) end(true, isConnected && code === GOING_AWAY);
      else if (opened === next) move();
    };
    return opened;
  }

  function open() {
    clearTimeout(retry);
    retry = undefined;
    follow(dial());
  }

  /** @param {WebSocket} opened */
  function follow(opened) {
    wire = opened;
    wait(OPEN_WITHIN);
  }

  /** A server that is silent for longer than it promised is gone, whatever the browser believes. */
  function wait(longest = silence) {
    clearTimeout(patience);
    patience = setTimeout(() => end(true), longest);
  }

  /** @param {number} usual @param {() => void} todo */
  function later(usual, todo) {
    clearTimeout(retry);
    retry = setTimeout(todo, usual * (1 + SPREAD * (2 * Math.random() - 1)));
  }

  /** Open the next connection, again and again and ever less often, for as long as this one stands. */
  function move() {
    next = undefined;
    later(Math.min(SENT_ON_RETRY * 2 ** moves, LAST_RETRY), () => {
      next = dial();
    });
    moves += 1;
  }

  /** @param {WebSocket} from @param {string} frame */
  function hear(from, frame) {
    if (frame[0] === "0" && (from === wire || from === next)) greet(from, JSON.parse(frame.slice(1)));
    else if (from === next && frame.startsWith("40")) takeOver();
    else if (from === wire) listen(from, frame);
  }

  /** @param {WebSocket} from @param {string} frame */
  function listen(from, frame) {
    wait();
    if (frame === "2") from.send("3");
    else if (frame[0] === "1" || frame.startsWith("41") || frame.startsWith("44")) end(true);
    else if (frame.startsWith("40")) stand();
    else if (frame.startsWith("42")) {
      const [name, said] = JSON.parse(frame.slice(2));
      if (name !== MOVING) ear.events[name]?.(said);
      else if (!next) move();
    } else if (frame.startsWith("43")) {
      const start = frame.indexOf("[");
      const number = frame.slice(2, start);
      waiting.get(number)?.(JSON.parse(frame.slice(start))[0]);
      waiting.delete(number);
    }
  }

  /** @param {WebSocket} from @param {{pingInterval: number, pingTimeout: number}} promise */
  function greet(from, promise) {
    silence = promise.pingInterval + promise.pingTimeout;
    from.send("40");
    wait();
  }

  function stand() {
    isConnected = true;
    attempts = moves = 0;
    ear.connect();
  }

  /** Go on with the next connection. What was asked on the last one is asked again. */
  function takeOver() {
    const left = wire;
    wire = next;
    next = undefined;
    waiting.clear();
    wait();
    stand();
    left?.close();
  }

  /** @param {boolean} isComingBack @param {boolean} [wasSentOn] */
  function end(isComingBack, wasSentOn = false) {
    clearTimeout(patience);
    clearTimeout(retry);
    retry = undefined;
    const closed = wire;
    const started = next;
    wire = next = undefined;
    isConnected = false;
    closed?.close();
    waiting.clear();
    if (!isComingBack) started?.close();
    else if (started) follow(started);
    else {
      const usual = wasSentOn ? SENT_ON_RETRY : Math.min(FIRST_RETRY * 2 ** attempts, LAST_RETRY);
      if (!wasSentOn) attempts += 1;
      later(usual, () => {
        ear.retry();
        open();
      });
    }
    if (closed) ear.lose();
  }

  return {
    /** Whether what is said now is heard. */
    isConnected: () => isConnected,
    /** Open it now, also in the middle of a wait for the next attempt. */
    connect: () => wire ?? open(),
    /** Close it until `connect()`. */
    disconnect: () => end(false),
    /** Say something that may get lost. @param {string} event @param {object} said */
    say: (event, said) => isConnected && wire?.send(`42${JSON.stringify([event, said])}`),
    /** Say something and wait for the answer; after 10 s without one `answered` hears nothing. @param {string} event
     * @param {object} said @param {(answer: any) => void} answered */
    ask(event, said, answered) {
      const number = String(asked++);
      const lost = setTimeout(() => waiting.delete(number) && answered(undefined), 10_000);
      waiting.set(number, (answer) => {
        clearTimeout(lost);
        answered(answer);
      });
      wire?.send(`42${number}${JSON.stringify([event, said])}`);
    },
  };
}
