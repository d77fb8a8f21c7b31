/** The page of a project: its running and recent deployments, its environments and statistics. */

import { followLists } from "./lists_view.js";
import { openPage } from "./live/page.js";
import { followStatistics } from "./project_statistics.js";

openPage((page) => {
  const statistics = followStatistics(page.fetchMain);

  function showProjects(_running, [project]) {
    if (project) page.fields.fill(document.querySelector('.head[data-view="project"]'), project);
  }

  return followLists(page, { showProjects, onSnapshot: statistics.reset, onFrame: statistics.apply });
});
