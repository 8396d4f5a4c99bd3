/** How many read along, and who of the panel is writing. Names come as text and stay text. */

import { all, hear, make, one } from "./page.js";
import { _, label, write } from "./words.js";

/** @typedef {{user_id: number, name: string, question: number | null}} Writer */

/** @type {{readers: number, writing: Writer[]} | null} */
let now = null;

/** @param {Writer} writer */
const writingTo = ({ question }) => (question ? _("writing to {where}…", { where: label(question) }) : _("writing…"));

function show() {
  if (!now) return;
  for (const place of all("[data-readers]")) {
    write(place, now.readers);
    place.hidden = false;
  }
  const writing = new Map(now.writing.map((writer) => [String(writer.user_id), writer]));
  for (const person of all("[data-person]")) {
    const writer = writing.get(person.dataset.person ?? "");
    person.classList.toggle("is-writing", Boolean(writer));
    const place = one("[data-person-state]", person);
    if (place) place.textContent = writer ? writingTo(writer) : "";
  }
  for (const place of all("[data-writing]")) {
    const names = now.writing.flatMap((writer, i) => [
      ...(i ? [", "] : []),
      make("b", {}, make("bdi", {}, writer.name)),
    ]);
    place.replaceChildren(...(names.length ? [_("Writing:"), " ", ...names] : []));
    place.hidden = names.length === 0;
  }
}

export function start() {
  hear("presence", (said) => {
    now = said;
    show();
  });
  hear("morphed", show);
}
