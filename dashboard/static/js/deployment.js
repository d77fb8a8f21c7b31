/** The page of one deployment. */

import { applyFrame, findFailedStep } from "./deployment_model.js";
import { openPage } from "./page.js";

openPage(({ write, say, announce }) => {
  let view = null;

  function show(next) {
    view = next;
    const shown = { ...view, failed_step: findFailedStep(view) };
    for (const root of document.querySelectorAll('#main [data-view="deployment"]')) write.fill(root, shown);
    write.sync(document.querySelector('[data-list="jobs"]'), view.jobs, (job) => job.key, showJob);
    document.title = write.formats.state_title(view.state, view.project.name);
  }

  function showJob(card, job) {
    if (write.fill(card, job)) write.sync(card.querySelector('[data-list="steps"]'), job.steps, (step) => step.key);
  }

  function apply(frame, name) {
    const next = applyFrame(view, frame);
    if (next !== null && next !== view) show(next);
    if (next !== null && name === "deployment.completed") announceEnd();
    return next !== null;
  }

  function announceEnd() {
    announce(say("phrase.finished", { name: view.project.name, state: write.formats.state(view.state) }));
  }

  return {
    since: () => view?.seq ?? null,
    reset: show,
    apply,
    forget: () => (view = null),
  };
});
