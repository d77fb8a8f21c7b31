/** What the pages need to know of each state; the table is in `dashboard/pages/states.py`. */

import { constants } from "./constants.js";

/** Return the traits of a state and its `rank` in the order of urgency; those of `unknown` for what is not a state. */
export function findTraits(state) {
  return constants.states[state] ?? constants.states.unknown;
}
