/** The form above the projects of the overview: what it says goes into the URL, and back again on the way through history. */

import { readChoices, writeChoices } from "./overview_grouping.js";

const TYPING_MS = 120;

/** Call `changed` whenever the visitor has chosen something else; by then the URL says it. */
export function listenToChoices(changed) {
  const form = document.getElementById("choices");
  if (form === null) return;
  let timer = null;

  function take() {
    const wanted = writeChoices({ quiet: "", ...Object.fromEntries(new FormData(form)) });
    if (wanted === location.search) return;
    history.replaceState(null, "", wanted || location.pathname);
    markChosen(form);
    changed();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
  });
  form.addEventListener("change", take);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(take, TYPING_MS);
  });
  // A browser that restores the fields of a page it has left restores no address.
  window.addEventListener("pageshow", () => setFields(form, readChoices(location.search)));
}

function setFields(form, choices) {
  for (const name of ["q", "group", "sort"]) form.elements[name].value = choices[name];
  form.elements.quiet.checked = choices.quiet === "hide";
}

/** Let the markup say what is chosen, as the server's does for this address. */
function markChosen(form) {
  const { q, quiet } = form.elements;
  q.setAttribute("value", readChoices(location.search).q);
  quiet.toggleAttribute("checked", quiet.checked);
  for (const option of form.querySelectorAll("option")) option.toggleAttribute("selected", option.selected);
}
