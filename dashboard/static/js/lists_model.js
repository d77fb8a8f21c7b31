/** What the overview and the project page know, and how a frame changes it: plain data, no DOM.
 *
 * Views are never changed in place: a view is a new object exactly when something in it changed. */

import { compareDeployments, compareText, compareTimes } from "./order.js";

const NEWEST = 50;

/** The projects and deployments of one page, from a snapshot `{projects, deployments}`. */
export class Lists {
  constructor(snapshot) {
    this.projects = new Map(snapshot.projects.map((project) => [project.slug, project]));
    this.deployments = new Map(snapshot.deployments.map((deployment) => [deployment.id, deployment]));
  }

  /** Return the projects in the order of their slugs. */
  listProjects() {
    return [...this.projects.values()].sort((a, b) => compareText(a.slug, b.slug));
  }

  /** Return the open deployments, the newest first. */
  listRunning() {
    return this.sortDeployments().filter(isOpen);
  }

  /** Return the newest deployments, the newest first. */
  listRecent() {
    return this.sortDeployments().slice(0, NEWEST);
  }

  /** Apply a frame; return false if it leads to what cannot be told from here, so that a snapshot is needed. */
  apply(frame) {
    const known = this.deployments.get(frame.deployment_id);
    if (known && frame.seq <= known.seq) return true;
    if (frame.prev_seq > (known?.seq ?? 0)) return false;
    const next = { ...known, ...frame.deployment, id: frame.deployment_id, seq: frame.seq };
    // What moves back in time may make room for a deployment that is not here.
    if (!next.project || (known && compareTimes(next.sorted_at, known.sorted_at) < 0)) return false;
    this.deployments.set(next.id, next);
    this.placeInProject(next);
    this.dropOld();
    return true;
  }

  placeInProject(deployment) {
    const { slug } = deployment.project;
    const known = this.projects.get(slug) ?? { ...deployment.project, last_deployment: null };
    const own = deployment.project.seq > known.seq ? deployment.project : {};
    const last = known.last_deployment;
    const isLast = !last || last.id === deployment.id || compareDeployments(deployment, last) < 0;
    this.projects.set(slug, { ...known, ...own, last_deployment: isLast ? deployment : last });
    this.shareProject(this.projects.get(slug));
  }

  /** Let every deployment of the project show the project's newest values. */
  shareProject({ last_deployment: _, ...project }) {
    for (const deployment of this.deployments.values()) {
      if (deployment.project.slug !== project.slug || deployment.project.seq === project.seq) continue;
      this.deployments.set(deployment.id, { ...deployment, project });
    }
  }

  dropOld() {
    for (const deployment of this.sortDeployments().slice(NEWEST)) {
      if (!isOpen(deployment)) this.deployments.delete(deployment.id);
    }
  }

  sortDeployments() {
    return [...this.deployments.values()].sort(compareDeployments);
  }
}

function isOpen(deployment) {
  return deployment.status !== "completed";
}
