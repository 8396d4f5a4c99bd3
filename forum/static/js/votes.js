/**
 * The questions of the audience beside the stream: a member's vote is one press, another takes it back. What leads a visitor
 * to the page of those questions is a button for members; which they voted for, only this page knows (`<body data-votes>`).
 */

import { morph } from "./morph.js";
import { all, hear, one, page, tell } from "./page.js";
import { toggles } from "./pressed.js";
import { _, write } from "./words.js";

/** @param {string} id */
const linkOf = (id) => one(`[data-wish="${id}"]`);
/** @param {string} id */
const rowOf = (id) => linkOf(id)?.closest("li") ?? null;

const buttons = toggles({
  action: "vote",
  chosen: "votes",
  idOf: (link) => link.dataset.wish ?? "",
  linkOf,
  placeOf: rowOf,
  ask: (id, wants) => [page.at(`questions/${id}/${wants ? "vote" : "unvote"}`)],
  counted: (said, id, wants) => {
    for (const place of all("[data-voted]", rowOf(id) ?? undefined)) write(place, said.votes);
    tell("say", wants ? _("Your vote counts.") : _("Your vote is taken back."));
  },
});

/** @param {ParentNode} root */
function prepare(root) {
  if (!page.me) return;
  const mine = buttons.given();
  for (const link of all("[data-action=vote]", root)) buttons.show(link, mine);
}

const region = () => one("[data-region=wishes]");
const rowsIn = (/** @type {ParentNode} */ root) => all("li", root);
const idOf = (/** @type {HTMLElement} */ row) => one("[data-wish]", row)?.dataset.wish ?? "";

/** @type {HTMLElement | null} what came while somebody was about to press */
let waiting = null;

/**
 * Take over what is pushed. What somebody looks at keeps its place, whoever has more votes by now (spec A.9). What is gone is
 * gone at once; another takes its place when nobody's pointer or key is about to press what stood there.
 * @param {HTMLElement} fresh the region as a fresh page has it
 */
function take(fresh) {
  const ours = region();
  if (!ours) return;
  const [list, theirs] = [one("ul", ours), rowsIn(fresh)];
  const ids = new Set(rowsIn(ours).map(idOf));
  const others = theirs.filter((row) => !ids.has(idOf(row)));
  const isInUse = ours.matches(":hover") || one(":focus-visible", ours) !== null;
  waiting = null;
  for (const row of rowsIn(ours)) {
    const same = theirs.find((their) => idOf(their) === idOf(row));
    if (same) morph(row, same);
    else if (isInUse) {
      waiting = fresh;
      row.style.minBlockSize = `${row.offsetHeight}px`;
      row.replaceChildren();
    } else row.replaceWith(...others.splice(0, 1));
  }
  if (!waiting) list?.append(...others);
  ours.hidden = rowsIn(ours).length === 0;
  prepare(ours);
}

const takeWaiting = () => setTimeout(() => waiting && take(waiting), 0);

export function start() {
  prepare(document);
  hear("prepare", prepare);
  hear("morphed", () => prepare(document));
  hear("wishes", take);
  for (const event of ["mouseleave", "focusout"]) region()?.addEventListener(event, takeWaiting);
  buttons.listen();
}
