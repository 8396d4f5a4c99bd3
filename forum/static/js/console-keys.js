/** The console's keys. They do nothing inside fields, and can be switched off (WCAG 2.1.4). */

import { isCommand } from "./commands.js";
import { all, one } from "./page.js";
import { trying } from "./trying.js";
import { _ } from "./words.js";

const SWITCH = "roundtext-console-keys";

/** The comment that the keys speak of: the focused one. @returns {HTMLElement | null} */
const current = () => /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-comment]") ?? null);

/** @param {number} by 1 for the next, -1 for the one before */
function step(by) {
  const comments = all("[data-comment]");
  const here = current();
  const at = here ? comments.indexOf(here) + by : 0;
  const next = comments[Math.min(Math.max(at, 0), comments.length - 1)];
  for (const other of all("[data-comment][aria-current]")) other.removeAttribute("aria-current");
  next?.setAttribute("aria-current", "true");
  next?.focus();
}

/** The first key only goes to the button; Enter there asks. @param {(words: string) => void} say */
function arm(say) {
  const ask = /** @type {HTMLButtonElement | null} */ (one(".run-ask button"));
  if (!ask) return;
  ask.focus();
  ask.scrollIntoView({ block: "nearest" });
  say(_("{button}: press Enter. Esc leaves it.", { button: ask.firstChild?.textContent?.trim() ?? "" }));
}

/** Press the button of the current comment that has this key; undo is no comment's own. @param {string} key */
function press(key) {
  const root = key === "Z" ? one(".queue") : current();
  const button = /** @type {HTMLButtonElement | null} */ (root && one(`button[data-key=${key}]`, root));
  button?.form?.requestSubmit();
}

function openReason() {
  const details = /** @type {HTMLDetailsElement | null} */ (current()?.querySelector("details[data-hide]"));
  if (!details) return;
  details.open = true;
  one("input[name=reason]", details)?.focus();
}

/** @param {string} number @param {(form: HTMLFormElement) => void} send */
function moveTo(number, send) {
  const form = /** @type {HTMLFormElement | null} */ (current()?.querySelector("form[data-move]"));
  const select = form?.querySelector("select");
  if (!form || !select || ![...select.options].some((option) => option.value === number)) return;
  select.value = number;
  send(form);
}

/**
 * @param {(form: HTMLFormElement) => void} send
 * @param {(words: string) => void} say
 */
export function startKeys(send, say) {
  const box = /** @type {HTMLInputElement | null} */ (one("[data-keys-switch]"));
  if (box) {
    box.checked = trying(() => localStorage.getItem(SWITCH)) !== "off";
    box.addEventListener("change", () => trying(() => localStorage.setItem(SWITCH, box.checked ? "on" : "off")));
  }
  document.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "Escape") {
      const open = /** @type {HTMLDetailsElement | null} */ (document.activeElement?.closest("details[open]") ?? null);
      if (open) open.open = false;
      if (open) /** @type {HTMLElement | null} */ (open.closest("[data-comment]") ?? one("summary", open))?.focus();
      else if (document.activeElement?.closest(".run-ask")) /** @type {HTMLElement} */ (document.activeElement).blur();
      say("");
      return;
    }
    if (!isCommand(event) || box?.checked === false) return;
    // By the place of the key: what Shift and a digit write differs from keyboard to keyboard.
    const digit = event.shiftKey && /^Digit([1-9])$/.exec(event.code)?.[1];
    const tray = digit && one(`form[data-tray-key="${digit}"]`);
    if (digit) {
      event.preventDefault();
      if (tray && !event.repeat) /** @type {HTMLFormElement} */ (tray).requestSubmit();
      return;
    }
    const name = key.toLowerCase();
    // A key that is held down goes through the list, and judges nothing that nobody has read.
    if (event.repeat && !"jk".includes(name)) return;
    if (name === "n") arm(say);
    else if (name === "j") step(1);
    else if (name === "k") step(-1);
    else if (name === "x") openReason();
    else if ("acsz".includes(name)) press(name.toUpperCase());
    else if (/^[1-9]$/.test(key)) moveTo(key, send);
    else return;
    event.preventDefault();
  });
}
