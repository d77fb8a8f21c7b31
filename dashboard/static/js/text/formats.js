/** Formats the values of a view as text: pure functions, the twin of `dashboard/pages/text/formats.py`.
 *
 * Both are tested against `tests/js/text/formats.json`. An empty text means that there is nothing to show. */

import { DAY_S, HOUR_S, MINUTE_S } from "../core/time_units.js";
import { findTraits } from "../states.js";
import { makeEstimateFormats } from "./durations.js";
import { makeTranslator } from "./words.js";

/** Return the value at a dotted path, null where a part of the path is missing or null. */
export function readValue(view, path) {
  let value = view;
  for (const name of path.split(".")) value = value?.[name];
  return value ?? null;
}

/** Return whether a part of a `data-show` condition holds: `name` has a value, or `name=value`; comma-separated. */
export function isShown(view, condition) {
  return condition.split(",").some((part) => {
    const [name, wanted] = part.split("=");
    const value = readValue(view, name);
    return wanted === undefined ? isPresent(value) : value === wanted;
  });
}

function isPresent(value) {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Return a URL that came with the data if it is an http or https address, else null. */
export function safeHref(url) {
  return typeof url === "string" && /^https?:\/\/[^\s/?#]+/i.test(url) ? url : null;
}

/** Return the slug escaped for a path, exactly as Flask's url_for does. */
export function quoteSlug(slug) {
  return encodeURI(slug).replace(/[?#]/g, encodeURIComponent);
}

/** Return the time from which the elapsed time counts up, null if it does not. */
export function openSince(duration, startedAt, state) {
  return duration === null && findTraits(state).is_ticking ? startedAt : null;
}

/** Return the formats by name; each takes the values of its fields. `zone` is "UTC" or "local". */
export function makeFormats(words, zone = "local") {
  const word = (group) => (value) => (value ? (words[`${group}.${value}`] ?? value) : "");
  const translate = makeTranslator(words);
  const moments = zone === "UTC" ? makeUtcMoments(translate) : makeLocalMoments(words["language.tag"]);
  const duration = (seconds) => (seconds === null ? "" : formatDuration(Math.max(0, seconds), translate));
  const step = (key, name) => formatStep(words, key ?? "", name ?? "");
  return {
    text: (value) => (value === null ? "" : String(value)),
    short: (revision) => (/^[0-9a-f]{12,}$/.test(revision ?? "") ? revision.slice(0, 7) : (revision ?? "")),
    port: (port) => (port ? `:${port}` : ""),
    attempt: (n) => (n > 1 ? translate("phrase.attempt", { n }) : ""),
    count: (n, of) => translate("phrase.count", { n: n ?? 0, of: of ?? 0 }),
    steps: (done, n) => (n ? translate("phrase.steps", { done: done ?? 0, n }) : ""),
    jobs: (done, n) => translate("phrase.jobs", { done: done ?? 0, n: n ?? 0 }),
    last_ran: (n) => (n ? translate("phrase.last_ran", { n }) : ""),
    step,
    ending: (state, key, name) => {
      const at = step(key, name);
      return at ? translate("phrase.failed_at", { state: word("state")(state), step: at }) : word("state")(state);
    },
    service: (service) => word("service")(service ?? "unknown"),
    state: word("state"),
    job: word("job"),
    dialect: word("dialect"),
    trigger: word("trigger"),
    kind: word("kind"),
    category: word("category"),
    duration,
    usual: makeEstimateFormats(words, duration).usual,
    own_name: (key, name) => formatOwnName(words, key ?? "", name ?? ""),
    remark: (state, status) => (state === "unknown" ? (words[`remark.${status}`] ?? "") : ""),
    failures: (failed, runs) => {
      if (failed === null || !runs) return "";
      return translate(failed ? "failures.some" : "failures.none", { n: runs + 1, failed: failed + 1 });
    },
    step_id: (job, key) => (key === null ? "" : `step-${job}/${key}`.replace(/[ \t\n\f\r]/g, "_")),
    time: (value) => (value ? moments.time(new Date(value)) : ""),
    clock: (value) => (value ? moments.clock(new Date(value)) : ""),
    raw: (known, raw, ...ours) => {
      if (raw && known === false) return translate("phrase.unknown_word", { word: raw });
      return !raw || ours.includes(raw.toLowerCase()) ? "" : translate("phrase.raw", { word: raw });
    },
    conflict: (candidates) => formatConflict(candidates ?? [], word("conclusion"), translate),
    state_title: (state, name) =>
      translate("phrase.title_state", { mark: findTraits(state).mark, state: word("state")(state), name: name ?? "" }),
    icon: (state) => findTraits(state).icon,
    overview_title: (running, failed) => {
      if (running) return translate("phrase.title_running", { n: running });
      return failed ? translate("phrase.title_failed", { n: failed }) : translate("phrase.title_quiet");
    },
    overview_icon: (running, failed) => (running ? "running" : failed ? "failed" : "quiet"),
    list: (values) => (values ?? []).join(", "),
    strip: (outcomes) => formatStrip(outcomes ?? [], translate),
    group: (by, key) => (by === null || by === "none" ? "" : key ? word(by)(key) : word("group")(by)),
    projects: (shown, n) => translate(shown === n ? "phrase.projects" : "phrase.projects_of", { shown, n: n ?? 0 }),
    quiet: (n) => (n ? translate("phrase.quiet", { n }) : ""),
    more: (n) => (n ? translate("phrase.more", { n }) : ""),
  };
}

function formatDuration(seconds, translate) {
  if (seconds > 0 && seconds < 1) return translate("duration.moment");
  const total = Math.floor(seconds);
  const [s, m] = [total % MINUTE_S, Math.floor((total % HOUR_S) / MINUTE_S)];
  const [h, d] = [Math.floor((total % DAY_S) / HOUR_S), Math.floor(total / DAY_S)];
  if (total < MINUTE_S) return translate("duration.seconds", { s });
  if (total < HOUR_S) return translate("duration.minutes", { m, s });
  return total < DAY_S ? translate("duration.hours", { h, m }) : translate("duration.days", { d, h });
}

function formatStrip(outcomes, translate) {
  const failed = outcomes.filter(({ state }) => state === "failed").length;
  return outcomes.length ? translate("phrase.strip", { n: outcomes.length, failed }) : "";
}

function formatConflict(candidates, wordOf, translate) {
  const texts = candidates.map((candidate) => formatCandidate(candidate, wordOf, translate));
  return texts.join(translate("phrase.semicolon"));
}

function formatCandidate({ conclusion, completed_at: at }, wordOf, translate) {
  const word = wordOf(conclusion);
  if (!at) return translate("phrase.conflict_timeless", { word });
  return translate("phrase.conflict", { word, time: makeUtcMoments(translate).time(new Date(at)) });
}

/** Return the formats whose text changes with time; their last argument is the time in milliseconds. */
export function makeTickingFormats(words, { duration }) {
  const translate = makeTranslator(words);

  function ago(then, now) {
    if (!then) return "";
    const elapsed = (now - Date.parse(then)) / 1000;
    if (elapsed < MINUTE_S) return translate("ago.now", {});
    if (elapsed < HOUR_S) return translate("ago.minutes", { n: Math.floor(elapsed / MINUTE_S) });
    if (elapsed < DAY_S) return translate("ago.hours", { n: Math.floor(elapsed / HOUR_S) });
    return translate("ago.days", { n: Math.floor(elapsed / DAY_S) });
  }

  function took(seconds, startedAt, state, now) {
    const since = openSince(seconds, startedAt, state);
    return duration(since ? (now - Date.parse(since)) / 1000 : seconds);
  }

  const { left, formatEnds, pace, formatMedian } = makeEstimateFormats(words, duration);
  return { ago, took, left, formatEnds, pace, formatMedian };
}

/** Return the name of a step: translated if it is a known step, else as its sender reported it. */
function formatStep(words, key, name) {
  const [, known, number] = key.match(/^(.*?)(?:#([0-9]+))?$/s);
  const named = words[`step.${known}`];
  if (named === undefined) return name;
  return number ? `${named} #${number}` : named;
}

/** Return the sender's name of a step if it differs from the shown name by more than spaces, and from the key. */
function formatOwnName(words, key, name) {
  const base = key.replace(/#[0-9]+$/, "");
  const named = words[`step.${base}`];
  const bare = (text) => text.replaceAll(" ", "");
  return named === undefined || bare(name) === bare(named) || name === base ? "" : name;
}

/** Return formats of a moment in UTC, like the server's: `2024-01-01 00:00:05 UTC`. */
function makeUtcMoments(translate) {
  const format = (text) => translate("phrase.utc", { time: text });
  return {
    time: (moment) => format(moment.toISOString().slice(0, 19).replace("T", " ")),
    clock: (moment) => format(moment.toISOString().slice(11, 19)),
  };
}

/** Return formats of a moment in the visitor's time zone and the language of the page. */
function makeLocalMoments(language) {
  const clock = { timeStyle: "medium", hourCycle: "h23" };
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", ...clock });
  const hour = new Intl.DateTimeFormat(language, clock);
  return { time: (moment) => day.format(moment), clock: (moment) => hour.format(moment) };
}
