import assert from "node:assert/strict";
import { test } from "node:test";

import { coalesce } from "../../../dashboard/static/js/live/coalesce.js";

/** A task that ends when it is told to. */
function makeTask() {
  const task = () => new Promise((resolve, reject) => task.runs.push({ resolve, reject }));
  task.runs = [];
  return task;
}

test("what is asked for many times is done once, and once more for what came meanwhile", async () => {
  const task = makeTask();
  const ask = coalesce(task, 0);
  const done = ask();
  ask();
  ask();
  assert.equal(task.runs.length, 1);
  task.runs[0].resolve();
  while (task.runs.length < 2) await new Promise(setImmediate);
  task.runs[1].resolve();
  await done;
  assert.equal(task.runs.length, 2);
});

test("after a failure it is done again when asked again", async () => {
  const task = makeTask();
  const ask = coalesce(task, 0);
  const failed = ask();
  task.runs[0].reject(new Error("away"));
  await failed;
  const done = ask();
  task.runs[1].resolve();
  await done;
  assert.equal(task.runs.length, 2);
});
