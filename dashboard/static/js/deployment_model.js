/** The data of the page of a deployment, and how a frame changes it: plain data, no DOM.
 *
 * Nothing is changed in place: a part is a new object if, and only if, something in it has changed. */

import { compareNodes } from "./core/order.js";

/** Return the view after a frame: the same view if it already contains the frame, null if frames in between are missing.
 *
 * A frame has the values at `seq` of all fields that changed after `prev_seq`, so it fits every view in between. */
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

/** Return the nodes with the changes, in the shown order; new nodes start as `fresh`. */
function mergeNodes(nodes, changes, fresh) {
  if (changes.length === 0) return nodes;
  const merged = new Map(nodes.map((node) => [node.key, node]));
  for (const change of changes) merged.set(change.key, { ...(merged.get(change.key) ?? fresh), ...change });
  return [...merged.values()].sort(compareNodes);
}

/** Return whether an update of the run adds another deployment, or changes the jobs of an earlier attempt. */
export function isAboutOther({ deployment_id: id, dialect, attempt, is_known: isKnown }, view) {
  if (id === view.id) return false;
  return !isKnown || (dialect === view.dialect && attempt < view.attempt);
}
