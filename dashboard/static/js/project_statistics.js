/** The environments and statistics of a project. Only the server can compute them, so they are fetched again. */

import { coalesce } from "./live/coalesce.js";
import { mayMatter } from "./live/frames.js";
import { morph } from "./live/morph.js";

const PAUSE_MS = 2000;

/** Keep them up to date. `fetchMain`: see page.js. */
export function followStatistics(fetchMain) {
  let seen = document.getElementById("seen").value;
  const ask = coalesce(look, PAUSE_MS);

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
    // A step that is reported after the end still counts in the statistics of steps.
    if (mayMatter(frame) || deployment === undefined || deployment.status === "completed") ask();
  }

  return { reset, apply };
}

/** Name a list of deployments as they are now, as the server does: two equal names mean that nothing has changed. */
export function nameState(deployments) {
  return deployments.map(({ id, seq }) => `${id}.${seq}`).join(" ");
}
