/** The parts of the page of a project that tell of its past: only the server can compute them, so they are fetched anew. */

import { coalesce } from "./live/coalesce.js";
import { morph } from "./live/morph.js";
import { mayMatter, nameState } from "./past_model.js";

const PAUSE_MS = 2000;

/** Keep them right; does nothing on a page without them. `fetchMain`: see page.js. */
export function followPast(fetchMain) {
  let seen = document.getElementById("seen")?.value;
  const ask = seen === undefined ? () => {} : coalesce(look, PAUSE_MS);

  async function look() {
    const main = await fetchMain(location.href);
    for (const part of document.querySelectorAll(".past")) morph(part, main.querySelector(`#${part.id}`));
    seen = main.ownerDocument.getElementById("seen").value;
  }

  function reset({ deployments }) {
    if (nameState(deployments) !== seen) ask();
  }

  /** `deployment` is the one that the frame is about, if it is listed. */
  function apply(frame, deployment) {
    // A step that is told of after the end still counts for the steps of the past.
    if (mayMatter(frame) || deployment === undefined || deployment.status === "completed") ask();
  }

  return { reset, apply };
}
