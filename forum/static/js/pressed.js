/** What members press beside what they read (helpful, a vote): sent so that it counts once, refused where it stands. */

import { all, make, one, page } from "./page.js";
import { keepPlace } from "./place.js";
import { explain, post } from "./send.js";
import { _ } from "./words.js";

const AGAIN_AFTER = 1_000;
const READ_WITHIN = 12_000;

/** @typedef {import("./send.js").Answer} Answer */

/**
 * @typedef {{
 *   action: string, chosen: string, idOf: (link: HTMLElement) => string, linkOf: (id: string) => HTMLElement | null,
 *   placeOf: (id: string) => Element | null, ask: (id: string, wants: boolean) => [string, Record<string, string>?],
 *   counted: (said: any, id: string, wants: boolean) => void,
 * }} Kind links with `data-action=action` to what has an id; `<body data-chosen>` lists what the reader has chosen; where
 *   to say why one was refused, how to ask for it (address and fields), and what to do with an answer that it was counted
 */

/** What is pressed in one tab is pressed in the others of the same person. @param {string} action */
export const channelOf = (action) =>
  typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`roundtext:${action}`);

/**
 * Let links be buttons that stay pressed: one press chooses, the next takes it back. Whether a link is one, `show` says.
 * @param {Kind} kind
 */
export function toggles({ action, chosen, idOf, linkOf, placeOf, ask, counted }) {
  const data = document.body.dataset;
  /** What is on its way, by ids; a link that changes meanwhile is another element. */
  const sending = new Set();
  const others = channelOf(action);
  const given = () => new Set((data[chosen] ?? "").split(",").filter(Boolean));

  /** @param {HTMLElement} link @param {Set<string>} [mine] */
  function show(link, mine = given()) {
    link.setAttribute("role", "button");
    link.setAttribute("aria-pressed", String(mine.has(idOf(link))));
  }

  /** @param {string} id @param {boolean} wants */
  function note(id, wants) {
    const mine = given();
    if (wants) mine.add(id);
    else mine.delete(id);
    data[chosen] = [...mine].join(",");
    const link = linkOf(id);
    if (link) show(link, mine);
  }

  /** @param {string} id */
  async function press(id) {
    if (sending.has(id)) return;
    const wants = !given().has(id);
    sending.add(id);
    note(id, wants);
    const answer = await send(...ask(id, wants));
    sending.delete(id);
    // Noted once more: a page that was fetched meanwhile may be from before.
    note(id, answer.ok === wants);
    if (!answer.ok) {
      refuse(placeOf(id), why(answer));
      return;
    }
    unsay();
    others?.postMessage({ me: page.me, discussion: page.discussion, id, wants });
    counted(answer.data, id, wants);
  }

  /** @param {Event} event @returns {string} the id of what it presses */
  function pressed(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest?.(`[data-action=${action}][role=button]`);
    return link instanceof HTMLElement ? idOf(link) : "";
  }

  function listen() {
    others?.addEventListener("message", ({ data: said }) => {
      if (said.me === page.me && said.discussion === page.discussion) note(said.id, said.wants);
    });
    document.addEventListener("click", (event) => {
      const id = pressed(event);
      if (!id || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      void press(id);
    });
    document.addEventListener("keydown", (event) => {
      const id = event.key === " " ? pressed(event) : "";
      if (!id) return;
      event.preventDefault();
      if (!event.repeat) void press(id);
    });
  }

  return { given, show, press, listen };
}

/**
 * Send a press for which twice is once. Where no answer comes it is sent again: it may have been counted, and the answer lost.
 * @param {string} address @param {Record<string, string>} [fields] @returns {Promise<Answer>}
 */
async function send(address, fields = {}) {
  const answer = await post(address, fields);
  if (answer.status) return answer;
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  return post(address, fields);
}

/** Nothing was typed here, so these refusals do not say that it is kept. @type {Record<string, string>} */
const INSTEAD = {
  sign_in: _("Not counted: you are not signed in any more."),
  csrf: _("Not counted: somebody else is signed in here by now. Load the page again."),
  confirm_address: _("Not counted: confirm your email address first, by the link that we mailed you."),
  closed: _("Not counted: this discussion is over."),
  fault: _("Not counted: something went wrong. Press again."),
};

/** @param {Answer} answer @returns {(Node | string)[]} what to say */
export function why({ status, error }) {
  if (!status) return [_("The server does not answer, so it may not have been counted. Press again.")];
  const words = INSTEAD[error?.code ?? "fault"];
  return explain(error && words ? { code: error.code, message: words } : error);
}

/** Say at the end of `place` why it was not counted, for as long as somebody reads it. @param {Element | null} place @param {(Node | string)[]} words */
export function refuse(place, words) {
  const said = make("p", { class: "press-refused", role: "alert" });
  keepPlace(() => {
    unsay();
    place?.append(said);
    said.append(...words);
  });
  // A link that is being reached for does not go away.
  if (!one("a", said)) setTimeout(() => keepPlace(() => said.remove()), READ_WITHIN);
}

function unsay() {
  for (const old of all(".press-refused")) old.remove();
}
