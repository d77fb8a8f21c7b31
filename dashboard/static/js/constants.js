/** The constants that the scripts share with the server: `dashboard/pages/constants.py` defines them. */

/** Empty until `loadConstants` has run, so read them inside functions only. */
export const constants = {};

/** Read the constants that the server wrote into the document. Call it before anything else. */
export function loadConstants(page) {
  Object.assign(constants, JSON.parse(page.getElementById("constants").textContent));
}
