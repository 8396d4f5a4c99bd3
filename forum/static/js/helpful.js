/**
 * What members find helpful: one press says so, the next takes it back. Everybody reads the numbers, which come with the
 * log; which of them are the reader's own, only this page knows (`<body data-helpful>`).
 */

import { commentsIn, hear, one, page, tell } from "./page.js";
import { refuse, send, unsay, why } from "./pressed.js";
import { explain } from "./send.js";
import { _ } from "./words.js";

const data = document.body.dataset;
/** What is pressed in one tab is pressed in the others of the same person. */
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("roundtext:helpful");
/** The comments whose press is on its way, by their ids; a comment that changes meanwhile is another element. */
const sending = new Set();
/** Where the log last told of each comment's number, and which log that is. @type {Map<string, number>} */
const told = new Map();
let epoch = page.epoch;
const given = () => new Set((data.helpful ?? "").split(",").filter(Boolean));

/** @param {HTMLElement} comment */
const linkOf = (comment) => one("[data-action=helpful]", comment);

/**
 * A member's link is a button that stays pressed; on one's own comment it is the number alone.
 * @param {HTMLElement} comment
 * @param {Set<string>} mine
 */
function mark(comment, mine) {
  const link = linkOf(comment);
  if (!link || !page.me) return;
  const { id = "", author } = comment.dataset;
  if (author === page.me) {
    for (const name of ["href", "role", "aria-pressed"]) link.removeAttribute(name);
    link.hidden = !one("b", link)?.textContent;
    return;
  }
  link.setAttribute("role", "button");
  link.setAttribute("aria-pressed", String(mine.has(id)));
}

/** @param {ParentNode} root */
function prepare(root) {
  const mine = given();
  for (const comment of commentsIn(root)) mark(comment, mine);
}

/** @param {Record<string, number>} numbers how many find each comment helpful, by its id @param {number} seq since when */
export function showHelpful(numbers, seq) {
  if (epoch !== page.epoch) told.clear();
  epoch = page.epoch;
  for (const [id, number] of Object.entries(numbers)) {
    // The answer to a press may come after what the log has told since.
    if (seq < (told.get(id) ?? 0)) continue;
    told.set(id, seq);
    const comment = document.getElementById(`c${id}`);
    const place = comment && one("[data-helpful]", comment);
    if (!place) continue;
    place.textContent = number ? String(number) : "";
    if (comment.dataset.author === page.me) mark(comment, new Set());
  }
}

/** Show that a comment is the reader's own choice, or is not. @param {string} id @param {boolean} wants */
function note(id, wants) {
  const mine = given();
  if (wants) mine.add(id);
  else mine.delete(id);
  data.helpful = [...mine].join(",");
  const comment = document.getElementById(`c${id}`);
  if (comment) mark(comment, mine);
}

/** What the numbers of a page do not have in them yet is added: one's own press never disappears by a load. @param {Document} from */
function addUncounted(from) {
  for (const each of (from.body.dataset.uncounted ?? "").split(",").filter(Boolean)) {
    const id = each.replace("-", "");
    const place = one(`#c${id} [data-helpful]`, from);
    if (place) place.textContent = String(Number(place.textContent) + (id === each ? 1 : -1) || "");
  }
}

/** Say of a comment that it is helpful, or take it back. @param {HTMLElement} comment */
async function press(comment) {
  const { id = "" } = comment.dataset;
  if (sending.has(id)) return;
  const wants = !given().has(id);
  sending.add(id);
  note(id, wants);
  const answer = await send(page.at(`comments/${id}/helpful`), { wants: wants ? "1" : "0" });
  sending.delete(id);
  const { ok, data: said } = answer;
  // Noted once more: a page that was fetched meanwhile may be from before.
  note(id, ok === wants);
  if (!ok) {
    refuse(bodyOf(comment), why(answer));
    return;
  }
  showHelpful({ [id]: said.helpful }, said.seq);
  channel?.postMessage({ me: page.me, discussion: page.discussion, id, wants });
  unsay();
  tell("say", wants ? _("Helpful: counted") : _("Helpful: taken back"));
}

/** What a comment consists of now, which may be another element than before. @param {HTMLElement} comment */
const bodyOf = (comment) => one(".comment-main", document.getElementById(comment.id) ?? comment);

/** The same by a key, which means the comment that is before the reader. @param {HTMLElement} comment */
export function pressByKey(comment) {
  if (!linkOf(comment)?.hasAttribute("href")) return;
  if (page.me) void press(comment);
  else refuse(bodyOf(comment), explain({ code: "sign_in", message: _("Sign in to say what is helpful.") }));
}

/** @param {Event} event @returns {HTMLElement | null} the comment whose button it is */
function pressed(event) {
  const link = /** @type {HTMLElement} */ (event.target).closest?.("[data-action=helpful][role=button]");
  return /** @type {HTMLElement | null} */ (link?.closest(".comment") ?? null);
}

export function start() {
  addUncounted(document);
  hear("fetched", addUncounted);
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
  channel?.addEventListener("message", ({ data: said }) => {
    if (said.me === page.me && said.discussion === page.discussion) note(said.id, said.wants);
  });
  document.addEventListener("click", (event) => {
    const comment = pressed(event);
    if (!comment || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void press(comment);
  });
  document.addEventListener("keydown", (event) => {
    const comment = event.key === " " && pressed(event);
    if (!comment) return;
    event.preventDefault();
    if (!event.repeat) void press(comment);
  });
}
