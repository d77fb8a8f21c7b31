/** Formats the time left and how long runs and steps usually take: the twin of `dashboard/pages/text/durations.py`. */

import { findEnds, isSlow } from "../core/estimate.js";
import { HOUR_S, MINUTE_S } from "../core/time_units.js";
import { findTraits } from "../states.js";
import { makeTranslator } from "./words.js";

/** Return the formats by name; `duration` formats an exact duration. `now` is in milliseconds since 1970. */
export function makeEstimateFormats(words, duration) {
  const translate = makeTranslator(words);

  /** Format the time left as a range, or by how much the run is overdue. */
  function formatEnds({ median, p90, runs: n }, now) {
    if (now >= p90) return translate("left.overdue", { n, time: duration((now - p90) / 1000) });
    const high = roundUp((p90 - now) / 1000);
    const low = roundUp(Math.max(median - now, 0) / 1000);
    const highText = formatRough(...high);
    if (low[1] === 0) return translate("left.up_to", { n, high: highText });
    if (low[0] === high[0] && low[1] === high[1]) return translate("left.about", { n, high: highText });
    const isShared = low[0] === high[0] && low[0] !== "hours";
    return translate("left.between", { n, low: isShared ? String(low[1]) : formatRough(...low), high: highText });
  }

  function formatRough(unit, n) {
    if (unit === "hours") return translate("duration.hours", { h: Math.floor(n / 4), m: (n % 4) * 15 });
    return translate(`rough.${unit}`, { n });
  }

  function left(history, current, startedAt, state, now) {
    const ends = findEnds({ usual: history, current, started_at: startedAt, state });
    return ends ? formatEnds(ends, now) : "";
  }

  /** Format how long past runs took, for a run that has ended. */
  function usual(history, status) {
    if (!history || status !== "completed") return "";
    const [low, high] = history.total.map(duration);
    return translate(low === high ? "usual.about" : "usual.between", { n: history.runs, low, high });
  }

  /** Format how long a step usually takes, and whether this one is slow. */
  function pace(seconds, startedAt, state, stepUsual, now) {
    if (!stepUsual) return "";
    const isOpen = seconds === null && state === "running" && startedAt;
    const elapsed = isOpen ? (now - Date.parse(startedAt)) / 1000 : seconds;
    if (elapsed === null && !findTraits(state).is_pending) return "";
    return formatMedian(stepUsual[0], elapsed !== null && isSlow(elapsed, stepUsual));
  }

  function formatMedian(median, slow) {
    return translate(slow ? "pace.slow" : "pace.usual", { time: duration(median) });
  }

  return { left, formatEnds, usual, pace, formatMedian };
}

/** Return `[unit, number]`, rounded up: to 5 seconds, to minutes, or, as "hours", the number of quarter hours. */
function roundUp(seconds) {
  if (seconds <= MINUTE_S - 5) return ["seconds", Math.ceil(seconds / 5) * 5];
  if (seconds <= HOUR_S - MINUTE_S) return ["minutes", Math.ceil(seconds / MINUTE_S)];
  return ["hours", Math.ceil((seconds / HOUR_S) * 4)];
}
