/** The two ways in which scripts change the page: only where something differs, so that nothing is laid out in vain. */

/** Make an element show a text, and hide it where there is none. */
export function writeText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

/** Set an attribute; null removes it. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
