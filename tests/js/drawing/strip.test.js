import assert from "node:assert/strict";
import { test } from "node:test";

import { drawStrip } from "../../../dashboard/static/js/drawing/strip.js";
import { STRIP } from "../tables.js";

for (const { outcomes, paths } of STRIP.cases) {
  test(`${JSON.stringify(outcomes)} is drawn as the table says`, () => {
    const drawn = Object.entries(drawStrip(outcomes)).filter(([, path]) => path !== "");
    assert.deepEqual(Object.fromEntries(drawn), paths);
  });
}
