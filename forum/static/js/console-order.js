/** The order of the run sheet by dragging and by Alt and an arrow key; both send the form that the buttons send. */

import { all, make, one } from "./page.js";

/** @param {string} id of a line @param {number} place @returns {HTMLFormElement | null} */
function formFor(id, place) {
  const any = /** @type {HTMLFormElement | null} */ (
    document.getElementById(id)?.querySelector("form[action$='/move']")
  );
  if (!any) return null;
  const form = make("form", { method: "post", action: any.action });
  form.append(make("input", { name: "position", value: String(place) }));
  return form;
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const lineOf = (target) => (target instanceof Element ? target.closest("[data-place]") : null);

/** @param {(form: HTMLFormElement) => Promise<void>} send */
export function startOrder(send) {
  /** @type {HTMLElement | null} */
  let dragged = null;

  /** Where lines are to go that are under way: the page shows it a moment later. @type {Map<string, number>} */
  const wanted = new Map();

  /** @param {HTMLElement} line */
  const placeOf = ({ id, dataset }) => wanted.get(id) ?? Number(dataset.place);

  /** One after the other, and of several presses meanwhile the last. @param {HTMLElement} line @param {number} place */
  async function move(line, place) {
    const { id, dataset } = line;
    if (place < 1 || place > Number(dataset.places) || place === placeOf(line)) return;
    const isUnderWay = wanted.has(id);
    wanted.set(id, place);
    if (isUnderWay) return;
    let sent = 0;
    try {
      while (sent !== wanted.get(id)) {
        sent = wanted.get(id) ?? 0;
        const form = formFor(id, sent);
        if (form) await send(form);
        document.getElementById(id)?.focus();
      }
    } finally {
      wanted.delete(id);
    }
  }

  document.addEventListener("keydown", (event) => {
    const line = lineOf(event.target);
    if (!line || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    void move(line, placeOf(line) + (event.key === "ArrowUp" ? -1 : 1));
  });

  // A line can be dragged only while the mouse is down on its own text, so that the buttons in it stay buttons.
  document.addEventListener("pointerdown", (event) => {
    const line = lineOf(event.target);
    for (const other of all("[data-place][draggable]")) other.removeAttribute("draggable");
    if (line && !(/** @type {Element} */ (event.target).closest("a, button, summary, input"))) line.draggable = true;
  });
  document.addEventListener("dragstart", (event) => {
    dragged = lineOf(event.target);
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    const line = lineOf(event.target);
    one(".run-over")?.classList.remove("run-over");
    if (!dragged || !line) return;
    event.preventDefault();
    line.classList.add("run-over");
  });
  document.addEventListener("drop", (event) => {
    const line = lineOf(event.target);
    if (!dragged || !line) return;
    event.preventDefault();
    void move(dragged, Number(line.dataset.place));
  });
  document.addEventListener("dragend", () => {
    one(".run-over")?.classList.remove("run-over");
    dragged = null;
  });
}
