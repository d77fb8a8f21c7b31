/** The cards and rows of deployments on the overview and on the page of a project, kept up to date by frames. */

import { constants } from "./constants.js";
import { orderRunning } from "./lists.js";
import { Lists } from "./lists_model.js";

/** A burst of frames is drawn once. It is a timer because animation frames stop in a hidden tab, whose title counts. */
const DRAW_MS = 50;

/** Return what `openPage` needs, and also `show()` and `isLoaded()`.
 *
 * `showProjects(running, projects)` shows the rest of the page. `onSnapshot(snapshot)` and `onFrame(frame, deployment)`
 * are called after the lists have changed; `deployment` is undefined if it is not listed. */
export function followLists(page, { showProjects, onSnapshot = () => {}, onFrame = () => {} }) {
  const { fields, translate, announce } = page;
  let lists = null;
  let timer = null;

  function show() {
    clearTimeout(timer);
    timer = null;
    if (lists === null) return;
    const running = orderRunning(lists.listRunning());
    const rest = running.slice(constants.lists.max_cards);
    syncDeployments("running", running.slice(0, constants.lists.max_cards));
    syncDeployments("rest", rest);
    fields.fill(document.querySelector('[data-view="rest"]'), { more: rest.length });
    syncDeployments("recent", lists.listRecent());
    showProjects(running, lists.listProjects());
  }

  function syncDeployments(name, views) {
    fields.syncList(document.querySelector(`[data-list="${name}"]`), views, (deployment) => deployment.id);
  }

  function reset(snapshot) {
    lists = new Lists(snapshot);
    show();
    onSnapshot(snapshot);
  }

  function apply(frame, name) {
    if (!lists.apply(frame)) return false;
    timer ??= setTimeout(show, DRAW_MS);
    const deployment = lists.deployments.get(frame.deployment_id);
    onFrame(frame, deployment);
    if (name === constants.live.deployment_completed && deployment) announceEnd(deployment);
    return true;
  }

  function announceEnd(deployment) {
    const state = fields.formats.state(deployment.state);
    announce(translate("phrase.finished", { name: deployment.project.name, state }));
  }

  return { since: () => null, reset, apply, forget: () => (lists = null), show, isLoaded: () => lists !== null };
}
