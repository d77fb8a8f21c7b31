/** What a frame changes. Plain data, no DOM. */

const PROGRESS = new Set([
  "progress_pct",
  "shown_pct",
  "completed_steps",
  "total_steps",
  "run_progress_pct",
  "completed_jobs",
  "total_jobs_visible",
  "current_step",
  "current",
  "usual",
]);

/** Return whether a frame changes more than the progress of a deployment. */
export function changesMoreThanProgress({ deployment = {} }) {
  return Object.keys(deployment).some((name) => !PROGRESS.has(name));
}
