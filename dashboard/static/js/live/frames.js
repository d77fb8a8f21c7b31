/** What a frame changes: plain data, no DOM. */

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

/** Tell whether a frame changes more than how far a deployment is. */
export function mayMatter({ deployment = {} }) {
  return Object.keys(deployment).some((name) => !PROGRESS.has(name));
}
