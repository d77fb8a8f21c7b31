import assert from "node:assert/strict";
import { test } from "node:test";

import { mayMatter } from "../../../dashboard/static/js/live/frames.js";

test("how far a deployment is does not matter to the past", () => {
  assert.equal(mayMatter({ deployment: { progress_pct: 50, completed_steps: 1, current_step: "build" } }), false);
  assert.equal(mayMatter({ deployment: {} }), false);
  assert.equal(mayMatter({}), false);
});

test("what it is and how it ended does", () => {
  assert.equal(mayMatter({ deployment: { progress_pct: 100, state: "success" } }), true);
  assert.equal(mayMatter({ deployment: { branch: "main" } }), true);
});
