import assert from "node:assert/strict";
import { test } from "node:test";

import { compareDeployments, compareNodes, compareText, compareTimes } from "../../../dashboard/static/js/core/order.js";

test("text is ordered by code point, not by UTF-16", () => {
  const texts = ["𝒜", "\uffee", "b", "部署", "", "ba", "B"];
  assert.deepEqual(texts.sort(compareText), ["", "B", "b", "ba", "部署", "\uffee", "𝒜"]);
});

test("microseconds, left out where they are zero, count", () => {
  const times = ["2024-01-01T00:00:01Z", "2024-01-01T00:00:00.500000Z", "2024-01-01T00:00:00Z"];
  times.sort(compareTimes);
  assert.equal(times[0], "2024-01-01T00:00:00Z");
  assert.equal(times[1], "2024-01-01T00:00:00.500000Z");
});

test("steps are ordered by number, then start, then key; what is missing comes last", () => {
  const steps = [
    { key: "no start b" },
    { key: "no start a", number: null, started_at: null },
    { key: "started", started_at: "2024-01-01T00:00:00Z" },
    { key: "ten", number: 10 },
    { key: "two", number: 2, started_at: "2024-01-01T00:00:09Z" },
    { key: "two, earlier", number: 2, started_at: "2024-01-01T00:00:08Z" },
    { key: "zero", number: 0 },
  ];
  const keys = steps.sort(compareNodes).map((step) => step.key);
  assert.deepEqual(keys, ["zero", "two, earlier", "two", "ten", "started", "no start a", "no start b"]);
});

test("deployments are ordered newest first, at equal times by id", () => {
  const rows = [
    { id: 1, sorted_at: "2024-01-01T00:00:00Z" },
    { id: 3, sorted_at: "2024-01-02T00:00:00Z" },
    { id: 10, sorted_at: "2024-01-02T00:00:00Z" },
  ];
  assert.deepEqual(rows.sort(compareDeployments).map((row) => row.id), [10, 3, 1]);
});
