/** The page of one delivery. It has no live updates. */

import { localisePage } from "./live/localise.js";
import { guardReplays } from "./replay.js";

localisePage();
guardReplays();
