import assert from "node:assert/strict";
import { test } from "node:test";

import { makeDescriber } from "../../dashboard/static/js/deployment_description.js";
import { DESCRIBED } from "./tables.js";

const now = Date.parse("2024-01-01T00:10:00Z");
const makeStep = (fields) => ({ ...DESCRIBED.step, ...fields });
const makeJob = ({ steps = [], ...fields }) => ({ ...DESCRIBED.job, ...fields, steps: steps.map(makeStep) });
const makeView = (fields, jobs) => ({ ...DESCRIBED.deployment, ...fields, jobs: jobs.map(makeJob) });

for (const { case: name, deployment, jobs, headline } of DESCRIBED.headlines) {
  test(`the headline ${name}`, () => assert.deepEqual(makeDescriber()(makeView(deployment, jobs), now).headline, headline));
}

for (const { case: name, jobs, opened } of DESCRIBED.opened) {
  test(`opened is the log of ${name}`, () => {
    const shown = makeDescriber()(makeView({}, jobs), now);
    const found = shown.opens ? ["deployment"] : [];
    for (const job of shown.jobs) {
      if (job.opens) found.push(`job ${job.key}`);
      for (const step of job.steps) if (step.opens) found.push(`step ${step.key}`);
    }
    assert.deepEqual(found, opened);
  });
}

for (const { case: name, jobs, earlier, shown } of DESCRIBED.inherited) {
  test(`inherited is ${name}`, () => {
    const related = earlier && { failures: {}, earlier: earlier.map((job) => ({ name: job })) };
    const { inherited } = makeDescriber()(makeView({ related }, jobs), now);
    assert.deepEqual(inherited.map((job) => job.name), shown);
  });
}

for (const { case: name, deployment, jobs, grows } of DESCRIBED.grows) {
  test(`further jobs may join ${name}`, () => assert.equal(makeDescriber()(makeView(deployment, jobs), now).grows, grows));
}

for (const { case: name, status_raw, ...wanted } of DESCRIBED.times) {
  test(name, () => {
    const times = { started_at: "2024-01-01T00:01:00Z", completed_at: "2024-01-01T00:05:00Z", duration_s: 240 };
    const steps = [{ completed_at: "2024-01-01T00:02:20.500Z" }, { completed_at: "2024-01-01T00:02:00Z" }];
    const { completed_at, duration_s } = makeDescriber()(makeView({}, [{ status_raw, ...times, steps }]), now).jobs[0];
    assert.deepEqual({ completed_at, duration_s }, wanted);
  });
}

for (const { case: name, deployment, part: state, shown } of DESCRIBED.states) {
  test(name, () => {
    const [job] = makeDescriber()(makeView({ state: deployment }, [{ state, steps: [{ state }] }]), now).jobs;
    assert.deepEqual([job.state, job.steps[0].state], [shown, shown]);
  });
}

test("what shows the same as before stays the same object, so that it is not written again", () => {
  const describe = makeDescriber();
  const view = makeView({}, [{ steps: [{ key: "a" }, { key: "b" }] }, { key: "other" }]);
  const before = describe(view, now);
  const changed = { ...view.jobs[0], steps: [view.jobs[0].steps[0], { ...view.jobs[0].steps[1], message: "new" }] };
  const after = describe({ ...view, jobs: [changed, view.jobs[1]] }, now + 5000);
  assert.equal(after.jobs[0].steps[0], before.jobs[0].steps[0]);
  assert.notEqual(after.jobs[0].steps[1], before.jobs[0].steps[1]);
  assert.equal(after.jobs[1], before.jobs[1]);
});

test("when the axis changes, every bar is drawn again", () => {
  const describe = makeDescriber();
  const view = makeView({ state: "running", completed_at: null }, [{ steps: [{ key: "a" }] }]);
  const before = describe(view, now - 60_000);
  assert.equal(describe(view, now - 59_000).jobs[0].steps[0], before.jobs[0].steps[0]);
  assert.notEqual(describe(view, now + 3_600_000).jobs[0].steps[0], before.jobs[0].steps[0]);
});
