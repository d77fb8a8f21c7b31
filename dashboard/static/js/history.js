/** The history: the server decides what matches, the script asks it when something may have changed.
 *
 * What came since the page was opened is counted and waits until the visitor asks for it, so that nothing moves. */

import { sendWithoutBlanks } from "./filters.js";
import { coalesce } from "./live/coalesce.js";
import { mayMatter } from "./live/frames.js";
import { morph } from "./live/morph.js";
import { openPage } from "./live/page.js";

const PAUSE_MS = 2000;

sendWithoutBlanks(document.querySelector("form.filters"));

openPage(({ fetchMain }) => {
  const results = document.getElementById("results");
  const ask = coalesce(() => look(() => true), PAUSE_MS);

  async function look(isWanted) {
    const address = new URL(location.href);
    if (results.dataset.top) address.searchParams.set("top", results.dataset.top);
    const main = await fetchMain(address);
    if (isWanted()) morph(results, main.querySelector("#results"));
  }

  results.addEventListener("click", (event) => {
    if (!event.target.closest("#news")) return;
    event.preventDefault();
    results.removeAttribute("data-top");
    look(() => true).then(() => document.getElementById("results-title").focus());
  });

  function apply(frame) {
    if (mayMatter(frame)) ask();
    return true;
  }

  return { since: () => null, reset: ask, apply, refresh: look, forget: () => {} };
});
