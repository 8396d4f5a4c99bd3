/** Inside a frame of another site: keeps the page new while it is seen, and tells the page around how high it is. */

import * as times from "./times.js";

const EVERY = 5_000;

function tellHeight() {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  parent.postMessage({ type: "roundtext", height, address: location.href }, "*");
}

/** Whoever stands on a link stays there. @param {HTMLElement} now @param {HTMLElement} next */
function replace(now, next) {
  const link = document.activeElement?.closest("a[href]")?.getAttribute("href");
  now.replaceWith(document.importNode(next, true));
  if (!link) return;
  const same = /** @type {HTMLElement | null} */ (document.querySelector(`a[href="${CSS.escape(link)}"]`));
  same?.focus({ preventScroll: true });
}

async function renew() {
  if (document.hidden || !["live", "paused", "announced"].includes(document.body.dataset.phase ?? "")) return;
  try {
    const response = await fetch(location.href, { cache: "no-cache", credentials: "omit" });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const [now, next] = [document.getElementById("main"), fresh.getElementById("main")];
    document.body.dataset.phase = fresh.body.dataset.phase;
    // Both say their times as the reader's before they are compared.
    if (next) times.localise(next);
    if (now && next && now.innerHTML !== next.innerHTML) replace(now, next);
  } catch {
    // The line is gone for a moment; the next look will tell.
  }
  tellHeight();
}

times.start();
tellHeight();
addEventListener("load", tellHeight);
new ResizeObserver(tellHeight).observe(document.body);
setInterval(renew, EVERY);
document.addEventListener("visibilitychange", renew);
