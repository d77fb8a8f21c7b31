/** The page of one deployment. */

import { constants } from "./constants.js";
import { makeDescriber } from "./deployment_description.js";
import { applyFrame, isAboutOther } from "./deployment_model.js";
import { roundUpSpan } from "./drawing/gantt.js";
import { now } from "./live/clock.js";
import { coalesce } from "./live/coalesce.js";
import { openPage } from "./live/page.js";

const PAUSE_MS = 2000;

openPage(({ fields, translate, announce, showIcon, resync, socket }) => {
  const describe = makeDescriber();
  let view = null;
  let shown = null;

  function show(next) {
    view = next;
    shown = describe(view, now());
    for (const root of document.querySelectorAll('#main [data-view="deployment"]')) fields.fill(root, shown);
    fields.syncList(document.querySelector('[data-list="jobs"]'), shown.jobs, (job) => job.key, showJob);
    fields.syncList(document.querySelector('[data-list="inherited"]'), shown.inherited, (job) => job.name);
    document.title = fields.formats.state_title(view.state, view.project.name);
    showIcon(fields.formats.icon(view.state));
  }

  function showJob(card, job) {
    if (!fields.fill(card, job)) return;
    fields.syncList(card.querySelector('[data-list="steps"]'), job.steps, (step) => step.key);
  }

  function apply(frame) {
    const next = applyFrame(view, frame);
    if (next === null || next === view) return next !== null;
    update(next);
    return true;
  }

  /** Show a deployment. Its end is announced whether it came in a frame or, after a resync, in a snapshot. */
  function update(next) {
    const before = shown;
    show(next);
    if (before !== null) announceEnd(before);
  }

  /** Announce the first failure and the end, and nothing else. */
  function announceEnd(before) {
    const { headline } = shown;
    const isEnded = shown.status === "completed" && (before.status !== "completed" || before.state !== shown.state);
    if (!isEnded && !(headline.failures !== null && before.headline.failures === null)) return;
    const state = headline.failures === null ? shown.state : "failed";
    const ending = fields.formats.ending(state, headline.failures === null ? null : headline.key, headline.name);
    announce(translate("phrase.finished", { name: shown.project.name, state: ending }));
  }

  /** Draw the page again when the running deployment has outgrown its time axis. */
  function tick() {
    const axis = shown?.axis;
    if (view && axis?.is_live && roundUpSpan(now() - axis.start_ms) > axis.span_ms) show(view);
  }

  // Other attempts and the name of the project are not in the frames, so the page is fetched again when they change.
  const requestResync = coalesce(resync, PAUSE_MS);
  const { slug, run } = document.querySelector("[data-slug]").dataset;
  const { live } = constants;
  socket.on("connect", () => {
    socket.emit("subscribe", { topic: `${live.siblings_prefix}${slug}` }, () => {});
    if (run) socket.emit("subscribe", { topic: `${live.run_prefix}${run}` }, () => {});
  });
  socket.on(live.project_updated, ({ deployment_id: id }) => id !== view?.id && requestResync());
  socket.on(live.run_updated, (other) => view && isAboutOther(other, view) && requestResync());
  socket.on("resync", requestResync);
  socket.io.on("reconnect", requestResync);

  return {
    since: () => view?.seq ?? null,
    reset: update,
    apply,
    tick,
    forget: () => (view = null),
  };
});
