/** Makes the page equal to a newly fetched one, element by element, so that focus, scrolling and selection stay. */

/** Make `old` equal to `fresh`, an element of the same kind from another document; rows are matched by `data-key`. */
export function morph(old, fresh) {
  copyAttributes(old, fresh);
  const keyed = new Map([...old.children].map((child) => [child.dataset.key, child]));
  let cursor = old.firstChild;
  for (const wanted of fresh.childNodes) {
    const match = findMatch(wanted, cursor, keyed);
    if (match === null) {
      old.insertBefore(document.importNode(wanted, true), cursor);
      continue;
    }
    if (match === cursor) cursor = cursor.nextSibling;
    else old.insertBefore(match, cursor);
    morphNode(match, wanted);
  }
  while (cursor !== null) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

function morphNode(old, fresh) {
  if (fresh.nodeType === Node.ELEMENT_NODE) morph(old, fresh);
  else if (old.data !== fresh.data) old.data = fresh.data;
}

function findMatch(wanted, cursor, keyed) {
  const key = wanted.dataset?.key;
  const candidate = key === undefined ? cursor : keyed.get(key);
  const fits = candidate?.nodeName === wanted.nodeName && candidate.dataset?.key === key;
  return fits ? candidate : null;
}

function copyAttributes(old, fresh) {
  // The visitor decides whether a log is open.
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
