/** The form above the projects of the overview, in sync with the query string of the address. */

import { constants } from "./constants.js";
import { readChoices, writeChoices } from "./overview_grouping.js";

const TYPING_MS = 120;

/** Call `changed` whenever the visitor has changed a choice, after the address has been updated. */
export function listenToChoices(changed) {
  const form = document.getElementById("choices");
  let timer = null;

  function apply() {
    const wanted = writeChoices({ quiet: "", ...Object.fromEntries(new FormData(form)) });
    if (wanted === location.search) return;
    history.replaceState(null, "", wanted || location.pathname);
    markChosen(form);
    changed();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.addEventListener("change", apply);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, TYPING_MS);
  });
  // On the way back to the page a browser restores the fields as they were, which the address may not be.
  window.addEventListener("pageshow", () => setFields(form, readChoices(location.search)));
}

function setFields(form, choices) {
  for (const name of ["q", "group", "sort"]) form.elements[name].value = choices[name];
  form.elements.quiet.checked = choices.quiet === constants.overview.hide;
}

/** Mark the choices in the markup as the server does for this address. */
function markChosen(form) {
  const { q, quiet } = form.elements;
  q.setAttribute("value", readChoices(location.search).q);
  quiet.toggleAttribute("checked", quiet.checked);
  for (const option of form.querySelectorAll("option")) option.toggleAttribute("selected", option.selected);
}
