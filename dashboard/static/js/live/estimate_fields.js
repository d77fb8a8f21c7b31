/** Writes the fields that depend on estimates and on the clock: the time left, the pace of a step, its bar. */

import { now } from "./clock.js";
import { setAttribute, writeText } from "./dom.js";
import { findEnds, findSlowAt, isSlow } from "../core/estimate.js";
import { findGrowingSince, placeBar } from "../drawing/gantt.js";

export const ESTIMATE_WRITERS = { left: writeLeft, pace: writePace, bar: writeBar };

/** Selects the estimates that change with the clock. One selector, because a page has tens of thousands of elements. */
export const TICKING_ESTIMATES = "[data-ends], [data-slow-at], [data-grows]";

/** Update one of the elements that it selects. */
export function tickEstimate({ ticking }, element) {
  const { ends, slowAt, usual } = element.dataset;
  if (ends !== undefined) {
    const [median, p90, runs] = ends.split(" ").map(Number);
    writeText(element, ticking.formatEnds({ median, p90, runs }, now()));
  } else if (slowAt === undefined) {
    growBar(element);
  } else {
    const slow = now() > Number(slowAt);
    writeText(element, ticking.formatMedian(Number(usual), slow));
    setAttribute(element, "data-slow", slow ? "" : null);
  }
}

function writeLeft({ ticking }, element, usual, current, startedAt, state) {
  const ends = findEnds({ usual, current, started_at: startedAt, state });
  setAttribute(element, "data-ends", ends && `${ends.median} ${ends.p90} ${ends.runs}`);
  writeText(element, ends ? ticking.formatEnds(ends, now()) : "");
}

function writePace({ ticking }, element, duration, startedAt, state, usual) {
  const slowAt = duration === null ? findSlowAt(startedAt, state, usual) : null;
  const slow = slowAt === null ? Boolean(usual) && duration !== null && isSlow(duration, usual) : now() > slowAt;
  setAttribute(element, "data-slow-at", slowAt === null ? null : String(slowAt));
  setAttribute(element, "data-usual", slowAt === null ? null : String(usual[0]));
  writeText(element, ticking.pace(duration, startedAt, state, usual, now()));
  setAttribute(element, "data-tick", slowAt === null ? null : "");
  setAttribute(element, "data-slow", slow ? "" : null);
}

function writeBar(_, svg, axis, startedAt, completedAt, status) {
  const node = { started_at: startedAt, completed_at: completedAt, status };
  const since = findGrowingSince(axis, node);
  const [x, width] = placeBar(axis, node, now());
  setAttribute(svg, "data-grows", since === null ? null : `${axis.start_ms} ${axis.span_ms} ${since}`);
  setAttribute(svg, "data-tick", since === null ? null : "");
  setBar(svg, x, width);
}

function growBar(svg) {
  const [start_ms, span_ms, since] = svg.dataset.grows.split(" ").map(Number);
  const node = { started_at: new Date(since).toISOString(), status: "in_progress" };
  setBar(svg, ...placeBar({ start_ms, span_ms, is_live: true }, node, now()));
}

function setBar(svg, x, width) {
  setAttribute(svg.firstElementChild, "x", String(x));
  setAttribute(svg.firstElementChild, "width", String(width));
}
