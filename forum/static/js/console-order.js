/** The order of the run sheet by dragging and by Alt and an arrow key; both send the form that the buttons send. */

import { all, make, one } from "./page.js";

/** @param {Element | null} line @param {number} place @returns {HTMLFormElement | null} */
function formFor(line, place) {
  const any = /** @type {HTMLFormElement | null} */ (line?.querySelector("form[action$='/move']") ?? null);
  if (!any || !(line instanceof HTMLElement)) return null;
  if (place < 1 || place > Number(line.dataset.places) || place === Number(line.dataset.place)) return null;
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

  /** @param {HTMLElement} line @param {number} place */
  async function move(line, place) {
    const form = formFor(line, place);
    if (!form) return;
    await send(form);
    document.getElementById(line.id)?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const line = lineOf(event.target);
    if (!line || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    void move(line, Number(line.dataset.place) + (event.key === "ArrowUp" ? -1 : 1));
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
