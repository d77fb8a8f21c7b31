/** The overview, and the page of one project: what runs, the projects, the newest deployments. */

import { Lists } from "./lists_model.js";
import { openPage } from "./page.js";

openPage(({ write, say, announce }) => {
  let lists = null;

  function show() {
    const projects = lists.listProjects();
    const running = lists.listRunning();
    syncList("running", running, (deployment) => deployment.id);
    syncList("projects", projects, (project) => project.slug);
    syncList("recent", lists.listRecent(), (deployment) => deployment.id);
    showHead(projects);
    showTitle(running.length);
  }

  function syncList(name, views, keyOf) {
    const list = document.querySelector(`[data-list="${name}"]`);
    if (list) write.sync(list, views, keyOf);
  }

  function showHead([project]) {
    const head = document.querySelector('.head[data-view="project"]');
    if (head && project) write.fill(head, project);
  }

  function showTitle(n) {
    if (document.body.dataset.topic !== "overview") return;
    document.title = say(n > 0 ? "phrase.title_running" : "phrase.title_quiet", { n });
  }

  function reset(snapshot) {
    lists = new Lists(snapshot);
    show();
  }

  function apply(frame, name) {
    if (!lists.apply(frame)) return false;
    show();
    const deployment = lists.deployments.get(frame.deployment_id);
    if (name === "deployment.completed" && deployment) announceEnd(deployment);
    return true;
  }

  function announceEnd(deployment) {
    announce(say("phrase.finished", { name: deployment.project.name, state: write.formats.state(deployment.state) }));
  }

  return { since: () => null, reset, apply, forget: () => (lists = null) };
});
