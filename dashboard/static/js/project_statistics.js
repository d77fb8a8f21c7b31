/** The environments and statistics of a project. Only the server can compute them, so the page fetches them again. */

import { coalesce } from "./live/coalesce.js";
import { changesMoreThanProgress } from "./live/frames.js";
import { morph } from "./live/morph.js";

const PAUSE_MS = 2000;

/** Keep them up to date. Return `{reset, apply}`, for snapshots and frames. `fetchMain`: see page.js. */
export function followStatistics(fetchMain) {
  let shownVersion = document.getElementById("statistics-version").value;
  const requestRefetch = coalesce(refetch, PAUSE_MS);

  async function refetch() {
    const main = await fetchMain(location.href);
    for (const part of document.querySelectorAll(".project-part")) morph(part, main.querySelector(`#${part.id}`));
    shownVersion = main.ownerDocument.getElementById("statistics-version").value;
  }

  function reset({ deployments }) {
    if (writeVersion(deployments) !== shownVersion) requestRefetch();
  }

  /** `deployment` is the one that the frame is about, if it is listed. */
  function apply(frame, deployment) {
    // A step that is reported after the end of its deployment still counts in the statistics.
    const mayHaveEnded = deployment === undefined || deployment.status === "completed";
    if (mayHaveEnded || changesMoreThanProgress(frame)) requestRefetch();
  }

  return { reset, apply };
}

/** Return the version of a list of deployments, as `dashboard/pages/project.py` does. It changes with any of them. */
export function writeVersion(deployments) {
  return deployments.map(({ id, seq }) => `${id}.${seq}`).join(" ");
}
