/** Lists of deployments as the overview and the page of a project show them.
 *
 * Pure, the twin of `dashboard/pages/lists.py`: both are tested against `tests/js/lists.json`. */

import { findTraits } from "./states.js";

/** Return the deployments of a list with one line for each run: the native deployment, else the CI server's run.
 *
 * What the run deploys, and what another dialect reports of it, is left out. A failure stays unless that line is a
 * failure as well: it alone would look like a success. */
export function hideDuplicateRuns(deployments) {
  const [reported, failed] = [new Map(), new Map()];
  for (const deployment of deployments.filter(({ run_key: key }) => key)) {
    const lines = findTraits(deployment.state).is_failure ? [reported, failed] : [reported];
    for (const line of lines) {
      line.set(deployment.run_key, Math.max(line.get(deployment.run_key) ?? 0, rankLine(deployment)));
    }
  }
  return deployments.filter((deployment) => {
    const lines = findTraits(deployment.state).is_failure ? failed : reported;
    return (lines.get(deployment.run_key) ?? 0) <= rankLine(deployment);
  });
}

function rankLine({ dialect, run_id: run }) {
  if (dialect === "native") return 2;
  return run === null ? 0 : 1;
}

/** Return open deployments, given newest first, with the stale ones at the end. */
export function orderRunning(deployments) {
  const isStale = ({ state }) => Number(state === "stale");
  return [...deployments].sort((a, b) => isStale(a) - isStale(b));
}

/** Return the numbers in the title of the overview: `running` deployments, and projects whose last one `failed`. */
export function countWatched(running, projects) {
  return {
    running: running.filter(({ state }) => state !== "stale").length,
    failed: projects.filter((project) => project.last_deployment?.state === "failed").length,
  };
}
