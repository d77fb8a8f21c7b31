import assert from "node:assert/strict";
import { test } from "node:test";

import { arrangeProjects, countWatched, hideLinked, orderRunning, readChoices, writeChoices } from "../../dashboard/static/js/overview_grouping.js";
import { ARRANGE } from "./tables.js";

const now = Date.parse(ARRANGE.now);

for (const { choices, groups, shown, quiet } of ARRANGE.cases) {
  test(`${JSON.stringify(choices)} shows ${JSON.stringify(groups)}`, () => {
    const arranged = arrangeProjects(ARRANGE.projects, readChoices(`?${new URLSearchParams(choices)}`), now);
    const slugs = arranged.groups.map(({ key, projects }) => [key, projects.map(({ slug }) => slug)]);
    assert.deepEqual(slugs, groups);
    assert.deepEqual([arranged.shown, arranged.total, arranged.quiet], [shown, ARRANGE.projects.length, quiet]);
  });
}

for (const { case: name, listed, kept } of ARRANGE.linked) {
  test(`one line for each run hides ${name}`, () => {
    const deployments = listed.map(([dialect, key, state = "running"], id) => ({ id, dialect, run_key: key, state }));
    assert.deepEqual(hideLinked(deployments).map(({ id }) => id), kept);
  });
}

for (const { search, choices, written } of ARRANGE.addresses) {
  test(`the address ${search} says ${JSON.stringify(choices)}`, () => {
    assert.deepEqual(readChoices(search), choices);
    assert.equal(writeChoices(choices), written);
  });
}

test("what fell silent stands behind what runs, and is not counted", () => {
  const open = [{ id: 3, state: "stale" }, { id: 2, state: "running" }, { id: 1, state: "queued" }];
  assert.deepEqual(orderRunning(open).map(({ id }) => id), [2, 1, 3]);
  assert.deepEqual(countWatched(open, ARRANGE.projects), { running: 2, failed: 1 });
});
