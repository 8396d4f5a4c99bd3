/** Requests to our own server. Nothing here throws for an answer: a refusal is a value, like any other. */

import { one } from "./page.js";
import { _ } from "./words.js";

/**
 * @typedef {{code: string, message: string, retry_after?: number, fields?: Record<string, string>, theirs?: Record<string, string>, seen?: string}} Refusal
 * @typedef {{ok: boolean, status: number, data: any, error: Refusal | null}} Answer
 */

const LOST = _("The server cannot be reached. Your text is kept on this device.");

/** A limit in seconds, where the browser knows how. @param {number} seconds */
const within = (seconds) => (AbortSignal.timeout ? AbortSignal.timeout(seconds * 1000) : undefined);

/** @param {Response} response @returns {Promise<Answer>} */
async function read(response) {
  const data = await response.json().catch(() => null);
  if (response.ok) return { ok: data !== null, status: response.status, data, error: null };
  const after = Number(response.headers.get("Retry-After"));
  const error = data?.error ?? { code: "fault", message: _("Something went wrong. Your text is kept; try again.") };
  // Whoever is refused for another reason may try again as soon as they have mended it.
  if (after > 0 && !error.retry_after && [429, 503].includes(response.status)) error.retry_after = after;
  return { ok: false, status: response.status, data, error };
}

/**
 * Send a form and read the JSON that comes back. Status 0 means that no answer came.
 * @param {string} address
 * @param {Record<string, string> | FormData} fields
 * @returns {Promise<Answer>}
 */
export async function post(address, fields) {
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
    return await read(response);
  } catch {
    return { ok: false, status: 0, data: null, error: { code: "lost", message: LOST } };
  }
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
    return { ok: false, status: 0, data: null, error: { code: "lost", message: LOST } };
  }
}

/**
 * Fetch a page of ours as a document.
 * @param {string} address
 * @returns {Promise<Document | null>}
 */
export async function getPage(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: within(20) });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null;
  }
}

const meta = (/** @type {ParentNode} */ root) =>
  /** @type {HTMLMetaElement | null} */ (one("meta[name=csrf-token]", root));

export const csrfToken = () => meta(document)?.content ?? "";

/** Take over the token of a freshly fetched page: after signing in or out in another tab. @param {Document} fresh */
export function adoptToken(fresh) {
  const theirs = meta(fresh);
  const ours = meta(document);
  if (theirs && ours) ours.content = theirs.content;
  else if (theirs) document.head.append(document.importNode(theirs, true));
  else ours?.remove();
}
