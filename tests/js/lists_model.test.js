import assert from "node:assert/strict";
import { test } from "node:test";

import { Lists } from "../../dashboard/static/js/lists_model.js";

const makeProject = (fields = {}) => ({ slug: "shop", name: "shop", seq: 1, service_status: null, ...fields });
const makeTime = (minute) => `2024-01-01T10:${String(minute).padStart(2, "0")}:00Z`;

function makeDeployment(id, fields = {}) {
  return { id, seq: 1, status: "completed", state: "success", sorted_at: makeTime(id), project: makeProject(), ...fields };
}

function makeLists(...deployments) {
  const newest = deployments.at(-1) ?? null;
  return new Lists({ projects: [{ ...makeProject(), last_deployment: newest }], deployments });
}

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

test("a gap, a change of an unlisted deployment, and a move back in time need a snapshot", () => {
  const lists = makeLists(makeDeployment(1));
  assert.equal(lists.apply(makeFrame(1, { prev_seq: 2, seq: 3 })), false);
  assert.equal(lists.apply(makeFrame(9)), false);
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

test("a new project is listed at the place of its slug", () => {
  const lists = makeLists(makeDeployment(1));
  lists.apply(created(2, { project: makeProject({ slug: "报表", name: "报表" }) }));
  lists.apply(created(3, { project: makeProject({ slug: "api" }) }));
  assert.deepEqual(lists.listProjects().map((project) => project.slug), ["api", "shop", "报表"]);
});
