/** The texts of the page, read from `<template id="words">`. The scripts contain no texts of their own. */

/** Return every text by its dotted name. */
export function readWords(page) {
  const words = {};
  for (const word of page.getElementById("words").content.children) {
    words[word.getAttribute("value")] = word.textContent;
  }
  return words;
}

/** Return `translate(name, values)`, which fills in the text of a name. If it has plural forms, `n` selects one. */
export function makeTranslator(words) {
  const rules = new Intl.PluralRules(words["language.tag"]);
  return (name, values = {}) => fillPhrase(words[name] ?? words[`${name}.${rules.select(values.n)}`], values);
}

/** Return the phrase with its `{placeholders}` replaced. */
function fillPhrase(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
