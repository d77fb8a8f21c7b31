/** The two ways in which scripts change the page. Both change only what differs, to avoid needless layout. */

/** Show a text in an element, or hide the element if the text is empty. */
export function writeText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

/** Set an attribute, or remove it if the value is null. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
