import assert from "node:assert/strict";
import { test } from "node:test";

import { applyFrame } from "../../dashboard/static/js/deployment_model.js";

const makeStep = (key, fields = {}) => ({ job: "deploy", key, name: key, number: null, started_at: null, state: "queued", ...fields });
const makeView = (...steps) => ({ id: 1, seq: 3, state: "running", jobs: [{ key: "deploy", started_at: null, steps }] });
const makeFrame = (fields) => ({ deployment_id: 1, prev_seq: 3, seq: 4, deployment: {}, jobs: [], steps: [], ...fields });

test("changed fields replace, all others stay", () => {
  const view = makeView(makeStep("build"), makeStep("test"));
  const frame = makeFrame({ deployment: { progress_pct: 50 }, steps: [{ job: "deploy", key: "build", state: "success" }] });
  const next = applyFrame(view, frame);
  assert.equal(next.seq, 4);
  assert.equal(next.progress_pct, 50);
  assert.deepEqual(next.jobs[0].steps, [makeStep("build", { state: "success" }), makeStep("test")]);
});

test("what did not change stays the same object, so that it is not written again", () => {
  const view = makeView(makeStep("build"), makeStep("test"));
  view.jobs.push({ key: "other", started_at: null, steps: [] });
  const next = applyFrame(view, makeFrame({ steps: [{ job: "deploy", key: "build", state: "success" }] }));
  assert.equal(next.jobs[0].steps[1], view.jobs[0].steps[1]);
  assert.equal(next.jobs[1], view.jobs[1]);
  assert.equal(view.jobs[0].steps[0].state, "queued");
});

test("new jobs and steps come in at their place", () => {
  const view = makeView(makeStep("a", { number: 2 }));
  const next = applyFrame(
    view,
    makeFrame({
      jobs: [{ key: "verify", started_at: null }, { key: "build", started_at: "2024-01-01T00:00:00Z" }],
      steps: [makeStep("z", { number: 1 }), makeStep("late", { job: "verify" })],
    }),
  );
  assert.deepEqual(next.jobs.map((job) => job.key), ["build", "deploy", "verify"]);
  assert.deepEqual(next.jobs[1].steps.map((step) => step.key), ["z", "a"]);
  assert.deepEqual(next.jobs[2].steps.map((step) => step.key), ["late"]);
});

test("a frame that the view already holds changes nothing", () => {
  const view = makeView();
  assert.equal(applyFrame(view, makeFrame({ prev_seq: 1, seq: 3, deployment: { state: "queued" } })), view);
});

test("a frame that begins before the view and ends after it applies", () => {
  assert.equal(applyFrame(makeView(), makeFrame({ prev_seq: 1, seq: 5, deployment: { state: "failed" } })).state, "failed");
});

test("a frame after a gap does not apply", () => {
  assert.equal(applyFrame(makeView(), makeFrame({ prev_seq: 4, seq: 5 })), null);
});

test("parts that a frame leaves out have not changed", () => {
  const view = makeView(makeStep("build"));
  assert.deepEqual(applyFrame(view, { prev_seq: 3, seq: 4 }), { ...view, seq: 4 });
});
