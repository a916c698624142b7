// Copying the open decision: its permalink, its chain as text, or a bug report.

import {byId} from "./dom.js";

const COPIED_MILLISECONDS = 2000;

/**
 * @param {(kind: string) => string} textOf what a button's `data-copy` stands for
 */
export function followCopies(textOf) {
  byId("copies").addEventListener("click", async ({target}) => {
    const kind = target instanceof HTMLElement ? target.dataset.copy : undefined;
    if (kind === undefined) return;
    const text = textOf(kind);
    showText("");
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
      setTimeout(() => say(""), COPIED_MILLISECONDS);
    } catch {
      // No permission, or a browser without a clipboard for this page: the reader copies it.
      say("The browser refused. Copy the selected text:");
      showText(text);
    }
  });
}

/** Take away what was offered of another decision. */
export function resetCopies() {
  say("");
  showText("");
}

/** @param {string} words */
function say(words) {
  byId("copied").textContent = words;
}

/** @param {string} text */
function showText(text) {
  const area = /** @type {HTMLTextAreaElement} */ (byId("copy-text"));
  area.hidden = text === "";
  area.value = text;
  if (text === "") return;
  area.focus();
  area.select();
}
