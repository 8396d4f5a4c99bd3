/**
 * The one line for other sites: <script async src="…/embed.js" data-discussion="slug" data-title="…"></script>. It puts a
 * frame in its own place, named by the title (WCAG 2.4.1 asks for a name), and lets it grow with what is in it. Nothing of
 * the page around is read.
 */
(() => {
  const script = /** @type {HTMLScriptElement | null} */ (
    document.currentScript ?? document.querySelector("script[data-discussion][src$='/embed.js']:not([data-done])")
  );
  if (script?.dataset.discussion) {
    script.dataset.done = "";
    const site = new URL(script.src).origin;
    const { discussion, question } = script.dataset;
    const frame = document.createElement("iframe");
    frame.src = `${site}/d/${encodeURIComponent(discussion)}/embed${question ? `?question=${encodeURIComponent(question)}` : ""}`;
    frame.title = script.dataset.title || "Roundtext";
    frame.loading = "lazy";
    frame.width = "100%";
    frame.height = script.dataset.height ?? "480";
    frame.style.border = "0";
    script.after(frame);
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== site || data?.type !== "roundtext") return;
      const height = Number(data.height);
      if (height > 0 && height < 100_000) frame.height = String(Math.ceil(height));
    });
  }
})();
