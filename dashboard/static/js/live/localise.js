/** What a page without live updates does: it shows times in the visitor's zone. */

import { Writer } from "./fields.js";
import { loadConstants } from "../constants.js";
import { readWords } from "../text/words.js";

/** Show the times of the page in the visitor's zone, with relative times as of now. */
export function localisePage() {
  loadConstants(document);
  new Writer(readWords(document), "").localise(document.getElementById("main"));
}
