/**
 * What has been sent off and is not confirmed yet. Every entry lies in localStorage until the server has answered, and
 * carries a key, so that sending it again (after a crash, from two tabs) never makes two comments.
 */

import { hear, page, tell } from "./page.js";
import { post } from "./send.js";
import { trying } from "./trying.js";
import { _ } from "./words.js";

/**
 * @typedef {{key: string, body: string, question: string, reply_to: string, reply_name: string, me: string, at: number, for?: string}} Entry
 * @typedef {import("./send.js").Refusal} Refusal
 */

const PREFIX = `roundtext:outbox:${page.discussion}:`;
const RETRIES = [2, 5, 15, 30];

/** @type {Map<string, {entry: Entry, tries: number, isSending: boolean, timer?: ReturnType<typeof setTimeout>}>} */
const waiting = new Map();

/** Send something off. It is shown at once, and kept until it has arrived. @param {Entry} entry */
export function add(entry) {
  trying(() => localStorage.setItem(PREFIX + entry.key, JSON.stringify(entry)));
  waiting.set(entry.key, { entry, tries: 0, isSending: false });
  tell("outbox added", entry);
  void send(entry.key);
}

/** What is said of an entry that does not get there: where its words are. @param {Entry} entry */
export const unsent = ({ key }) =>
  trying(() => localStorage.getItem(PREFIX + key))
    ? _("Not sent. It is kept on this device.")
    : _("Not sent, and this device keeps nothing for us. It stays here until you leave the page: copy it to be safe.");

/** Try again, by the reader's own wish. @param {string} key */
export function retry(key) {
  const item = waiting.get(key);
  if (!item) return;
  item.tries = 0;
  void send(key);
}

/** Take an entry out: it has arrived, or it goes back to its writer. @param {string} key */
export function drop(key) {
  clearTimeout(waiting.get(key)?.timer);
  waiting.delete(key);
  trying(() => localStorage.removeItem(PREFIX + key));
}

/**
 * Whether `event` tells of the comment that was sent as `entry`.
 * @param {{key?: string, author?: number}} event
 * @param {{key: string, me?: string, for?: string}} entry
 */
export const isOf = (event, entry) => event.key === entry.key && String(event.author) === (entry.for || page.me);

/** @param {string} key */
async function send(key) {
  const item = waiting.get(key);
  if (!item || item.isSending) return;
  clearTimeout(item.timer);
  item.isSending = true;
  tell("outbox sending", item.entry);
  const { body, question, reply_to } = item.entry;
  const fields = { body, question, reply_to, key, for: item.entry.for ?? "" };
  const answer = await post(page.at("comments"), fields);
  item.isSending = false;
  if (!waiting.has(key)) return;
  if (answer.ok) {
    drop(key);
    tell("outbox sent", { entry: item.entry, id: answer.data.id, answer: answer.data });
  } else if (answer.status === 0 || answer.status >= 500) {
    again(item, answer.error);
  } else {
    tell("outbox refused", { entry: item.entry, status: answer.status, error: answer.error });
  }
}

/** @param {{entry: Entry, tries: number, timer?: ReturnType<typeof setTimeout>}} item @param {Refusal | null} error */
function again(item, error) {
  const seconds = RETRIES[item.tries];
  item.tries += 1;
  const wait = Math.max(seconds, error?.retry_after ?? 0) * 1000;
  item.timer = seconds ? setTimeout(send, wait, item.entry.key) : undefined;
  tell("outbox failed", { entry: item.entry, error, isLast: !seconds });
}

/** @param {boolean} isPatient whether those that wait for their next turn go on waiting */
function sendAll(isPatient) {
  for (const [key, item] of waiting) if (!isPatient || !item.timer) retry(key);
}

/** Take up what an earlier page could not deliver, and go on as soon as there is a link. */
export function start() {
  for (const name of trying(() => Object.keys(localStorage)) ?? []) {
    if (!name.startsWith(PREFIX)) continue;
    const entry = trying(() => JSON.parse(localStorage.getItem(name) ?? "null"));
    if (entry?.key && entry.me === page.me && page.me) add(entry);
  }
  hear("link", (state) => state === "live" && sendAll(false));
  hear("reached", () => sendAll(true));
  addEventListener("online", () => sendAll(false));
  // The push may come before the answer; the key says that it is the same comment.
  hear("event", (event) => {
    const item = event.key ? waiting.get(event.key) : undefined;
    if (!item || !isOf(event, item.entry)) return;
    drop(event.key);
    tell("outbox sent", { entry: item.entry, id: event.id, answer: null });
  });
  // Another tab has thrown it away, taken it back or sent it: this one must not send it any more.
  addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith(PREFIX) && newValue === null) tell("take back", key.slice(PREFIX.length));
  });
}
