/** The tables that the tests of Python and JavaScript share. Importing this module loads the constants, too. */

import { readFileSync } from "node:fs";

import { loadConstants } from "../../dashboard/static/js/constants.js";

const readText = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const read = (name) => JSON.parse(readText(name));

loadConstants({ getElementById: (id) => ({ textContent: readText(`${id}.json`) }) });

export const FORMATS = read("text/formats.json");
export const WORDS = read("text/words.en.json");
export const WORDS_ZH = read("text/words.zh.json");
export const GROUPING = read("overview_grouping.json");
export const LISTS = read("lists.json");
export const STRIP = read("drawing/strip.json");
export const ESTIMATE = read("core/estimate.json");
export const GANTT = read("drawing/gantt.json");
export const DESCRIBED = read("deployment_description.json");
