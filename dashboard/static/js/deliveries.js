/** The list of deliveries. It has no live updates. */

import { sendWithoutBlanks } from "./filters.js";
import { localisePage } from "./live/localise.js";
import { guardReplays } from "./replay.js";

localisePage();
sendWithoutBlanks(document.querySelector("form.filters"));
guardReplays();
