/** The tables that the tests of Python and JavaScript share. */

import { readFileSync } from "node:fs";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

export const FORMATS = read("formats.json");
export const WORDS = read("words.en.json");
export const WORDS_ZH = read("words.zh.json");
export const ARRANGE = read("arrange.json");
export const STRIP = read("strip.json");
export const ESTIMATE = read("estimate.json");
export const GANTT = read("gantt.json");
export const DESCRIBED = read("deployment_view.json");
