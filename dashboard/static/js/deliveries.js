/** The inbox, which does not move by itself: the script tells times in the visitor's zone, and keeps addresses short. */

import { Writer } from "./live/fields.js";
import { sendWithoutBlanks } from "./filters.js";
import { readWords } from "./text/words.js";

new Writer(readWords(document), "").localise(document.getElementById("main"));

const filters = document.querySelector("form.filters");
if (filters !== null) sendWithoutBlanks(filters);

/** A replay takes its time: it is asked for once. */
for (const form of document.querySelectorAll("form.replay")) {
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
}

/** Whoever comes back to a page that the browser kept may ask again. */
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form.replay button")) button.disabled = false;
});
