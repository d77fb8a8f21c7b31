import assert from "node:assert/strict";
import { test } from "node:test";

import { coalesce } from "../../../dashboard/static/js/live/coalesce.js";

/** Return a task whose runs end when the test says so. */
function makeTask() {
  const task = () => new Promise((resolve, reject) => task.runs.push({ resolve, reject }));
  task.runs = [];
  return task;
}

test("many requests are one run, and one more for those that came during it", async () => {
  const task = makeTask();
  const request = coalesce(task, 0);
  const done = request();
  request();
  request();
  assert.equal(task.runs.length, 1);
  task.runs[0].resolve();
  while (task.runs.length < 2) await new Promise(setImmediate);
  task.runs[1].resolve();
  await done;
  assert.equal(task.runs.length, 2);
});

test("after a failed run the next request runs the task again", async () => {
  const task = makeTask();
  const request = coalesce(task, 0);
  const failed = request();
  task.runs[0].reject(new Error("away"));
  await failed;
  const done = request();
  task.runs[1].resolve();
  await done;
  assert.equal(task.runs.length, 2);
});
