/** The history. The server decides what matches the filters; the script fetches the results when they may have changed.
 *
 * Newer deployments are only counted until the visitor asks for them, so that no row moves. */

import { sendWithoutBlanks } from "./filters.js";
import { coalesce } from "./live/coalesce.js";
import { changesMoreThanProgress } from "./live/frames.js";
import { morph } from "./live/morph.js";
import { openPage } from "./live/page.js";

const PAUSE_MS = 2000;

sendWithoutBlanks(document.querySelector("form.filters"));

openPage(({ fetchMain }) => {
  const results = document.getElementById("results");
  const requestRefetch = coalesce(() => refetch(() => true), PAUSE_MS);

  async function refetch(isWanted) {
    const address = new URL(location.href);
    if (results.dataset.top) address.searchParams.set("top", results.dataset.top);
    const main = await fetchMain(address);
    if (isWanted()) morph(results, main.querySelector("#results"));
  }

  results.addEventListener("click", (event) => {
    if (!event.target.closest("#newer")) return;
    event.preventDefault();
    results.removeAttribute("data-top");
    refetch(() => true).then(() => document.getElementById("results-title").focus());
  });

  function apply(frame) {
    if (changesMoreThanProgress(frame)) requestRefetch();
    return true;
  }

  return { since: () => null, reset: requestRefetch, apply, refresh: refetch, forget: () => {} };
});
