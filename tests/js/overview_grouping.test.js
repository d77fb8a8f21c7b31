import assert from "node:assert/strict";
import { test } from "node:test";

import { arrangeProjects, readChoices, writeChoices } from "../../dashboard/static/js/overview_grouping.js";
import { GROUPING } from "./tables.js";

const now = Date.parse(GROUPING.now);

for (const { choices, groups, shown, quiet } of GROUPING.cases) {
  test(`${JSON.stringify(choices)} shows ${JSON.stringify(groups)}`, () => {
    const arranged = arrangeProjects(GROUPING.projects, readChoices(`?${new URLSearchParams(choices)}`), now);
    const slugs = arranged.groups.map(({ key, projects }) => [key, projects.map(({ slug }) => slug)]);
    assert.deepEqual(slugs, groups);
    assert.deepEqual([arranged.shown, arranged.total, arranged.quiet], [shown, GROUPING.projects.length, quiet]);
  });
}

for (const { search, choices, written } of GROUPING.addresses) {
  test(`the address ${search} says ${JSON.stringify(choices)}`, () => {
    assert.deepEqual(readChoices(search), choices);
    assert.equal(writeChoices(choices), written);
  });
}
