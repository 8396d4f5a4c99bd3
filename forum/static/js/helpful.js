/**
 * What members find helpful: one press says so, the next takes it back. Everybody reads the numbers, which come with the
 * log; which of them are the reader's own, only this page knows (`<body data-helpful>`).
 */

import { all, commentsIn, hear, one, page, tell } from "./page.js";
import { explain, post } from "./send.js";
import { _ } from "./words.js";

const data = document.body.dataset;
/** The comments whose press is on its way, by their ids; a comment that changes meanwhile is another element. */
const sending = new Set();
/** Where the log last told of each comment's number. @type {Map<string, number>} */
const told = new Map();
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

/** @param {string} id @param {boolean} wants */
function note(id, wants) {
  const mine = given();
  if (wants) mine.add(id);
  else mine.delete(id);
  data.helpful = [...mine].join(",");
  const comment = document.getElementById(`c${id}`);
  if (comment) mark(comment, mine);
}

/** Say of a comment that it is helpful, or take it back. @param {HTMLElement} comment */
export async function press(comment) {
  const link = linkOf(comment);
  const { id = "", author } = comment.dataset;
  if (!link || author === page.me || sending.has(id)) return;
  if (!page.me) {
    link.click(); // leads to where one signs in
    return;
  }
  const wants = !given().has(id);
  sending.add(id);
  note(id, wants);
  const { ok, status, data: said, error } = await post(page.at(`comments/${id}/helpful`), { wants: wants ? "1" : "0" });
  sending.delete(id);
  // Said once more: a page that was fetched meanwhile may be from before.
  note(id, ok === wants);
  if (ok) {
    showHelpful({ [id]: said.helpful }, said.seq);
    tell("say", wants ? _("Helpful: counted") : _("Helpful: taken back"));
    return;
  }
  refuse(comment, status ? explain(error) : [_("Not counted: the server cannot be reached. Press again.")]);
}

/** Say under the comment why it was not counted, for as long as somebody reads. @param {HTMLElement} comment @param {(Node | string)[]} why */
function refuse(comment, why) {
  const said = Object.assign(document.createElement("p"), { className: "comment-refused", role: "alert" });
  for (const old of all(".comment-refused")) old.remove();
  document.getElementById(comment.id)?.querySelector(".comment-main")?.append(said);
  said.append(...why);
  setTimeout(() => said.remove(), 12_000);
}

/** @param {Event} event @returns {HTMLElement | null} the comment whose button it is */
function pressed(event) {
  const link = /** @type {HTMLElement} */ (event.target).closest?.("[data-action=helpful][role=button]");
  return /** @type {HTMLElement | null} */ (link?.closest(".comment") ?? null);
}

export function start() {
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
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
