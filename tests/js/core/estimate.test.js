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

for (const { case: name, started_at, state, usual, ms } of ESTIMATE.slow_at) {
  test(`a step becomes slow ${name}`, () => assert.equal(findSlowAt(started_at, state, usual), ms));
}

test("what is usual for a step is known where enough runs had it", () => {
  const usual = { steps: { "deploy/build": { duration: [1, 2, 3], left: null } } };
  assert.deepEqual(findStepUsual(usual, "deploy", "build"), [1, 2, 3]);
  assert.equal(findStepUsual(usual, "deploy", "other"), null);
  assert.equal(findStepUsual(null, "deploy", "build"), null);
});
