/** Steps as bars on a time axis: pure arithmetic in whole numbers, the twin of `dashboard/pages/drawing/gantt.py`.
 *
 * Both are tested against `tests/js/drawing/gantt.json`. Moments and lengths are milliseconds; bars are in thousandths. */

const WIDTH = 1000;
const MIN_BAR_WIDTH = 8;
const LIVE_STATES = ["running", "waiting"];
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const NICE = [
  30 * SECOND,
  ...[1, 2, 3, 5, 10, 20, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
];

/** Return the axis that all steps of a deployment share, null while nothing has started. */
export function findAxis(view, now) {
  let [start, latest] = [Infinity, -Infinity];
  const include = ({ started_at: startedAt, completed_at: completedAt }) => {
    if (startedAt) start = Math.min(start, Date.parse(startedAt));
    for (const time of [startedAt, completedAt]) if (time) latest = Math.max(latest, Date.parse(time));
  };
  include(view);
  for (const job of view.jobs) {
    for (const part of [job, ...job.steps]) if (hasBar(part)) include(part);
  }
  if (start === Infinity) return null;
  const isLive = LIVE_STATES.includes(view.state);
  const usual = view.usual ? Math.round(view.usual.total[1] * 1000) : 0;
  const span = isLive ? findNiceSpan(Math.max(latest - start, now - start, usual)) : Math.max(latest - start, SECOND);
  return { start_ms: start, span_ms: span, span_s: Math.floor(span / 1000), is_live: isLive };
}

/** Return the next round length, so that a growing axis moves rarely. */
export function findNiceSpan(span) {
  return NICE.find((nice) => nice >= span) ?? Math.ceil(span / DAY) * DAY;
}

/** Say whether it is known when a job or step was at work: what has ended without a time is not. */
export function hasBar({ started_at: startedAt, completed_at: completedAt, status }) {
  return Boolean(startedAt && (completedAt || status === "in_progress"));
}

/** Return x and width of a bar; a width of 0 where there is nothing to show. */
export function placeBar(axis, node, now) {
  if (!axis || !hasBar(node)) return [0, 0];
  const { started_at: startedAt, completed_at: completedAt } = node;
  const open = axis.is_live ? now : axis.start_ms + axis.span_ms;
  const start = Date.parse(startedAt);
  const end = completedAt ? Date.parse(completedAt) : open;
  const scale = (length) => Math.floor((length * WIDTH) / axis.span_ms);
  const x = Math.min(Math.max(scale(start - axis.start_ms), 0), WIDTH - MIN_BAR_WIDTH);
  return [x, Math.min(Math.max(scale(end - start), MIN_BAR_WIDTH), WIDTH - x)];
}

/** Return the start of a bar that grows, null for one that stands still. */
export function findGrowingSince(axis, node) {
  return axis?.is_live && hasBar(node) && !node.completed_at ? Date.parse(node.started_at) : null;
}
