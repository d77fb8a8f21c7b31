/** Estimates of the time that a deployment will still take: pure, the twin of `dashboard/core/estimate.py`.
 *
 * Both are tested against `tests/js/core/estimate.json`. Points in time are milliseconds since 1970. */

/** Return the expected end of a running deployment as `{median, p90, runs}`; null if nothing is known. */
export function findEnds({ usual, current, state, started_at: startedAt }) {
  if (!usual || state !== "running") return null;
  const left = current && usual.steps[`${current.job_name}/${current.key}`]?.left;
  if (left && current.started_at) return addRange(current.started_at, left);
  return startedAt ? addRange(startedAt, [...usual.total, usual.runs]) : null;
}

/** Return how long a step usually takes, `[median_s, p90_s, runs]`; null if that is not known. */
export function findStepUsual(usual, job, key) {
  return usual?.steps[`${job}/${key}`]?.duration ?? null;
}

/** Return whether a step took longer than in nine of ten runs, and at least a second longer than the median. */
export function isSlow(duration, [median, p90]) {
  return duration > p90 && duration - median >= 1;
}

/** Return the time at which a running step becomes slow, null for any other step. */
export function findSlowAt(startedAt, state, usual) {
  if (!usual || state !== "running" || !startedAt) return null;
  const [median, p90] = usual;
  return Date.parse(startedAt) + Math.round(Math.max(p90, median + 1) * 1000);
}

function addRange(startedAt, [median, p90, runs]) {
  const start = Date.parse(startedAt);
  return { median: start + Math.round(median * 1000), p90: start + Math.round(p90 * 1000), runs };
}
