import assert from "node:assert/strict";
import { test } from "node:test";

import { findEnds, findSlowAt, findStepUsual, isSlow } from "../../../dashboard/static/js/core/estimate.js";
import { ESTIMATE } from "../tables.js";

for (const { case: name, ends, ...view } of ESTIMATE.ends) {
  test(`the end is counted ${name}`, () => {
    const found = findEnds(view);
    assert.deepEqual(found && [found.median, found.p90, found.runs], ends);
  });
}

for (const { duration_s, usual, slow } of ESTIMATE.slow) {
  test(`${duration_s} s is ${slow ? "" : "not "}slow where ${usual} is usual`, () => assert.equal(isSlow(duration_s, usual), slow));
}

test("a running step becomes slow when nine in ten would have ended, a second after the median at the earliest", () => {
  const start = "2024-01-01T00:00:00Z";
  assert.equal(findSlowAt(start, "running", [12, 20, 9]), Date.parse(start) + 20_000);
  assert.equal(findSlowAt(start, "running", [0.1, 0.2, 9]), Date.parse(start) + 1100);
  assert.equal(findSlowAt(start, "success", [12, 20, 9]), null);
  assert.equal(findSlowAt(start, "running", null), null);
});

test("what is usual for a step is known where enough runs had it", () => {
  const usual = { steps: { "deploy/build": { duration: [1, 2, 3], left: null } } };
  assert.deepEqual(findStepUsual(usual, "deploy", "build"), [1, 2, 3]);
  assert.equal(findStepUsual(usual, "deploy", "other"), null);
  assert.equal(findStepUsual(null, "deploy", "build"), null);
});
