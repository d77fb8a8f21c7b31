/** Lists of deployments as the overview and the page of a project show them.
 *
 * Pure, the twin of `dashboard/pages/lists.py`: both are tested against `tests/js/lists.json`. */

import { findTraits } from "./states.js";

/** Return the deployments of a list without CI runs that a native one among them tells: one line for each run.
 *
 * Unless only the CI server says that something failed: no line may be green for both. */
export function hideLinked(deployments) {
  const natives = deployments.filter(({ dialect, run_key: key }) => dialect === "native" && key);
  const told = new Set(natives.map(({ run_key: key }) => key));
  const failed = new Set(natives.filter(({ state }) => findTraits(state).is_failure).map(({ run_key: key }) => key));
  return deployments.filter(
    ({ dialect, run_key: key, state }) => dialect === "native" || !(findTraits(state).is_failure ? failed : told).has(key),
  );
}

/** Return open deployments, given newest first, with those that fell silent behind the others. */
export function orderRunning(deployments) {
  const isStale = ({ state }) => Number(state === "stale");
  return [...deployments].sort((a, b) => isStale(a) - isStale(b));
}

/** Return what title and icon of the overview tell: how many are `running`, how many projects' last one `failed`. */
export function countWatched(running, projects) {
  return {
    running: running.filter(({ state }) => state !== "stale").length,
    failed: projects.filter((project) => project.last_deployment?.state === "failed").length,
  };
}
