/**
 * What members find helpful: one press says so, the next takes it back. Everybody reads the numbers, which come with the
 * log; which of them are the reader's own, only this page knows (`<body data-helpful>`).
 */

import { commentsIn, hear, one, page, tell } from "./page.js";
import { keepPlace } from "./place.js";
import { refuse, toggles } from "./pressed.js";
import { explain } from "./send.js";
import { _ } from "./words.js";

/** Where the log last told of each comment's number, and which log that is. @type {Map<string, number>} */
const told = new Map();
let epoch = page.epoch;

/** @param {HTMLElement | null} comment */
const linkOf = (comment) => comment && one("[data-action=helpful]", comment);
/** A comment as it is now, which may be another element than before. @param {string} id */
const commentWith = (id) => document.getElementById(`c${id}`);
/** @param {HTMLElement | null} comment */
const bodyOf = (comment) => comment && one(".comment-main", comment);

const buttons = toggles({
  action: "helpful",
  chosen: "helpful",
  idOf: (link) => /** @type {HTMLElement | null} */ (link.closest(".comment"))?.dataset.id ?? "",
  linkOf: (id) => linkOf(commentWith(id)),
  placeOf: (id) => bodyOf(commentWith(id)),
  ask: (id, wants) => [page.at(`comments/${id}/helpful`), { wants: wants ? "1" : "0" }],
  counted: (said, id, wants) => {
    showHelpful({ [id]: said.helpful }, said.seq);
    tell("say", wants ? _("Helpful: counted") : _("Helpful: taken back"));
  },
});

/**
 * A member's link is a button that stays pressed; on one's own comment it is the number alone.
 * @param {HTMLElement} comment
 * @param {Set<string>} mine
 */
function mark(comment, mine) {
  const link = linkOf(comment);
  if (!link || !page.me) return;
  if (comment.dataset.author === page.me) {
    for (const name of ["href", "role", "aria-pressed"]) link.removeAttribute(name);
    link.hidden = !one("b", link)?.textContent;
    return;
  }
  buttons.show(link, mine);
}

/** @param {ParentNode} root */
function prepare(root) {
  const mine = buttons.given();
  for (const comment of commentsIn(root)) mark(comment, mine);
}

/** @param {Record<string, number>} numbers how many find each comment helpful, by its id @param {number} seq since when */
function showHelpful(numbers, seq) {
  if (epoch !== page.epoch) told.clear();
  epoch = page.epoch;
  for (const [id, number] of Object.entries(numbers)) {
    // The answer to a press may come after what the log has told since.
    if (seq < (told.get(id) ?? 0)) continue;
    told.set(id, seq);
    const comment = commentWith(id);
    const place = comment && one("[data-helpful]", comment);
    if (!place) continue;
    place.textContent = number ? String(number) : "";
    if (comment.dataset.author === page.me) mark(comment, new Set());
  }
}

/** What the numbers of a page do not have in them yet is added: one's own press never disappears by a load. @param {Document} from */
function addUncounted(from) {
  for (const each of (from.body.dataset.uncounted ?? "").split(",").filter(Boolean)) {
    const id = each.replace("-", "");
    const place = one(`#c${id} [data-helpful]`, from);
    if (place) place.textContent = String(Number(place.textContent) + (id === each ? 1 : -1) || "");
  }
}

/** Press by a key, which means the comment that is before the reader. @param {HTMLElement} comment */
export function pressByKey(comment) {
  if (!linkOf(comment)?.hasAttribute("href")) return;
  if (page.me) void buttons.press(comment.dataset.id ?? "");
  else refuse(bodyOf(comment), explain({ code: "sign_in", message: _("Sign in to say what is helpful.") }));
}

export function start() {
  addUncounted(document);
  hear("fetched", addUncounted);
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
  hear("event", (event) => event.helpful && keepPlace(() => showHelpful(event.helpful, event.seq)));
  buttons.listen();
}
