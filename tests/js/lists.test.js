import assert from "node:assert/strict";
import { test } from "node:test";

import { countWatched, hideDuplicateRuns, orderRunning } from "../../dashboard/static/js/lists.js";
import { GROUPING, LISTS } from "./tables.js";

for (const { case: name, listed, kept } of LISTS.linked) {
  test(`hidden is ${name}`, () => {
    const names = ["dialect", "run_key", "run_id", "state"];
    const deployments = listed.map((values, id) => ({ id, ...Object.fromEntries(names.map((n, at) => [n, values[at]])) }));
    assert.deepEqual(hideDuplicateRuns(deployments).map(({ id }) => id), kept);
  });
}

test("stale deployments come last and are not counted", () => {
  const open = [{ id: 3, state: "stale" }, { id: 2, state: "running" }, { id: 1, state: "queued" }];
  assert.deepEqual(orderRunning(open).map(({ id }) => id), [2, 1, 3]);
  assert.deepEqual(countWatched(open, GROUPING.projects), { running: 2, failed: 1 });
});
