/**
 * What every module of a discussion page shares: where the page stands in the log, and a few words for the DOM.
 * Modules talk to each other by `tell` and `hear`, so that none needs to know who listens.
 */

/**
 * @typedef {{phase: string, starts_at?: string, ends_at?: string, open_question?: number | null, slow_seconds?: number, late_until?: string | null}} Status
 * @typedef {{question: number | null, answers: number, panel: number}} Count
 * @typedef {{
 *   seq: number, kind: string, id?: number, question?: number | null, author?: number | null, panel?: boolean,
 *   state?: string, at?: string, key?: string, html?: string, recent?: string | null, quote?: string | null,
 *   parent?: {id: number, replies: number} | null, counts?: Count[], totals?: {comments: number, writers: number},
 *   bar?: [number, number], number?: number | null, section?: string, regions?: Record<string, string>,
 *   status?: Status, resync?: boolean, message?: string, helpful?: Record<string, number>
 * }} LogEvent
 * @typedef {{discussion?: number, epoch: string, after?: number, seq: number, reload?: boolean, events: LogEvent[],
 *   error?: {code: string, message: string}}} Frame
 */

const data = document.body.dataset;

/** Where this page stands. Everything is read from and kept in `<body data-…>`, which a resync replaces. */
export const page = {
  discussion: Number(data.discussion ?? 0),
  slug: data.slug ?? "",
  get epoch() {
    return data.epoch ?? "";
  },
  set epoch(value) {
    data.epoch = value;
  },
  get seq() {
    return Number(data.seq ?? 0);
  },
  set seq(value) {
    data.seq = String(value);
  },
  get phase() {
    return data.phase ?? "";
  },
  get role() {
    return data.role ?? "visitor";
  },
  /** The signed-in reader's id, or "" for a visitor. */
  get me() {
    return data.me ?? "";
  },
  /** The address of this discussion's parts, e.g. `page.at("events")`. @param {string} part */
  at(part) {
    return `/d/${this.slug}/${part}`;
  },
};

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement | null}
 */
export const one = (selector, root = document) => root.querySelector(selector);

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export const all = (selector, root = document) =>
  [...root.querySelectorAll(selector)].map((e) => /** @type {any} */ (e));

/**
 * The comments in a part of the page, which may be one itself.
 * @param {ParentNode} root
 * @returns {HTMLElement[]}
 */
export const commentsIn = (root) =>
  root instanceof HTMLElement && root.matches(".comment") ? [root] : all(".comment", root);

/** What is typed into, in any form. */
export const TYPED = "textarea, input:not([type=hidden], [type=radio], [type=checkbox])";

/** What a comment is written in; null where nothing can be written. */
export const writingField = () => /** @type {HTMLTextAreaElement | null} */ (one("#say textarea"));

/**
 * Make an element. Text is always text, never markup.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Parse HTML that our own server rendered (the `html`, `recent`, `section` and `regions` fields, and our pages).
 * @param {string} html
 * @returns {HTMLElement | null} its first element
 */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return /** @type {HTMLElement | null} */ (template.content.firstElementChild);
}

/** @type {Map<string, Set<(detail: any) => void>>} */
const listeners = new Map();

/**
 * @param {string} name
 * @param {(detail: any) => void} listener
 */
export function hear(name, listener) {
  const heard = listeners.get(name) ?? new Set();
  listeners.set(name, heard.add(listener));
}

/**
 * Tell everybody who listens; one listener's fault does not keep the others from hearing.
 * @param {string} name
 * @param {any} [detail]
 */
export function tell(name, detail) {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(detail);
    } catch (error) {
      console.error(name, error);
    }
  }
}

/** Whether the reader asked for less motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether an element takes typing, so that single keys are not shortcuts there. @param {EventTarget | null} target */
export const isField = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

/** Whether its reader wants to see the comment in which `part` stands: whom they do not read a style leaves out. @param {Element} part */
export function isShown(part) {
  const article = part.closest("article");
  return !article || getComputedStyle(article).display !== "none";
}
