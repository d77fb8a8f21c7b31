/** The page of one deployment. */

import { makeDescriber } from "./deployment_description.js";
import { applyFrame, isAboutOther } from "./deployment_model.js";
import { roundUpSpan } from "./drawing/gantt.js";
import { now } from "./live/clock.js";
import { coalesce } from "./live/coalesce.js";
import { openPage } from "./live/page.js";

const PAUSE_MS = 2000;

openPage(({ write, say, announce, showIcon, renew, socket }) => {
  const describe = makeDescriber();
  let view = null;
  let shown = null;

  function show(next) {
    view = next;
    shown = describe(view, now());
    for (const root of document.querySelectorAll('#main [data-view="deployment"]')) write.fill(root, shown);
    write.sync(document.querySelector('[data-list="jobs"]'), shown.jobs, (job) => job.key, showJob);
    write.sync(document.querySelector('[data-list="inherited"]'), shown.inherited, (job) => job.name);
    document.title = write.formats.state_title(view.state, view.project.name);
    showIcon(write.formats.icon(view.state));
  }

  function showJob(card, job) {
    if (write.fill(card, job)) write.sync(card.querySelector('[data-list="steps"]'), job.steps, (step) => step.key);
  }

  function apply(frame) {
    const next = applyFrame(view, frame);
    if (next === null || next === view) return next !== null;
    const before = shown;
    show(next);
    announceEnd(before);
    return true;
  }

  /** Say what failed when it fails, and how it ended when it ends; nothing else. */
  function announceEnd(before) {
    const { headline } = shown;
    const isEnded = shown.status === "completed" && (before.status !== "completed" || before.state !== shown.state);
    if (!isEnded && !(headline.failures !== null && before.headline.failures === null)) return;
    const state = headline.failures === null ? shown.state : "failed";
    const ending = write.formats.ending(state, headline.failures === null ? null : headline.key, headline.name);
    announce(say("phrase.finished", { name: shown.project.name, state: ending }));
  }

  /** The axis of what runs has to grow: rarely, for it grows in round steps. */
  function tick() {
    const axis = shown?.axis;
    if (view && axis?.is_live && roundUpSpan(now() - axis.start_ms) > axis.span_ms) show(view);
  }

  // What else there is of the project is told by the server alone: another attempt, a new name.
  const askAnew = coalesce(renew, PAUSE_MS);
  const { slug, run } = document.querySelector("[data-slug]").dataset;
  socket.on("connect", () => {
    for (const topic of [`siblings:${slug}`, ...(run ? [`run:${run}`] : [])]) socket.emit("subscribe", { topic }, () => {});
  });
  socket.on("project.updated", ({ deployment_id: id }) => id !== view?.id && askAnew());
  socket.on("run.updated", (news) => view && isAboutOther(news, view) && askAnew());
  socket.on("resync", askAnew);
  socket.io.on("reconnect", askAnew);

  return {
    since: () => view?.seq ?? null,
    reset: show,
    apply,
    tick,
    forget: () => (view = null),
  };
});
