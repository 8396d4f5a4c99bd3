/**
 * Offers names after `@`: the panel, and who writes on this page. Taken with Enter or Tab, left by going on typing. A first
 * name that a text begins with ("Luc - ", "Hi Folake,") offers its people too, and is taken with Tab only.
 */

import { all, isShown, make, one } from "./page.js";
import { _ } from "./words.js";

const MOST = 6;
const AT = /(^|\s)@([^@\n]{0,30})()$/u;
const ADDRESSED = /^((?:(?:hi|hello|dear)\s+)?)([\p{L}\p{M}'’.-]{2,30})( -|[,:])$/iu;

/** @returns {string[]} the panel first, then writers, the latest first */
function names() {
  const panel = all("[data-region=panel] bdi").map((place) => place.textContent?.trim() ?? "");
  const writers = all(".answers .comment-name")
    .filter(isShown)
    .map((place) => place.textContent?.trim() ?? "");
  return [...new Set([...panel, ...writers.reverse()])].filter(Boolean);
}

/** @param {HTMLFormElement} form */
export function start(form) {
  const field = /** @type {HTMLTextAreaElement | null} */ (one("textarea", form));
  if (!field) return;
  const list = make("ul", { class: "mention-list", id: "mention-list", role: "listbox", "aria-label": _("People") });
  list.hidden = true;
  (field.closest("[data-row], .composer-row") ?? field).before(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  let chosen = 0;
  let pattern = AT;

  const close = () => {
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };

  /** @param {number} index */
  const choose = (index) => {
    const options = all("[role=option]", list);
    chosen = (index + options.length) % options.length;
    for (const [i, option] of options.entries()) option.setAttribute("aria-selected", String(i === chosen));
    field.setAttribute("aria-activedescendant", options[chosen].id);
  };

  /** @param {string} name */
  const take = (name) => {
    const before = field.value
      .slice(0, field.selectionStart)
      .replace(pattern, (_, start, _typed, end) => `${start}@${name}${end} `);
    field.setRangeText(before, 0, field.selectionStart, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    // Nothing more is offered for what was just taken: Enter and Tab are for the text again.
    close();
    field.focus();
  };

  const offer = () => {
    const text = field.value.slice(0, field.selectionStart);
    pattern = ADDRESSED.test(text) ? ADDRESSED : AT;
    const wanted = pattern.exec(text)?.[2].toLocaleLowerCase();
    const fitting = (name = "") => {
      const words = ` ${name.toLocaleLowerCase()}`;
      return pattern === AT ? words.includes(` ${wanted}`) : `${words} `.startsWith(` ${wanted} `);
    };
    const people = wanted === undefined ? [] : names().filter(fitting).slice(0, MOST);
    list.replaceChildren(
      ...people.map((name, i) => {
        const option = make("li", { role: "option", id: `mention-${i}` }, make("bdi", {}, name));
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(name);
        });
        return option;
      }),
    );
    list.hidden = people.length === 0;
    if (people.length) choose(0);
    else close();
  };

  field.addEventListener("input", offer);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
    const name = all("[role=option]", list)[chosen]?.textContent;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Tab" || (event.key === "Enter" && pattern === AT)) && name) take(name);
    else return;
    event.preventDefault();
  });
}
