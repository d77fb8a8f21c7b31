/** Writes views into the markup that Jinja rendered: text and a few attributes, never HTML from data.
 *
 * A root has `data-view`. An element in it that shows values has `data-field`, comma-separated names, and `data-format`;
 * one that is hidden without a value has `data-show`. See `macros/fields.html`. */

import { now } from "./clock.js";
import { setAttribute, writeText } from "./dom.js";
import { ESTIMATE_WRITERS, TICKING_ESTIMATES, tickEstimate } from "./estimate_fields.js";
import { isShown, makeFormats, makeTickingFormats, openSince, quoteSlug, readValue, safeHref } from "../text/formats.js";
import { drawStrip } from "../drawing/strip.js";

export class FieldWriter {
  constructor(words, base) {
    this.base = base;
    this.formats = makeFormats(words);
    this.utc = makeFormats(words, "UTC");
    this.ticking = makeTickingFormats(words, this.formats);
    this.forget();
  }

  /** Forget what was written, because the page has been changed by other means. */
  forget() {
    this.elements = new WeakMap(); // root → its elements with values
    this.filled = new WeakMap(); // root → the view that it shows
  }

  /** Show a view in a root; return whether it is another view than before. */
  fill(root, view) {
    const before = this.filled.get(root);
    if (before === view) return false;
    this.filled.set(root, view);
    if (view.state) setAttribute(root, "data-state", view.state);
    this.addPart(root, view);
    if (!this.elements.has(root)) this.elements.set(root, ownElements(root));
    for (const element of this.elements.get(root)) this.fillElement(element, view, before);
    return true;
  }

  /** Add the optional part of a root once the view has something to show in it. */
  addPart(root, view) {
    const place = root.querySelector(":scope > [data-part]:empty");
    if (place === null || !isShown(view, place.dataset.when)) return;
    place.append(document.getElementById(`${place.dataset.part}-part`).content.cloneNode(true));
    this.elements.delete(root);
  }

  fillElement(element, view, before) {
    const { field, format, show } = element.dataset;
    if (show !== undefined) element.hidden = !isShown(view, show);
    if (field === undefined) return;
    // A log that the visitor opened or closed stays so until the state changes.
    if (before === undefined && format === "opened") return;
    const values = readValues(view, field);
    if (before && areEqual(values, readValues(before, field))) return;
    if (format in WRITERS) WRITERS[format](this, element, ...values);
    else writeText(element, this.formats[format](...values));
  }

  /** Show views in the rows of a list, in their order. Rows are matched by key; new ones are clones of the template. */
  syncList(list, views, keyOf, fillRow = (row, view) => this.fill(row, view)) {
    const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
    let next = null;
    for (const view of views.toReversed()) {
      const key = String(keyOf(view));
      const row = rows.get(key) ?? this.makeRow(list, key);
      rows.delete(key);
      fillRow(row, view);
      if (row.parentNode !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
      next = row;
    }
    for (const row of rows.values()) row.remove();
  }

  makeRow(list, key) {
    const row = document.getElementById(`${list.dataset.list}-row`).content.firstElementChild.cloneNode(true);
    row.dataset.key = key;
    this.filled.set(row, {}); // the template shows the empty view
    return row;
  }

  /** Update everything that changes with the clock. */
  tickAll(root) {
    for (const element of root.querySelectorAll("time[data-tick][datetime]")) {
      writeText(element, this.ticking.ago(element.getAttribute("datetime"), now()));
    }
    this.tick(root);
  }

  /** Update what changes every second: elapsed times, times left, growing bars. */
  tick(root) {
    for (const element of root.querySelectorAll(`[data-since], ${TICKING_ESTIMATES}`)) {
      const { since } = element.dataset;
      if (since === undefined) tickEstimate(this, element);
      else writeText(element, this.ticking.took(null, since, "running", now()));
    }
  }

  /** Show the times in the visitor's zone instead of in UTC. */
  localise(root) {
    for (const element of root.querySelectorAll("time[datetime]:not([data-tick])")) {
      writeText(element, this.formats[element.dataset.format](element.getAttribute("datetime")));
    }
    this.tickAll(root);
  }
}

/** The formats that write more than the text of the element. */
const WRITERS = {
  time: (writer, element, value) => writeTime(writer, element, value, writer.formats.time(value)),
  clock: (writer, element, value) => writeTime(writer, element, value, writer.formats.clock(value)),
  ago: (writer, element, value) => writeTime(writer, element, value, writer.ticking.ago(value, now())),
  took: writeTook,
  state: writeState,
  service: writeService,
  progress: (_, element, value) => setAttribute(element, "value", String(value ?? 0)),
  link: (_, element, url) => setAttribute(element, "href", safeHref(url)),
  project_link: ({ base }, element, slug) => setAttribute(element, "href", `${base}projects/${quoteSlug(slug ?? "-")}`),
  deployment_link: ({ base }, element, id) => setAttribute(element, "href", `${base}deployments/${id ?? 0}`),
  strip: writeStrip,
  ...ESTIMATE_WRITERS,
  opened: (_, element, isOpened) => element.toggleAttribute("open", isOpened === true),
  id: (writer, element, ...values) => setAttribute(element, "id", writer.formats.step_id(...values) || null),
  step_link: (writer, element, ...values) =>
    setAttribute(element, "href", values[0] && `#${encodeURIComponent(writer.formats.step_id(...values))}`),
};

function writeTime(writer, element, value, text) {
  setAttribute(element, "datetime", value);
  setAttribute(element, "title", value && writer.utc.time(value));
  writeText(element, text);
}

function writeTook(writer, element, ...values) {
  setAttribute(element, "data-since", openSince(...values));
  writeText(element, writer.ticking.took(...values, now()));
}

/** Write the word of a state, and its icon if the element has one. */
function writeState(writer, element, state) {
  const text = writer.formats.state(state);
  const shape = element.querySelector("use");
  if (shape !== null) {
    setAttribute(element, "data-state", state ?? "");
    setAttribute(element, "title", text);
    setAttribute(shape, "href", `#state-${state ?? "unknown"}`);
  }
  const word = element.querySelector(".word");
  if (word === null) writeText(element, text);
  else if (word.textContent !== text) word.textContent = text;
  element.hidden = text === "";
}

function writeStrip(writer, element, outcomes) {
  const text = writer.formats.strip(outcomes);
  for (const [shape, path] of Object.entries(drawStrip(outcomes ?? []))) {
    setAttribute(element.querySelector(`[data-state="${shape}"]`), "d", path);
  }
  setAttribute(element, "aria-label", text);
  setAttribute(element, "title", text);
  element.hidden = text === "";
}

function writeService(writer, element, service) {
  setAttribute(element, "data-service", service ?? "unknown");
  writeText(element, writer.formats.service(service));
}

/** Return the elements with values in a root, without those in roots inside it. */
function ownElements(root) {
  const all = [...root.querySelectorAll("[data-field], [data-show]")];
  return all.filter((element) => element.closest("[data-view]") === root);
}

function readValues(view, names) {
  return names.split(",").map((name) => readValue(view, name));
}

function areEqual(values, others) {
  const isSame = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
  return values.every((value, index) => isSame(value, others[index]));
}
