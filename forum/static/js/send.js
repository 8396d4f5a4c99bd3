/** Requests to our own server. Nothing here throws for an answer: a refusal is a value, like any other. */

import { make, one, page } from "./page.js";
import { learnTime } from "./server-time.js";
import { _ } from "./words.js";

/**
 * @typedef {{code: string, message: string, retry_after?: number, fields?: Record<string, string>, theirs?: Record<string, string>, seen?: string}} Refusal
 * @typedef {{ok: boolean, status: number, data: any, error: Refusal | null}} Answer
 */

const LOST = _("The server cannot be reached. What you typed is still here: try again in a moment.");

const SIGNED_OUT = _(
  "You are not signed in, or no longer. Sign in in another tab: this page keeps what you typed, and can send it afterwards.",
);

const SOMEBODY_ELSE = _(
  "Somebody else is signed in here by now. Nothing was sent: copy what you typed, then load the page again.",
);

/** Who writes on this page: whom it was made for, or else the first to sign in meanwhile. */
let writer = page.me;

/** @returns {Answer} */
const unanswered = () => ({ ok: false, status: 0, data: null, error: { code: "lost", message: LOST } });

/** A limit in seconds, where the browser knows how. @param {number} seconds */
const within = (seconds) => (AbortSignal.timeout ? AbortSignal.timeout(seconds * 1000) : undefined);

/** @param {Response} response @returns {Promise<Answer>} */
async function read(response) {
  const data = await response.json().catch(() => null);
  // Cut off in the middle by a bad line, an answer says nothing: as if none had come.
  if (response.ok) return data === null ? unanswered() : { ok: true, status: response.status, data, error: null };
  const after = Number(response.headers.get("Retry-After"));
  const error = data?.error ?? { code: "fault", message: _("Something went wrong. Your text is kept; try again.") };
  // Whoever is refused for another reason may try again as soon as they have mended it.
  if (after > 0 && !error.retry_after && [429, 503].includes(response.status)) error.retry_after = after;
  return { ok: false, status: response.status, data, error };
}

/**
 * Send a form and read the JSON that comes back. Status 0 means that no answer came.
 *
 * The token, or the whole session, may have ended in another tab. Who is still or again signed in sends with the new
 * token without a word of it; who is not is told to sign in beside this page. What was written under one name is never
 * sent under another.
 * @param {string} address
 * @param {Record<string, string> | FormData} fields
 * @returns {Promise<Answer>}
 */
export async function post(address, fields) {
  if (writer && page.me && page.me !== writer) return toSomebodyElse;
  const answer = await deliver(address, fields);
  const code = answer.error?.code ?? "";
  if (code !== "csrf" && !(code === "not_found" && page.me)) return answer;
  const fresh = await aboutPage();
  if (!fresh) return answer;
  const error = changed(fresh);
  if (error) return { ...answer, error };
  if (code !== "csrf") return answer;
  adoptToken(fresh);
  return deliver(address, fields);
}

/** @type {Refusal} */
const somebodyElse = { code: "csrf", message: SOMEBODY_ELSE };

/** @type {Answer} */
const toSomebodyElse = { ok: false, status: 403, data: null, error: somebodyElse };

/** Any page says who is signed in; this one is there for everybody, and light. */
const aboutPage = () => getPage("/about");

/** What a fresh page says of whoever wrote on this one; null where they are signed in as before. @param {Document} fresh */
function changed(fresh) {
  const { me } = fresh.body.dataset;
  if (!me) return { code: "sign_in", message: SIGNED_OUT };
  return writer && me !== writer ? somebodyElse : null;
}

/**
 * Why a page of ours is no longer there for whoever has it open: `sign_in`, `csrf` for somebody else, or `not_found`.
 * @returns {Promise<Refusal | null>} null where the server cannot be asked
 */
export async function refusedHere() {
  const fresh = await aboutPage();
  return fresh && (changed(fresh) ?? { code: "not_found", message: "" });
}

/** @param {string} address @param {Record<string, string> | FormData} fields @returns {Promise<Answer>} */
async function deliver(address, fields) {
  const body = new URLSearchParams();
  const entries = fields instanceof FormData ? [...fields.entries()] : Object.entries(fields);
  for (const [name, value] of entries) body.set(name, String(value));
  const token = csrfToken();
  if (token) body.set("csrf_token", token);
  try {
    const response = await fetch(address, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: within(20),
    });
    learnTime(response.headers.get("Date"));
    return await read(response);
  } catch {
    return unanswered();
  }
}

/**
 * What a refusal says, and where to sign in if that is what it needs: beside the page, which keeps what is typed.
 * @param {Refusal | null} error
 * @returns {(Node | string)[]}
 */
export function explain(error) {
  const { message = _("That did not work. Try again."), fields = {} } = error ?? {};
  // Some refusals say in their message what they say of the fields.
  const words = [message, ...Object.values(fields).filter((fault) => !message.includes(fault))].join(" ");
  if (error?.code !== "sign_in") return [words];
  const next = encodeURIComponent(location.pathname);
  const link = make("a", { href: `/sign-in?next=${next}`, target: "_blank" }, _("Sign in"));
  link.append(" ", make("small", {}, _("(opens in a new tab)")));
  return [words, " ", link];
}

/** @param {string} address @returns {Promise<Answer>} */
export async function getJson(address) {
  try {
    const response = await fetch(address, {
      headers: { Accept: "application/json" },
      signal: within(15),
    });
    return await read(response);
  } catch {
    return unanswered();
  }
}

/**
 * Fetch a page of ours as a document.
 * @param {string} address
 * @returns {Promise<Document | null>}
 */
export const getPage = async (address) => (await askPage(address)).fresh;

/**
 * The same, with the status that was answered; 0 means that no answer came.
 * @param {string} address
 * @returns {Promise<{status: number, fresh: Document | null}>}
 */
export async function askPage(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: within(20) });
    const { ok, status } = response;
    return { status, fresh: ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null };
  } catch {
    return { status: 0, fresh: null };
  }
}

const meta = (/** @type {ParentNode} */ root) =>
  /** @type {HTMLMetaElement | null} */ (one("meta[name=csrf-token]", root));

export const csrfToken = () => meta(document)?.content ?? "";

/**
 * Take over the token of a freshly fetched page, and whose it is: after signing in or out in another tab.
 * @param {Document} fresh
 */
export function adoptToken(fresh) {
  const { me = "" } = fresh.body.dataset;
  writer ||= me;
  document.body.dataset.me = me;
  const theirs = meta(fresh);
  const ours = meta(document);
  if (theirs && ours) ours.content = theirs.content;
  else if (theirs) document.head.append(document.importNode(theirs, true));
  else ours?.remove();
}
