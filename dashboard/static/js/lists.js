/** Lists of deployments as the overview and the page of a project show them.
 *
 * Pure, the twin of `dashboard/pages/lists.py`: both are tested against `tests/js/lists.json`. */

import { findTraits } from "./states.js";

/** Return the deployments of a list without runs of a CI server that a native deployment in the list also reports.
 *
 * A failure that only the CI server reports stays: the native deployment alone would look like a success. */
export function hideDuplicateRuns(deployments) {
  const natives = deployments.filter(({ dialect, run_key: key }) => dialect === "native" && key);
  const reported = new Set(natives.map(({ run_key: key }) => key));
  const failed = new Set(natives.filter(({ state }) => findTraits(state).is_failure).map(({ run_key: key }) => key));
  return deployments.filter(({ dialect, run_key: key, state }) => {
    const duplicated = findTraits(state).is_failure ? failed : reported;
    return dialect === "native" || !duplicated.has(key);
  });
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
