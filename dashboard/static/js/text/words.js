/** The words of the page, as the server wrote them into `<template id="words">`: the scripts have none of their own. */

/** Return every word by its dotted name. */
export function readWords(page) {
  const words = {};
  for (const word of page.getElementById("words").content.children) {
    words[word.getAttribute("value")] = word.textContent;
  }
  return words;
}

/** Return the function that says a phrase by its name; where it has forms, in the one for the value `n`. */
export function makeSay(words) {
  const rules = new Intl.PluralRules(words["language.tag"]);
  return (name, values = {}) => fillPhrase(words[name] ?? words[`${name}.${rules.select(values.n)}`], values);
}

/** Return the phrase with its `{placeholders}` filled in. */
function fillPhrase(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
