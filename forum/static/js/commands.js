/**
 * Single keys that do something in public: never what somebody types who believes to be in a field.
 *
 * What happens elsewhere can take a field from under somebody's fingers. What they type on is no command until they pause,
 * or leave on purpose: by the mouse, by Tab or Escape, or by Enter where that sends.
 */

import { isField } from "./page.js";

const PAUSE = 1_500;

let typedAt = Number.NEGATIVE_INFINITY;

/** @param {EventTarget | null} target */
const takesLetters = (target) =>
  isField(target) && !(target instanceof HTMLInputElement && ["checkbox", "radio"].includes(target.type));

const isAmidTyping = () => performance.now() - typedAt < PAUSE;

function leave() {
  typedAt = Number.NEGATIVE_INFINITY;
}

document.addEventListener(
  "keydown",
  ({ key, target, ctrlKey, metaKey }) => {
    const sends = key === "Enter" && (target instanceof HTMLInputElement || ctrlKey || metaKey);
    if (sends || key === "Escape" || key === "Tab") leave();
    else if (takesLetters(target) || isAmidTyping()) typedAt = performance.now();
  },
  true,
);
document.addEventListener("pointerdown", leave, true);

/** Whether a key is meant for the page and not for a text. @param {KeyboardEvent} event */
export const isCommand = ({ target, ctrlKey, metaKey, altKey }) =>
  !(ctrlKey || metaKey || altKey || takesLetters(target) || isAmidTyping());
