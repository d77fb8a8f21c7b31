/** What is left of a length of time, and what is usual, as people read it: the twin of `dashboard/pages/text/durations.py`. */

import { findEnds, isSlow } from "../core/estimate.js";
import { findTraits } from "../states.js";
import { makeSay } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;

/** Return the texts by name; `duration` is the format of an exact length. Moments are milliseconds since 1970. */
export function makeEstimateFormats(words, duration) {
  const say = makeSay(words);

  /** Tell the time left as a range, or by how much it is overdue. */
  function tellLeft({ median, p90, runs: n }, now) {
    if (now >= p90) return say("left.overdue", { n, time: duration((now - p90) / 1000) });
    const high = roundUp((p90 - now) / 1000);
    const low = roundUp(Math.max(median - now, 0) / 1000);
    const highText = sayRough(...high);
    if (low[1] === 0) return say("left.up_to", { n, high: highText });
    if (low[0] === high[0] && low[1] === high[1]) return say("left.about", { n, high: highText });
    const isShared = low[0] === high[0] && low[0] !== "hours";
    return say("left.between", { n, low: isShared ? String(low[1]) : sayRough(...low), high: highText });
  }

  function sayRough(unit, n) {
    if (unit === "hours") return say("duration.hours", { h: Math.floor(n / 4), m: (n % 4) * 15 });
    return say(`rough.${unit}`, { n });
  }

  function left(history, current, startedAt, state, now) {
    const ends = findEnds({ usual: history, current, started_at: startedAt, state });
    return ends ? tellLeft(ends, now) : "";
  }

  /** Tell how long past runs took beside one that has ended. */
  function usual(history, status) {
    if (!history || status !== "completed") return "";
    const [low, high] = history.total.map(duration);
    return say(low === high ? "usual.about" : "usual.between", { n: history.runs, low, high });
  }

  /** Tell how long a step usually takes, and whether this one is slow. */
  function pace(seconds, startedAt, state, stepUsual, now) {
    if (!stepUsual) return "";
    const isOpen = seconds === null && state === "running" && startedAt;
    const elapsed = isOpen ? (now - Date.parse(startedAt)) / 1000 : seconds;
    if (elapsed === null && !findTraits(state).is_pending) return "";
    return tellPace(stepUsual[0], elapsed !== null && isSlow(elapsed, stepUsual));
  }

  function tellPace(median, slow) {
    return say(slow ? "pace.slow" : "pace.usual", { time: duration(median) });
  }

  return { left, tellLeft, usual, pace, tellPace };
}

/** Return a unit and how many of it: seconds by fives, minutes, quarters of an `hours`. */
function roundUp(seconds) {
  if (seconds <= MINUTE - 5) return ["seconds", Math.ceil(seconds / 5) * 5];
  if (seconds <= HOUR - MINUTE) return ["minutes", Math.ceil(seconds / MINUTE)];
  return ["hours", Math.ceil((seconds / HOUR) * 4)];
}
