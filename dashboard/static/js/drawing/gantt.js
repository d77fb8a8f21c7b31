/** Steps as bars on a time axis: pure arithmetic in whole numbers, the twin of `dashboard/pages/drawing/gantt.py`.
 *
 * Both are tested against `tests/js/drawing/gantt.json`. Times are in milliseconds, bars in thousandths of the axis. */

import { constants } from "../constants.js";
import { DAY_MS, SECOND_MS } from "../core/time_units.js";
import { findTraits } from "../states.js";

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
  const isLive = findTraits(view.state).is_ticking;
  const usual = view.usual ? Math.round(view.usual.total[1] * 1000) : 0;
  const span = isLive ? roundUpSpan(Math.max(latest - start, now - start, usual)) : Math.max(latest - start, SECOND_MS);
  return { start_ms: start, span_ms: span, span_s: Math.floor(span / 1000), is_live: isLive };
}

/** Return the next round span, so that a growing axis changes rarely. */
export function roundUpSpan(span) {
  return constants.gantt.round_spans_ms.find((round) => round >= span) ?? Math.ceil(span / DAY_MS) * DAY_MS;
}

/** Return whether it is known when a job or step ran. It is not known if it ended without a time. */
function hasBar({ started_at: startedAt, completed_at: completedAt, status }) {
  return Boolean(startedAt && (completedAt || status === "in_progress"));
}

/** Return `[x, width]` of a bar; the width is 0 if there is nothing to show. */
export function placeBar(axis, node, now) {
  if (!axis || !hasBar(node)) return [0, 0];
  const { width, min_bar_width: min } = constants.gantt;
  const { started_at: startedAt, completed_at: completedAt } = node;
  const open = axis.is_live ? now : axis.start_ms + axis.span_ms;
  const start = Date.parse(startedAt);
  const end = completedAt ? Date.parse(completedAt) : open;
  const scale = (length) => Math.floor((length * width) / axis.span_ms);
  const x = Math.min(Math.max(scale(start - axis.start_ms), 0), width - min);
  return [x, Math.min(Math.max(scale(end - start), min), width - x)];
}

/** Return the start of a growing bar, null for any other bar. */
export function findGrowingSince(axis, node) {
  return axis?.is_live && hasBar(node) && !node.completed_at ? Date.parse(node.started_at) : null;
}
