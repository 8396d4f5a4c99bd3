/**
 * Edit, delete, hide, restore, move and the end of somebody's right to write: each action is a link to a small page with a
 * form; here that form opens in a dialog and is sent without leaving the page.
 */

import { shut } from "./more.js";
import { all, commentsIn, hear, make, one, tell } from "./page.js";
import { keepPlace } from "./place.js";
import { refuse } from "./pressed.js";
import { askPage, explain, post } from "./send.js";
import { put } from "./stream.js";
import { showTheirs } from "./theirs.js";
import { forgetTyped, restoreTyped, watch } from "./typed.js";
import { _ } from "./words.js";

const UNANSWERED = _("The server does not answer. Try again in a moment.");
const IN_DIALOG = ["edit", "delete", "move", "hide", "restore", "highlight", "unhighlight", "mute", "unmute", "flag"];

/** Whether a form is on its way, for a link that may be gone with its menu. */
let isAsking = false;

/** Whether one is on its way or open: a second press opens no second, which would bring back the words before a change. */
const isBusy = () => isAsking || one("dialog[open]") !== null;

/** @param {HTMLAnchorElement} link */
async function open(link) {
  if (isBusy()) return;
  // Its menu may be shut before the answer comes, and the link is nowhere then.
  const place = placeOf(link);
  const isStillMeant = watchIntent(link);
  link.setAttribute("aria-busy", "true");
  isAsking = true;
  const { status, fresh } = await askPage(link.href);
  isAsking = false;
  link.removeAttribute("aria-busy");
  if (!isStillMeant()) return;
  const form = /** @type {HTMLFormElement | null} */ (fresh && one("main form", fresh));
  if (fresh && form) show(link, fresh, form);
  else if (!status || status >= 500) refuse(place, [UNANSWERED]);
  else if (status !== 404) location.assign(link.href);
  else {
    refuse(place, [_("This comment was changed or taken away meanwhile.")]);
    tell("resync");
  }
}

/** @param {HTMLElement} link */
const placeOf = (link) => link.closest(".comment-main") ?? link.closest("li");

/**
 * Who types, goes elsewhere or presses Escape before the form has come does not want it any more, and would type into it.
 * @param {HTMLElement} link
 * @returns {() => boolean} asked once, at the end
 */
function watchIntent(link) {
  const watching = new AbortController();
  const { signal } = watching;
  const change = () => watching.abort();
  const here = document.activeElement; // it is told again when its window is come back to
  addEventListener("input", change, { signal, capture: true });
  addEventListener("focusin", ({ target }) => target !== link && target !== here && change(), { signal });
  addEventListener("keydown", ({ key }) => key === "Escape" && change(), { signal });
  return () => {
    const { aborted } = signal;
    watching.abort();
    return !aborted;
  };
}

/** @param {HTMLAnchorElement} link @param {Document} fresh @param {HTMLFormElement} form of that page */
function show(link, fresh, form) {
  const heading = make(
    "h2",
    { id: "action-title" },
    one("main h1", fresh)?.textContent?.trim() ?? link.textContent ?? "",
  );
  const trouble = make("p", { class: "dialog-trouble", role: "alert" });
  const cancel = make("button", { type: "button", class: "dialog-cancel" }, _("Cancel"));
  const ours = /** @type {HTMLFormElement} */ (document.importNode(form, true));
  // Its ids must not be those of the page.
  for (const field of all("[id]", ours)) field.id = `dialog-${field.id}`;
  for (const label of all("[for]", ours)) label.setAttribute("for", `dialog-${label.getAttribute("for")}`);
  for (const field of all("[aria-describedby]", ours)) {
    field.setAttribute("aria-describedby", `dialog-${field.getAttribute("aria-describedby")}`);
  }
  // Its own address, should the form leave it out.
  ours.action = form.getAttribute("action") || link.href;
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "action-title" }, heading, trouble, ours, cancel);
  restoreTyped(ours);
  watch(ours);
  cancel.addEventListener("click", () => {
    forgetTyped(ours);
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  ours.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(ours, event.submitter, dialog, trouble);
  });
  ours.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ours.requestSubmit();
  });
  document.body.append(dialog);
  shut();
  dialog.showModal();
  one("textarea, select, input:not([type=hidden])", ours)?.focus();
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {HTMLDialogElement} dialog @param {HTMLElement} trouble */
async function send(form, submitter, dialog, trouble) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const fields = new FormData(form);
  if (submitter instanceof HTMLButtonElement && submitter.name) fields.append(submitter.name, submitter.value);
  const { ok, data, error } = await post(form.action, fields);
  form.removeAttribute("aria-busy");
  if (!ok) {
    trouble.replaceChildren(...explain(error));
    if (error?.theirs) showTheirs(form, error);
    return;
  }
  forgetTyped(form);
  dialog.close();
  if (data.html) keepPlace(() => put(data.html, false));
  if (form.action.endsWith("/flag")) answerFlag(Number(data.id));
  else tell("say", _("Done"));
}

const FLAGGED = _("Flagged. A host looks at it.");
const flagged = /** @type {Set<number>} */ (new Set());

/**
 * Nothing else shows that a host has been told: it stands in place of the menu, also when the comment is edited, until it
 * is set aside. @param {ParentNode} root
 */
function markFlagged(root) {
  for (const comment of commentsIn(root)) {
    const id = Number(comment.dataset.id);
    if (!flagged.has(id)) continue;
    const menu = one(".comment-more", comment);
    if (comment.classList.contains("comment-gone")) flagged.delete(id);
    else menu?.replaceWith(make("span", { tabindex: "-1" }, FLAGGED));
  }
}

/** @param {number} id */
function answerFlag(id) {
  const comment = one(`#c${id}`);
  if (!comment) return;
  flagged.add(id);
  markFlagged(comment);
  tell("say", FLAGGED);
  one(".comment-actions > [tabindex]", comment)?.focus({ preventScroll: true });
}

export function start() {
  hear("prepare", markFlagged);
  hear("morphed", () => markFlagged(document));
  // At the end of the page the composer, losing the focus, would shrink and move the link away under the pointer.
  document.addEventListener("mousedown", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest?.("a[data-action]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a[data-action]");
    if (!(link instanceof HTMLAnchorElement) || !IN_DIALOG.includes(link.dataset.action ?? "")) return;
    // An old browser without dialogs goes to the small page, as without script.
    if (event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement?.prototype.showModal) return;
    event.preventDefault();
    void open(link);
  });
}
