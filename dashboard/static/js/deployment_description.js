/** What the page of a deployment shows beyond its view: plain data, the twin of
 * `dashboard/pages/deployment_description.py`.
 *
 * Both are tested against `tests/js/deployment_description.json`. */

import { findStepUsual } from "./core/estimate.js";
import { findAxis } from "./drawing/gantt.js";

/** Return a function that describes views; jobs and steps that look as before are the same objects as before. */
export function makeDescriber() {
  const memory = new WeakMap();
  let axis = null;

  return function describeDeployment(source, now) {
    const view = { ...source, jobs: source.jobs.map((job) => settleJob(job, source.state === "stale")) };
    axis = keepEqual(axis, findAxis(view, now));
    const { step, job } = findFirstFailure(view);
    return {
      ...view,
      headline: describeHeadline(view, step, job),
      axis,
      opens: view.state === "failed" && !job,
      grows: view.status !== "completed" && view.dialect !== "native" && view.jobs.length > 0,
      has_several_jobs: view.jobs.length > 1,
      inherited: listInherited(view),
      jobs: view.jobs.map((one, index) => describeJob(source.jobs[index], one, view.usual, step, step ? null : job)),
    };
  };

  function describeJob(source, job, usual, step, failed) {
    const steps = job.steps.map((one, index) => {
      const added = { axis, opens: one === step, usual: findStepUsual(usual, job.name, one.key), state: one.state };
      return remember(source.steps[index], added);
    });
    const { state, completed_at, duration_s } = job;
    return remember(source, { axis, opens: job === failed, steps, state, completed_at, duration_s });
  }

  /** Return the node with the added fields; the same object as before if all of these are the same. */
  function remember(node, added) {
    const known = memory.get(node);
    if (known && Object.keys(added).every((name) => isSame(known[name], added[name]))) return known;
    const described = { ...node, ...added };
    memory.set(node, described);
    return described;
  }
}

/** Return the jobs of earlier attempts that this one has not run, or not yet. */
function listInherited({ jobs, related }) {
  const own = new Set(jobs.map(({ name }) => name));
  return (related?.earlier ?? []).filter(({ name }) => !own.has(name));
}

/** Return the job with its own end. In a stale deployment it is not known whether anything still runs. */
function settleJob(job, isStale) {
  const timed = timeJob(job);
  return isStale ? { ...markStale(timed), steps: job.steps.map(markStale) } : timed;
}

function markStale(part) {
  return part.state === "running" ? { ...part, state: "stale" } : part;
}

/** Return the job; if its sender never ended it, it ends with its last step instead of with its deployment. */
function timeJob(job) {
  const ends = job.steps.map((step) => step.completed_at).filter(Boolean);
  if (job.status_raw !== null || job.status !== "completed" || !job.started_at || ends.length === 0) return job;
  const ended = ends.reduce((latest, end) => (Date.parse(end) > Date.parse(latest) ? end : latest));
  const duration = Math.max(Date.parse(ended) - Date.parse(job.started_at), 0) / 1000;
  return { ...job, completed_at: ended, duration_s: duration };
}

/** Return the first failed step in the shown order and its job; the first failed job if no step failed. */
function findFirstFailure(view) {
  for (const job of view.jobs) {
    const step = job.steps.find(isFailed);
    if (step) return { step, job };
  }
  return { step: null, job: view.jobs.find(isFailed) ?? null };
}

function describeHeadline(view, step, job) {
  const kind = chooseKind(view, step, job);
  const isCurrent = kind === "running_step";
  return {
    kind,
    key: isCurrent ? view.current.key : (step?.key ?? null),
    name: isCurrent ? view.current_step : (step?.name ?? null),
    step_job: step?.job ?? null,
    job: job?.name ?? null,
    at: isCurrent ? (view.current.started_at ?? findMoment(view)) : findMoment(view, step ?? job),
    error: kind.startsWith("fail") ? findLine([step, job, view]) : null,
    has_context: view.state === "failed" && Boolean(view.related),
    failures: step ? (view.related?.failures[`${job.name}/${step.key}`] ?? 0) : null,
  };
}

/** Return the end or start of a failed part; without it, that of the deployment. */
function findMoment(view, part) {
  return part?.completed_at ?? part?.started_at ?? view.completed_at ?? view.started_at ?? view.sorted_at;
}

function chooseKind({ state, jobs, current }, step, job) {
  if (state === "failed") {
    if (step) return jobs.length > 1 ? "failed_step_job" : "failed_step";
    return job ? "failed_job" : "failed";
  }
  if (state === "running") return step ? "failing" : current ? "running_step" : "running";
  return state === "stale" ? "stale" : "other";
}

/** Return the line that describes the error best: the first line of an error, else the last line of a log. */
function findLine(nodes) {
  for (const node of nodes) {
    for (const [name, place] of [["error", 0], ["log", -1]]) {
      const lines = (node?.[name] ?? "").split("\n").map(trim).filter(Boolean);
      if (lines.length > 0) return lines.at(place);
    }
  }
  return null;
}

function trim(line) {
  return line.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
}

function isFailed({ state }) {
  return state === "failed";
}

function keepEqual(before, after) {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

function isSame(before, after) {
  if (!Array.isArray(before) || !Array.isArray(after)) return before === after;
  return before.length === after.length && before.every((item, index) => item === after[index]);
}
