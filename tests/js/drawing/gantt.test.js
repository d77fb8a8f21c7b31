import assert from "node:assert/strict";
import { test } from "node:test";

import { findAxis, findGrowingSince, placeBar } from "../../../dashboard/static/js/drawing/gantt.js";
import { GANTT } from "../tables.js";

const now = Date.parse(GANTT.now);
const makeAxis = (isLive) => ({ start_ms: Date.parse("2024-01-01T00:00:00Z"), span_ms: 1_200_000, is_live: isLive });

for (const { case: name, view, axis } of GANTT.axes) {
  test(`the axis ${name}`, () => assert.deepEqual(findAxis(view, now), axis));
}

for (const { case: name, live, bar, grows, ...node } of GANTT.bars) {
  test(`a bar ${name}`, () => {
    assert.deepEqual(placeBar(makeAxis(live), node, now), bar);
    assert.equal(findGrowingSince(makeAxis(live), node), grows);
  });
}

test("without an axis there is no bar", () => assert.deepEqual(placeBar(null, GANTT.bars[0], now), [0, 0]));
