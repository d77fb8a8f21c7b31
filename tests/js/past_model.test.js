import assert from "node:assert/strict";
import { test } from "node:test";

import { mayMatter, nameState } from "../../dashboard/static/js/past_model.js";

test("how far a deployment is does not matter to the past", () => {
  assert.equal(mayMatter({ deployment: { progress_pct: 50, completed_steps: 1, current_step: "build" } }), false);
  assert.equal(mayMatter({ deployment: {} }), false);
  assert.equal(mayMatter({}), false);
});

test("what it is and how it ended does", () => {
  assert.equal(mayMatter({ deployment: { progress_pct: 100, state: "success" } }), true);
  assert.equal(mayMatter({ deployment: { branch: "main" } }), true);
});

test("two lists have the same name only if nothing has changed", () => {
  assert.equal(nameState([{ id: 7, seq: 2 }, { id: 3, seq: 1 }]), "7.2 3.1");
  assert.equal(nameState([]), "");
});
