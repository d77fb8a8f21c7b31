import assert from "node:assert/strict";
import { test } from "node:test";

import { changesMoreThanProgress } from "../../../dashboard/static/js/live/frames.js";

test("a frame with new progress changes progress only", () => {
  assert.equal(changesMoreThanProgress({ deployment: { progress_pct: 50, completed_steps: 1, current_step: "build" } }), false);
  assert.equal(changesMoreThanProgress({ deployment: {} }), false);
  assert.equal(changesMoreThanProgress({}), false);
});

test("a frame with any other field changes more", () => {
  assert.equal(changesMoreThanProgress({ deployment: { progress_pct: 100, state: "success" } }), true);
  assert.equal(changesMoreThanProgress({ deployment: { branch: "main" } }), true);
});
