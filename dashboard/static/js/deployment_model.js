/** What the deployment page knows, and how a frame changes it: plain data, no DOM.
 *
 * Nothing is changed in place: a part is a new object exactly when something in it changed. */

import { compareNodes } from "./core/order.js";

/** Return the view after a frame, the same view for a frame it already holds, null for one that does not follow on.
 *
 * A frame holds every field that changed after `prev_seq`, as it is at `seq`: right for a view in between, too. */
export function applyFrame(view, frame) {
  if (frame.seq <= view.seq) return view;
  if (frame.prev_seq > view.seq) return null;
  const { deployment = {}, jobs = [], steps = [], seq } = frame;
  return { ...view, ...deployment, seq, jobs: mergeSteps(mergeNodes(view.jobs, jobs, { steps: [] }), steps) };
}

function mergeSteps(jobs, steps) {
  const byJob = new Map(steps.map((step) => [step.job, []]));
  for (const step of steps) byJob.get(step.job).push(step);
  const known = new Set(jobs.map((job) => job.key));
  const missing = [...byJob.keys()].filter((key) => !known.has(key)).map((key) => ({ key }));
  return mergeNodes(jobs, missing, { steps: [] }).map((job) =>
    byJob.has(job.key) ? { ...job, steps: mergeNodes(job.steps, byJob.get(job.key), {}) } : job,
  );
}

/** Return the nodes with the changes, in the shown order; what is new begins as `fresh`. */
function mergeNodes(nodes, changes, fresh) {
  if (changes.length === 0) return nodes;
  const merged = new Map(nodes.map((node) => [node.key, node]));
  for (const change of changes) merged.set(change.key, { ...(merged.get(change.key) ?? fresh), ...change });
  return [...merged.values()].sort(compareNodes);
}

/** Tell whether news of a run change what this page tells of other deployments: that one is there, or an earlier attempt's jobs. */
export function isAboutOther({ deployment_id: id, dialect, attempt, is_known: isKnown }, view) {
  if (id === view.id) return false;
  return !isKnown || (dialect === view.dialect && attempt < view.attempt);
}
