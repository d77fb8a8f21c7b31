/** Searches, groups and sorts the projects of the overview, as the query string of its address asks.
 *
 * Pure, the twin of `dashboard/pages/overview_grouping.py`.
 * Both are tested against `tests/js/overview_grouping.json`. */

import { constants } from "./constants.js";
import { compareDeployments, compareText } from "./core/order.js";
import { findTraits } from "./states.js";

/** Return the choices in a query string, with the default for each that is missing or unknown. */
export function readChoices(search) {
  const { groups, sorts, defaults, hide } = constants.overview;
  const given = new URLSearchParams(search);
  return {
    q: cut((given.get("q") ?? "").trim()),
    group: groups.find((group) => group === given.get("group")) ?? defaults.group,
    sort: sorts.find((sort) => sort === given.get("sort")) ?? defaults.sort,
    quiet: given.get("quiet") === hide ? hide : defaults.quiet,
  };
}

/** Return the query string of choices, without the defaults. */
export function writeChoices({ q, group, sort, quiet }) {
  const { defaults } = constants.overview;
  const given = Object.entries({ q: cut(q.trim()), group, sort, quiet });
  const query = new URLSearchParams(given.filter(([name, value]) => value !== defaults[name])).toString();
  return query && `?${query}`;
}

function cut(text) {
  return [...text].slice(0, constants.overview.max_search_length).join("");
}

/** Return `groups` of `{by, key, size, projects}`, and numbers of projects: `shown`, `total`, hidden as `quiet`. */
export function arrangeProjects(projects, { q, group: by, sort, quiet }, now) {
  const words = q.toLowerCase().split(/\s+/);
  const found = projects.filter((project) => matches(project, words));
  const shown = found.filter((project) => quiet !== constants.overview.hide || !isQuiet(project, now));
  const compare = ORDERS[sort];
  shown.sort((a, b) => compareGroups(a, b, by) || compare(a, b) || compareNames(a, b));
  const groups = new Map();
  for (const project of shown) {
    const key = getGroupKey(project, by);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(project);
  }
  return {
    groups: [...groups].map(([key, members]) => ({ by, key, size: members.length, projects: members })),
    shown: shown.length,
    total: projects.length,
    is_empty: projects.length === 0,
    quiet: found.length - shown.length,
  };
}

/** Return whether every word of the search occurs in the names of the project or of its last deployment. */
function matches({ slug, name, repository, environments, last_deployment: last }, words) {
  const names = [slug, name, repository, ...environments, last?.repository, last?.branch, last?.triggered_by];
  const text = names.filter(Boolean).join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

function isQuiet({ last_deployment: last }, now) {
  if (last === null) return true;
  return last.status === "completed" && Date.parse(last.sorted_at) < now - constants.overview.quiet_after_ms;
}

function getGroupKey(project, by) {
  if (by === "state") return project.last_deployment?.state ?? "";
  if (by === "kind") return project.kind ?? "";
  return by === "environment" ? project.environments.join(", ") : "";
}

function compareGroups(a, b, by) {
  const [left, right] = [getGroupKey(a, by), getGroupKey(b, by)];
  if (left === right) return 0;
  if (by === "state") return rankState(a) - rankState(b);
  return Number(left === "") - Number(right === "") || compareText(left, right);
}

function rankState({ last_deployment: last }) {
  return last ? findTraits(last.state).rank : Object.keys(constants.states).length;
}

function compareNames(a, b) {
  return compareText(a.name.toLowerCase(), b.name.toLowerCase()) || compareText(a.slug, b.slug);
}

function compareLast({ last_deployment: a }, { last_deployment: b }) {
  return a && b ? compareDeployments(a, b) : Number(a === null) - Number(b === null);
}

const ORDERS = {
  name: () => 0,
  last: compareLast,
  state: (a, b) => rankState(a) - rankState(b) || compareLast(a, b),
};
