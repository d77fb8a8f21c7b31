/** The overview: running deployments, the projects as the visitor groups them, recent deployments. */

import { countWatched } from "./lists.js";
import { followLists } from "./lists_view.js";
import { now } from "./live/clock.js";
import { openPage } from "./live/page.js";
import { listenToChoices } from "./overview_choices.js";
import { arrangeProjects, readChoices } from "./overview_grouping.js";

openPage((page) => {
  const { fields, showIcon, refresh } = page;
  const lists = followLists(page, { showProjects });
  listenToChoices(() => (lists.isLoaded() ? lists.show() : fetchGroups()));

  /** Let the server group the projects while there is no snapshot of them here. */
  function fetchGroups() {
    const { search } = location;
    // A failure is ignored, because without a socket the page is refreshed regularly.
    refresh(() => !lists.isLoaded() && location.search === search).catch(() => {});
  }

  function showProjects(running, projects) {
    const arranged = arrangeProjects(projects, readChoices(location.search), now());
    fields.fill(document.querySelector('[data-view="arranged"]'), arranged);
    fields.syncList(document.querySelector('[data-list="groups"]'), arranged.groups, (group) => group.key, showGroup);
    const watched = countWatched(running, projects);
    document.title = fields.formats.overview_title(watched.running, watched.failed);
    showIcon(fields.formats.overview_icon(watched.running, watched.failed));
  }

  function showGroup(section, group) {
    fields.fill(section, group);
    fields.syncList(section.querySelector('[data-list="projects"]'), group.projects, (project) => project.slug);
  }

  return lists;
});
