/** Times in the visitor's zone, for pages without live updates. */

import { FieldWriter } from "./fields.js";
import { loadConstants } from "../constants.js";
import { readWords } from "../text/words.js";

/** Show the times of the page in the visitor's zone. */
export function localisePage() {
  loadConstants(document);
  new FieldWriter(readWords(document), "").localise(document.getElementById("main"));
}
