/** Values of a view as the text that people read: pure functions, the twin of `dashboard/pages/text/formats.py`.
 *
 * Both are tested against one table, `tests/js/text/formats.json`. An empty text means: nothing to show. */

import { findTraits } from "../states.js";
import { makeEstimateFormats } from "./durations.js";
import { makeSay } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** Return the value at a dotted path, null where a part of the path is missing or null. */
export function readValue(view, path) {
  let value = view;
  for (const name of path.split(".")) value = value?.[name];
  return value ?? null;
}

/** Tell whether a condition of `data-show` holds: names apart by commas, any of them; `name=value` for one value. */
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

/** Return a link target that came with the data, or null unless it is an http or https address. */
export function safeHref(url) {
  return typeof url === "string" && /^https?:\/\/[^\s/?#]+/i.test(url) ? url : null;
}

/** Return the slug as a part of a path, escaped exactly as Flask's url_for does. */
export function quoteSlug(slug) {
  return encodeURI(slug).replace(/[?#]/g, encodeURIComponent);
}

/** Return the time from which the elapsed time ticks, null where it does not tick. */
export function openSince(duration, startedAt, state) {
  return duration === null && findTraits(state).is_ticking ? startedAt : null;
}

/** Return the formats by name; each takes the values of its fields. `zone` is "UTC" or "local". */
export function makeFormats(words, zone = "local") {
  const word = (group) => (value) => (value ? (words[`${group}.${value}`] ?? value) : "");
  const say = makeSay(words);
  const moments = zone === "UTC" ? makeUtcMoments(say) : makeLocalMoments(words["language.tag"]);
  const duration = (seconds) => (seconds === null ? "" : formatDuration(Math.max(0, seconds), say));
  const step = (key, name) => nameStep(words, key ?? "", name ?? "");
  return {
    text: (value) => (value === null ? "" : String(value)),
    short: (revision) => (/^[0-9a-f]{12,}$/.test(revision ?? "") ? revision.slice(0, 7) : (revision ?? "")),
    port: (port) => (port ? `:${port}` : ""),
    attempt: (n) => (n > 1 ? say("phrase.attempt", { n }) : ""),
    count: (n, of) => say("phrase.count", { n: n ?? 0, of: of ?? 0 }),
    steps: (done, n) => (n ? say("phrase.steps", { done: done ?? 0, n }) : ""),
    jobs: (done, n) => say("phrase.jobs", { done: done ?? 0, n: n ?? 0 }),
    last_ran: (n) => (n ? say("phrase.last_ran", { n }) : ""),
    step,
    ending: (state, key, name) => {
      const at = step(key, name);
      return at ? say("phrase.failed_at", { state: word("state")(state), step: at }) : word("state")(state);
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
    own_name: (key, name) => tellOwnName(words, key ?? "", name ?? ""),
    remark: (state, status) => (state === "unknown" ? (words[`remark.${status}`] ?? "") : ""),
    failures: (failed, runs) => {
      if (failed === null || !runs) return "";
      return say(failed ? "failures.some" : "failures.none", { n: runs + 1, failed: failed + 1 });
    },
    step_id: (job, key) => (key === null ? "" : `step-${job}/${key}`.replace(/[ \t\n\f\r]/g, "_")),
    time: (value) => (value ? moments.time(new Date(value)) : ""),
    clock: (value) => (value ? moments.clock(new Date(value)) : ""),
    raw: (raw, ...known) => (!raw || known.includes(raw.toLowerCase()) ? "" : say("phrase.raw", { word: raw })),
    conflict: (endings) =>
      (endings ?? []).map((ending) => formatEnding(ending, word("conclusion"), say)).join(say("phrase.semicolon")),
    state_title: (state, name) =>
      say("phrase.title_state", { mark: findTraits(state).mark, state: word("state")(state), name: name ?? "" }),
    icon: (state) => findTraits(state).icon,
    overview_title: (running, failed) => {
      if (running) return say("phrase.title_running", { n: running });
      return failed ? say("phrase.title_failed", { n: failed }) : say("phrase.title_quiet");
    },
    overview_icon: (running, failed) => (running ? "running" : failed ? "failed" : "quiet"),
    list: (values) => (values ?? []).join(", "),
    strip: (outcomes) => formatStrip(outcomes ?? [], say),
    group: (by, key) => (by === null || by === "none" ? "" : key ? word(by)(key) : word("group")(by)),
    projects: (shown, n) => say(shown === n ? "phrase.projects" : "phrase.projects_of", { shown, n: n ?? 0 }),
    quiet: (n) => (n ? say("phrase.quiet", { n }) : ""),
    more: (n) => (n ? say("phrase.more", { n }) : ""),
  };
}

function formatDuration(seconds, say) {
  if (seconds > 0 && seconds < 1) return say("duration.moment");
  const total = Math.floor(seconds);
  const [s, m] = [total % MINUTE, Math.floor((total % HOUR) / MINUTE)];
  const [h, d] = [Math.floor((total % DAY) / HOUR), Math.floor(total / DAY)];
  if (total < MINUTE) return say("duration.seconds", { s });
  if (total < HOUR) return say("duration.minutes", { m, s });
  return total < DAY ? say("duration.hours", { h, m }) : say("duration.days", { d, h });
}

function formatStrip(outcomes, say) {
  const failed = outcomes.filter(({ state }) => state === "failed").length;
  return outcomes.length ? say("phrase.strip", { n: outcomes.length, failed }) : "";
}

function formatEnding({ conclusion, completed_at: at }, wordOf, say) {
  const word = wordOf(conclusion);
  if (!at) return say("phrase.conflict_timeless", { word });
  return say("phrase.conflict", { word, time: makeUtcMoments(say).time(new Date(at)) });
}

/** Return the formats whose text changes with the clock; the last argument is now, in milliseconds. */
export function makeTickingFormats(words, { duration }) {
  const say = makeSay(words);

  function ago(then, now) {
    if (!then) return "";
    const elapsed = (now - Date.parse(then)) / 1000;
    if (elapsed < MINUTE) return say("ago.now", {});
    if (elapsed < HOUR) return say("ago.minutes", { n: Math.floor(elapsed / MINUTE) });
    if (elapsed < DAY) return say("ago.hours", { n: Math.floor(elapsed / HOUR) });
    return say("ago.days", { n: Math.floor(elapsed / DAY) });
  }

  function took(seconds, startedAt, state, now) {
    const since = openSince(seconds, startedAt, state);
    return duration(since ? (now - Date.parse(since)) / 1000 : seconds);
  }

  const { left, tellLeft, pace, tellPace } = makeEstimateFormats(words, duration);
  return { ago, took, left, tellLeft, pace, tellPace };
}

/** Name a step that senders share in the visitor's language, any other as its sender does. */
function nameStep(words, key, name) {
  const [, known, number] = key.match(/^(.*?)(?:#([0-9]+))?$/s);
  const named = words[`step.${known}`];
  if (named === undefined) return name;
  return number ? `${named} #${number}` : named;
}

/** Return the sender's name of a step if it differs from the shown name by more than spaces, and from the key. */
function tellOwnName(words, key, name) {
  const base = key.replace(/#[0-9]+$/, "");
  const named = words[`step.${base}`];
  const bare = (text) => text.replaceAll(" ", "");
  return named === undefined || bare(name) === bare(named) || name === base ? "" : name;
}

/** Tell moments as the server does, exactly: `2024-01-01 00:00:05 UTC`. */
function makeUtcMoments(say) {
  const tell = (moment, from) => say("phrase.utc", { time: moment.toISOString().slice(from, 19).replace("T", " ") });
  return { time: (moment) => tell(moment, 0), clock: (moment) => tell(moment, 11) };
}

/** Tell moments in the visitor's zone, as is usual in the language of the page. */
function makeLocalMoments(language) {
  const clock = { timeStyle: "medium", hourCycle: "h23" };
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", ...clock });
  const hour = new Intl.DateTimeFormat(language, clock);
  return { time: (moment) => day.format(moment), clock: (moment) => hour.format(moment) };
}
