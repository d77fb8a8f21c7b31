/** The strip of a project's last outcomes as SVG paths: pure, the twin of `dashboard/pages/drawing/strip.py`, which tells the shapes. */

const SLOTS = 20;
const SLOT_WIDTH = 6;
const SHAPES = {
  success: (h) => `v-${h}h4v${h}z`,
  failed: () => "v-4h4v4zm0 -7v-13h4v13z",
  partial: () => "v-8l2 -6l2 6v8z",
  running: () => "v-12h4v12zm1 -1h2v-10h-2z",
  cancelled: () => "v-3h4v3z",
};
const SHAPE_OF_STATE = {
  success: "success",
  failed: "failed",
  partial: "partial",
  stale: "partial",
  running: "running",
  waiting: "running",
  queued: "running",
};

/** Return for each shape the path of all of its bars; `outcomes` is newest first, the newest is drawn at the right. */
export function drawStrip(outcomes) {
  const longest = Math.max(0, ...outcomes.map((outcome) => outcome.duration_s ?? 0)) || 1;
  const paths = Object.fromEntries(Object.keys(SHAPES).map((shape) => [shape, ""]));
  for (const [place, { state, duration_s: duration }] of outcomes.entries()) {
    const shape = SHAPE_OF_STATE[state] ?? "cancelled";
    const height = 7 + Math.floor((9 * (duration ?? 0)) / longest);
    paths[shape] += `M${SLOT_WIDTH * (SLOTS - 1 - place)} 20${SHAPES[shape](height)}`;
  }
  return paths;
}
