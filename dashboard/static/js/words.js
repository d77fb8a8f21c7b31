/** The words of the page, as the server wrote them into `<template id="words">`: the scripts have none of their own. */

/** Return every word by its dotted name. */
export function readWords(page) {
  const words = {};
  for (const word of page.getElementById("words").content.children) {
    words[word.getAttribute("value")] = word.textContent;
  }
  return words;
}

/** Return the phrase of that name with its `{placeholders}` filled in. */
export function fillPhrase(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
