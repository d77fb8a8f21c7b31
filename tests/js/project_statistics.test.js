import assert from "node:assert/strict";
import { test } from "node:test";

import { writeVersion } from "../../dashboard/static/js/project_statistics.js";

test("two lists have the same version only if nothing has changed", () => {
  assert.equal(writeVersion([{ id: 7, seq: 2 }, { id: 3, seq: 1 }]), "7.2 3.1");
  assert.equal(writeVersion([]), "");
});
