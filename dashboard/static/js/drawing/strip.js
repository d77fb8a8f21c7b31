/** The strip of a project's last outcomes as SVG paths: pure, the twin of `dashboard/pages/drawing/strip.py`.
 *
 * Both are tested against `tests/js/drawing/strip.json`. */

import { constants } from "../constants.js";
import { findTraits } from "../states.js";

/** Return the path of all bars of each shape. `outcomes` is newest first; the newest is drawn at the right. */
export function drawStrip(outcomes) {
  const { slot_width: slotWidth, height, min_bar_height: min, max_bar_height: max, shapes } = constants.strip;
  const { max_outcomes: slots } = constants.lists;
  const longest = Math.max(0, ...outcomes.map((outcome) => outcome.duration_s ?? 0)) || 1;
  const paths = Object.fromEntries(Object.keys(shapes).map((shape) => [shape, ""]));
  for (const [place, { state, duration_s: duration }] of outcomes.entries()) {
    const { shape } = findTraits(state);
    const barHeight = min + Math.floor(((max - min) * (duration ?? 0)) / longest);
    paths[shape] += `M${slotWidth * (slots - 1 - place)} ${height}${shapes[shape].replaceAll("{h}", barHeight)}`;
  }
  return paths;
}
