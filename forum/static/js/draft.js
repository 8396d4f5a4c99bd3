/**
 * What is being typed, kept in this browser. Each tab has its own entry, so that two tabs never overwrite each other; a tab
 * that has nothing takes a copy of the newest entry of another one (a crash, or signing in elsewhere). What somebody
 * typed who was signed in waits for them, and nobody else who uses this browser sees it; what a visitor typed is whoever
 * signs in's.
 */

import { page } from "./page.js";
import { trying } from "./trying.js";

/**
 * @typedef {{body: string, question: string, reply_to: string, reply_name: string, key: string, at: number, me?: string, from?: string, wasSent?: boolean, for?: string}} Draft
 */

const PREFIX = `roundtext:draft:${page.discussion}:`;
const TAB = "roundtext:tab";
const KEEP_DAYS = 7;

/** A name that nobody else has; `randomUUID` exists only on https and localhost. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The tab's name is written only while the page is left, so that a duplicated tab gets a name of its own. */
const tab = trying(() => sessionStorage.getItem(TAB)) ?? newKey();
trying(() => sessionStorage.removeItem(TAB));
addEventListener("pagehide", () => trying(() => sessionStorage.setItem(TAB, tab)));
addEventListener("pageshow", (event) => event.persisted && trying(() => sessionStorage.removeItem(TAB)));

/** Whom this page was made for: it may become somebody else's while it is open, and what stands in it does not. */
const { me } = page;
const own = `${PREFIX}${tab}:${me}`;

/** @param {string} name @returns {Draft | null} */
function read(name) {
  const found = trying(() => JSON.parse(localStorage.getItem(name) ?? "null"));
  return found && typeof found.body === "string" ? found : null;
}

/** @returns {string[]} the names of all entries for this discussion */
const names = () => trying(() => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) ?? [];

/** Find what was typed: by this tab, or else a copy of what was typed last in another. @returns {Draft | null} */
export function restore() {
  const oldest = Date.now() - KEEP_DAYS * 86_400_000;
  let newest = null;
  for (const name of names()) {
    const draft = read(name);
    if (!draft || draft.at < oldest) trying(() => localStorage.removeItem(name));
    else if (draft.me && draft.me !== me) continue;
    else if (name === own) return draft;
    else if (!newest || draft.at > newest.at) newest = { ...draft, from: name };
  }
  return newest;
}

/** @param {Draft} draft @returns {boolean} whether this browser has kept it */
export function save(draft) {
  return trying(() => localStorage.setItem(own, JSON.stringify({ ...draft, me, at: Date.now() }))) !== null;
}

/** Leave what this tab had kept to another one, as if it were that of a tab that is gone. */
export function setAside() {
  trying(() => {
    const kept = localStorage.getItem(own);
    if (kept) localStorage.setItem(`${PREFIX}${newKey()}:${me}`, kept);
    localStorage.removeItem(own);
  });
}

/**
 * Forget what has been posted, and the entry it was copied from while that still says the same.
 * @param {Draft} [draft]
 */
export function forget(draft) {
  trying(() => localStorage.removeItem(own));
  if (draft?.from && read(draft.from)?.body === draft.body) {
    const { from } = draft;
    trying(() => localStorage.removeItem(from));
  }
}

/**
 * Hear when another tab has posted or thrown away what this tab shows too: `gone` gets the entry's name and its text.
 * @param {(name: string, body: string) => void} gone
 */
export function onPostedElsewhere(gone) {
  addEventListener("storage", (event) => {
    if (!event.key?.startsWith(PREFIX) || event.newValue !== null || !event.oldValue) return;
    const draft = trying(() => JSON.parse(event.oldValue ?? ""));
    if (draft) gone(event.key, draft.body);
  });
}

/** @param {string} name */
export const isOwn = (name) => name === own;

/** Tabs that are open answer for their entry; one that nobody answers for was left by a crash and is taken over. */
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("roundtext:drafts");

/** @param {string} from the entry that was copied @param {() => void} takeOver */
export function ifAbandoned(from, takeOver) {
  if (!channel) return;
  let isAlive = false;
  /** @param {MessageEvent} event */
  const listen = (event) => {
    isAlive ||= event.data?.alive === from;
  };
  channel.addEventListener("message", listen);
  channel.postMessage({ ask: from });
  setTimeout(() => {
    channel.removeEventListener("message", listen);
    if (isAlive) return;
    trying(() => localStorage.removeItem(from));
    takeOver();
  }, 600);
}

channel?.addEventListener("message", (event) => {
  if (event.data?.ask === own) channel.postMessage({ alive: own });
});
