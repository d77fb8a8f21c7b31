import assert from "node:assert/strict";
import { test } from "node:test";

import { isShown, makeFormats, makeTickingFormats, quoteSlug, safeHref } from "../../dashboard/static/js/formats.js";
import { FORMATS, WORDS } from "./tables.js";

const formats = makeFormats(WORDS, "UTC");
const ticking = makeTickingFormats(WORDS, formats);
const now = Date.parse(FORMATS.now);

for (const { format, values, text } of FORMATS.cases) {
  test(`${format}(${JSON.stringify(values)}) reads ${JSON.stringify(text)}`, () => {
    const shown = format in ticking ? ticking[format](...values, now) : formats[format](...values);
    assert.equal(shown, text);
  });
}

for (const { url, href } of FORMATS.links) {
  test(`${JSON.stringify(url)} links to ${JSON.stringify(href)}`, () => assert.equal(safeHref(url), href));
}

for (const { slug, path } of FORMATS.slugs) {
  test(`${slug} is shown at ${path}`, () => assert.equal(`/projects/${quoteSlug(slug)}`, path));
}

for (const { view, condition, shown } of FORMATS.conditions) {
  test(`${condition} of ${JSON.stringify(view)} is ${shown}`, () => assert.equal(isShown(view, condition), shown));
}

test("times are told in the visitor's zone, without its name", () => {
  const local = makeFormats(WORDS);
  const moment = new Date(2024, 0, 1, 8, 0, 5);
  assert.equal(local.time(moment.toISOString()), "2024-01-01 08:00:05");
  assert.equal(local.clock(moment.toISOString()), "08:00:05");
});
