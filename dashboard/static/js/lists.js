/** The overview, and the page of one project: what runs, the projects, the newest deployments. */

import { arrangeProjects, countWatched, orderRunning, readChoices } from "./overview_grouping.js";
import { listenToChoices } from "./overview_choices.js";
import { now } from "./live/clock.js";
import { Lists } from "./lists_model.js";
import { openPage } from "./live/page.js";
import { followPast } from "./project_statistics.js";

const MAX_CARDS = 12;
/** So that a burst of frames is drawn once. A timer, not an animation frame: the title counts in a hidden tab, too. */
const DRAW_MS = 50;

openPage(({ write, say, announce, showIcon, refresh, fetchMain }) => {
  const past = followPast(fetchMain);
  let lists = null;
  let timer = null;
  listenToChoices(() => (lists === null ? ask() : show()));

  /** While there is no socket, the server arranges. */
  function ask() {
    const { search } = location;
    refresh(() => lists === null && location.search === search).catch(() => {}); // the next refresh will do it
  }

  function show() {
    clearTimeout(timer);
    timer = null;
    if (lists === null) return;
    const running = orderRunning(lists.listRunning());
    const rest = running.slice(MAX_CARDS);
    syncDeployments("running", running.slice(0, MAX_CARDS));
    syncDeployments("rest", rest);
    fillView('[data-view="rest"]', { more: rest.length });
    syncDeployments("recent", lists.listRecent());
    if (document.body.dataset.topic === "overview") showProjects(running, lists.listProjects());
    else fillView('.head[data-view="project"]', lists.listProjects()[0]);
  }

  function showProjects(running, projects) {
    const arranged = arrangeProjects(projects, readChoices(location.search), now());
    fillView('[data-view="arranged"]', arranged);
    write.sync(document.querySelector('[data-list="groups"]'), arranged.groups, (group) => group.key, showGroup);
    const watched = countWatched(running, projects);
    document.title = write.formats.overview_title(watched.running, watched.failed);
    showIcon(write.formats.overview_icon(watched.running, watched.failed));
  }

  function showGroup(section, group) {
    write.fill(section, group);
    write.sync(section.querySelector('[data-list="projects"]'), group.projects, (project) => project.slug);
  }

  function syncDeployments(name, views) {
    const list = document.querySelector(`[data-list="${name}"]`);
    if (list) write.sync(list, views, (deployment) => deployment.id);
  }

  function fillView(selector, view) {
    const root = document.querySelector(selector);
    if (root && view) write.fill(root, view);
  }

  function reset(snapshot) {
    lists = new Lists(snapshot);
    show();
    past.reset(snapshot);
  }

  function apply(frame, name) {
    if (!lists.apply(frame)) return false;
    timer ??= setTimeout(show, DRAW_MS);
    const deployment = lists.deployments.get(frame.deployment_id);
    past.apply(frame, deployment);
    if (name === "deployment.completed" && deployment) announceEnd(deployment);
    return true;
  }

  function announceEnd(deployment) {
    announce(say("phrase.finished", { name: deployment.project.name, state: write.formats.state(deployment.state) }));
  }

  return { since: () => null, reset, apply, forget: () => (lists = null) };
});
