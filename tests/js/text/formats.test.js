import assert from "node:assert/strict";
import { test } from "node:test";

import { isShown, makeFormats, makeTickingFormats, quoteSlug, safeHref } from "../../../dashboard/static/js/text/formats.js";
import { FORMATS, WORDS, WORDS_ZH } from "../tables.js";

const now = Date.parse(FORMATS.now);

for (const { format, values, text, zh = text } of FORMATS.cases) {
  for (const [words, wanted] of [[WORDS, text], [WORDS_ZH, zh]]) {
    test(`${format}(${JSON.stringify(values)}) reads ${JSON.stringify(wanted)}`, () => {
      const formats = makeFormats(words, "UTC");
      const ticking = makeTickingFormats(words, formats);
      const shown = format in ticking ? ticking[format](...values, now) : formats[format](...values);
      assert.equal(shown, wanted);
    });
  }
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

test("times are in the visitor's zone and in the format of the language", () => {
  const moment = new Date(2024, 0, 31, 8, 0, 5).toISOString();
  assert.equal(makeFormats(WORDS).time(moment), "Jan 31, 2024, 08:00:05");
  assert.equal(makeFormats(WORDS_ZH).time(moment), "2024年1月31日 08:00:05");
  for (const words of [WORDS, WORDS_ZH]) assert.equal(makeFormats(words).clock(moment), "08:00:05");
});
