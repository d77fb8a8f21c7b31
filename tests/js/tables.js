/** The tables that the tests of Python and JavaScript share. */

import { readFileSync } from "node:fs";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

export const FORMATS = read("formats.json");
export const WORDS = read("words.json");
