/** What the pages need to know of each state; the table is in `dashboard/pages/states.py`. */

import { constants } from "./constants.js";

/** Return `{icon, mark, shape, is_ticking, is_pending, is_failure, rank}`; those of `unknown` for what is not a state. */
export function findTraits(state) {
  return constants.states[state] ?? constants.states.unknown;
}
