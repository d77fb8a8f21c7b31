/** Values of a view as the text that people read: pure functions, the twin of `dashboard/pages/formats.py`.
 *
 * Both are tested against one table, `tests/js/formats.json`. An empty text means: nothing to show. */

import { fillPhrase } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const TICKING_STATES = ["running", "waiting"];

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
  return duration === null && TICKING_STATES.includes(state) ? startedAt : null;
}

/** Return the formats by name; each takes the values of its fields. `zone` is "UTC" or "local". */
export function makeFormats(words, zone = "local") {
  const word = (group) => (value) => (value ? (words[`${group}.${value}`] ?? value) : "");
  const say = (name, values) => fillPhrase(words[name], values);
  const time = (value) => (value ? formatMoment(value, zone, say) : "");
  return {
    text: (value) => (value === null ? "" : String(value)),
    short: (revision) => (/^[0-9a-f]{12,}$/.test(revision ?? "") ? revision.slice(0, 7) : (revision ?? "")),
    port: (port) => (port ? `:${port}` : ""),
    attempt: (n) => (n > 1 ? say("phrase.attempt", { n }) : ""),
    count: (n, of) => say("phrase.count", { n: n ?? 0, of: of ?? 0 }),
    service: (service) => word("service")(service ?? "unknown"),
    state: word("state"),
    kind: word("kind"),
    category: word("category"),
    duration: (seconds) => (seconds === null ? "" : formatDuration(Math.max(0, Math.floor(seconds)), say)),
    time,
    clock: (value) => time(value).replace(/^\S+ /, ""),
    raw: (raw, ...known) => (!raw || known.includes(raw) ? "" : say("phrase.raw", { word: raw })),
    conflict: (endings) => (endings ?? []).map((ending) => formatEnding(ending, word("conclusion"), say)).join("; "),
    state_title: (state, name) => say("phrase.title_state", { state: word("state")(state), name: name ?? "" }),
  };
}

function formatDuration(total, say) {
  const [s, m] = [total % MINUTE, Math.floor((total % HOUR) / MINUTE)];
  const [h, d] = [Math.floor((total % DAY) / HOUR), Math.floor(total / DAY)];
  if (total < MINUTE) return say("duration.seconds", { s });
  if (total < HOUR) return say("duration.minutes", { m, s });
  return total < DAY ? say("duration.hours", { h, m }) : say("duration.days", { d, h });
}

function formatEnding({ conclusion, completed_at: at }, wordOf, say) {
  const word = wordOf(conclusion);
  return at ? say("phrase.conflict", { word, time: formatMoment(at, "UTC", say) }) : say("phrase.conflict_timeless", { word });
}

/** Return the formats whose text changes with the clock; the last argument is now, in milliseconds. */
export function makeTickingFormats(words, { duration }) {
  const say = (name, values) => fillPhrase(words[name], values);

  function ago(then, now) {
    if (!then) return "";
    const elapsed = (now - Date.parse(then)) / 1000;
    if (elapsed < MINUTE) return say("ago.now", {});
    if (elapsed < HOUR) return say("ago.minutes", { n: Math.floor(elapsed / MINUTE) });
    if (elapsed < DAY) return say("ago.hours", { n: Math.floor(elapsed / HOUR) });
    const n = Math.floor(elapsed / DAY);
    return say(n === 1 ? "ago.day" : "ago.days", { n });
  }

  function took(seconds, startedAt, state, now) {
    const since = openSince(seconds, startedAt, state);
    return duration(since ? (now - Date.parse(since)) / 1000 : seconds);
  }

  return { ago, took };
}

/** Return a moment as `2024-01-01 08:00:00`, with the name of the zone where it is UTC. */
function formatMoment(value, zone, say) {
  const moment = new Date(value);
  const offset = zone === "UTC" ? 0 : moment.getTimezoneOffset() * 60_000;
  const time = new Date(moment.getTime() - offset).toISOString().slice(0, 19).replace("T", " ");
  return zone === "UTC" ? say("phrase.utc", { time }) : time;
}
