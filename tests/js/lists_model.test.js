import assert from "node:assert/strict";
import { test } from "node:test";

import { Lists } from "../../dashboard/static/js/lists_model.js";
import "./tables.js";

const makeProject = (fields = {}) => ({ slug: "shop", name: "shop", seq: 1, service_status: null, ...fields });
const makeTime = (minute) => `2024-01-01T10:${String(minute).padStart(2, "0")}:00Z`;

function makeDeployment(id, fields = {}) {
  const values = { environment: "production", status: "completed", state: "success", duration_s: 60 };
  return { id, seq: 1, ...values, sorted_at: makeTime(id), project: makeProject(), ...fields };
}

const makeOutcome = ({ id, seq, sorted_at, environment, state, duration_s }) => ({
  id, seq, sorted_at, environment, state, duration_s,
});

/** Lists of one project with these deployments, the newest last; the `older` ones are in the strip only. */
function makeListsWith(older, ...deployments) {
  const outcomes = [...older, ...deployments].toReversed().map(makeOutcome);
  const project = { ...makeProject(), last_deployment: deployments.at(-1) ?? null, outcomes, environments: ["production"] };
  return new Lists({ projects: [project], deployments });
}

const makeLists = (...deployments) => makeListsWith([], ...deployments);

const makeFrame = (id, fields = {}) => ({ deployment_id: id, prev_seq: 1, seq: 2, deployment: {}, jobs: [], steps: [], ...fields });
const created = (id, fields = {}) => makeFrame(id, { prev_seq: 0, seq: 1, deployment: makeDeployment(id, fields) });
const ids = (deployments) => deployments.map((deployment) => deployment.id);

test("a new deployment is listed, and is its project's last", () => {
  const lists = makeLists(makeDeployment(1));
  assert.ok(lists.apply(created(2, { status: "in_progress", state: "running" })));
  assert.deepEqual(ids(lists.listRunning()), [2]);
  assert.deepEqual(ids(lists.listRecent()), [2, 1]);
  assert.equal(lists.projects.get("shop").last_deployment.id, 2);
});

test("an older deployment that arrives late is not its project's last", () => {
  const lists = makeLists(makeDeployment(5));
  assert.ok(lists.apply(created(6, { sorted_at: makeTime(1) })));
  assert.equal(lists.projects.get("shop").last_deployment.id, 5);
  assert.deepEqual(ids(lists.listRecent()), [5, 6]);
});

test("a deployment that completes leaves what runs", () => {
  const lists = makeLists(makeDeployment(1, { status: "in_progress" }));
  assert.ok(lists.apply(makeFrame(1, { deployment: { status: "completed", state: "failed" } })));
  assert.deepEqual(lists.listRunning(), []);
  assert.equal(lists.projects.get("shop").last_deployment.state, "failed");
});

test("the fifty newest are listed, besides all that are open", () => {
  const lists = makeLists(makeDeployment(1, { status: "in_progress" }), makeDeployment(2));
  for (let id = 3; id <= 52; id += 1) assert.ok(lists.apply(created(id)));
  assert.equal(lists.listRecent().length, 50);
  assert.deepEqual(ids(lists.listRunning()), [1]);
  assert.equal(lists.deployments.size, 51);
  assert.ok(lists.apply(makeFrame(1, { deployment: { status: "completed" } })));
  assert.equal(lists.deployments.size, 50);
});

test("a frame that the row already holds changes nothing", () => {
  const lists = makeLists(makeDeployment(1));
  assert.ok(lists.apply(makeFrame(1, { prev_seq: 0, seq: 1, deployment: { state: "failed" } })));
  assert.equal(lists.deployments.get(1).state, "success");
});

test("a gap, an unlisted deployment that may come into a list, and a move back in time need a snapshot", () => {
  const lists = makeListsWith([makeDeployment(0)], makeDeployment(1));
  assert.equal(lists.apply(makeFrame(1, { prev_seq: 2, seq: 3 })), false);
  assert.equal(lists.apply(makeFrame(0, { prev_seq: 2, seq: 3 })), false);
  assert.equal(lists.apply(makeFrame(0, { deployment: { status: "in_progress" } })), false);
  assert.equal(lists.apply(makeFrame(9, { deployment: { sorted_at: makeTime(9) } })), false);
  assert.equal(lists.apply(makeFrame(1, { deployment: { sorted_at: makeTime(0) } })), false);
});

test("newer values of a project reach its row and all of its deployments, older ones do not", () => {
  const lists = makeLists(makeDeployment(1), makeDeployment(2));
  lists.apply(makeFrame(2, { deployment: { project: makeProject({ seq: 2, name: "Shop" }) } }));
  assert.equal(lists.projects.get("shop").name, "Shop");
  assert.equal(lists.deployments.get(1).project.name, "Shop");
  lists.apply(makeFrame(1, { deployment: { project: makeProject({ seq: 1, name: "old" }) } }));
  assert.equal(lists.projects.get("shop").name, "Shop");
  assert.equal(lists.deployments.get(1).project.name, "Shop");
});

test("a new project is listed, with a strip of its own", () => {
  const lists = makeLists(makeDeployment(1));
  lists.apply(created(2, { project: makeProject({ slug: "报表", name: "报表" }), environment: null }));
  assert.deepEqual(lists.listProjects().map(({ slug }) => slug), ["shop", "报表"]);
  assert.deepEqual(ids(lists.projects.get("报表").outcomes), [2]);
  assert.deepEqual(lists.projects.get("报表").environments, []);
});

test("a strip holds the twenty newest, in their order, and the environments are theirs", () => {
  const lists = makeLists(makeDeployment(1, { environment: "staging" }), makeDeployment(2));
  assert.ok(lists.apply(created(5)));
  assert.ok(lists.apply(created(4)));
  assert.deepEqual(ids(lists.projects.get("shop").outcomes), [5, 4, 2, 1]);
  assert.deepEqual(lists.projects.get("shop").environments, ["production", "staging"]);
  for (let id = 10; id < 27; id += 1) assert.ok(lists.apply(created(id)));
  assert.equal(lists.projects.get("shop").outcomes.length, 20);
  assert.deepEqual(lists.projects.get("shop").environments, ["production"]);
});

test("a deployment that ends changes its place in the strip", () => {
  const lists = makeLists(makeDeployment(1, { status: "in_progress", state: "running", duration_s: null }));
  lists.apply(makeFrame(1, { deployment: { status: "completed", state: "failed", duration_s: 7 } }));
  assert.deepEqual(lists.projects.get("shop").outcomes, [makeOutcome(makeDeployment(1, { seq: 2, state: "failed", duration_s: 7 }))]);
});

test("late news of a deployment that is only in a strip changes the strip, once and in order", () => {
  const lists = makeListsWith([makeDeployment(1)], makeDeployment(2));
  assert.ok(lists.apply(makeFrame(1, { deployment: { state: "partial", message: "late" } })));
  assert.ok(lists.apply(makeFrame(1, { deployment: { state: "unknown" } })));
  const [, outcome] = lists.projects.get("shop").outcomes;
  assert.deepEqual([outcome.id, outcome.state, outcome.seq, outcome.message], [1, "partial", 2, undefined]);
});

test("news of a deployment that is nowhere to be seen still brings its project's newer values", () => {
  const lists = makeLists(makeDeployment(2));
  assert.ok(lists.apply(makeFrame(1, { deployment: { message: "late", project: makeProject({ seq: 2, port: 80 }) } })));
  assert.equal(lists.projects.get("shop").port, 80);
  assert.deepEqual(ids(lists.projects.get("shop").outcomes), [2]);
});

test("a project that was renamed needs a snapshot, so that it is not listed under both names", () => {
  const renamed = makeProject({ slug: "new-shop", name: "new/shop", seq: 2 });
  assert.equal(makeLists(makeDeployment(1)).apply(makeFrame(1, { deployment: { project: renamed } })), false);
  assert.equal(makeLists(makeDeployment(1)).apply(created(2, { project: renamed })), false);
  const older = makeOutcome(makeDeployment(1));
  assert.equal(makeListsWith([older], makeDeployment(2)).apply(makeFrame(1, { deployment: { project: renamed } })), false);
});
