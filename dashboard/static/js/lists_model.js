/** The data of the overview and of the page of a project, and how frames change it: plain data, no DOM.
 *
 * Views are never changed in place: a view is a new object if, and only if, something in it has changed. */

import { constants } from "./constants.js";
import { compareDeployments, compareText, compareTimes } from "./core/order.js";
import { hideDuplicateRuns } from "./lists.js";

/** The projects and deployments of a page, from a snapshot `{projects, deployments}`. */
export class Lists {
  constructor(snapshot) {
    this.projects = new Map(snapshot.projects.map((project) => [project.slug, project]));
    this.deployments = new Map(snapshot.deployments.map((deployment) => [deployment.id, deployment]));
  }

  /** Return the projects in no particular order. */
  listProjects() {
    return [...this.projects.values()];
  }

  /** Return the open deployments, the newest first. */
  listRunning() {
    return hideDuplicateRuns(this.sortDeployments().filter(isOpen));
  }

  /** Return the newest deployments, the newest first. */
  listRecent() {
    return hideDuplicateRuns(this.sortDeployments().slice(0, constants.lists.max_recent));
  }

  /** Apply a frame; return false if the result depends on data that is not here, so that a snapshot is needed. */
  apply(frame) {
    const known = this.deployments.get(frame.deployment_id) ?? this.findLast(frame.deployment_id);
    if (!known && frame.prev_seq > 0) return this.applyToOutcome(frame);
    if (known && frame.seq <= known.seq) return true;
    if (frame.prev_seq > (known?.seq ?? 0)) return false;
    const next = { ...known, ...frame.deployment, id: frame.deployment_id, seq: frame.seq };
    // If it moves back in time, a deployment that is not here may take its place.
    if (!next.project || (known && compareTimes(next.sorted_at, known.sorted_at) < 0)) return false;
    // An unknown project that has changed before may be one that was renamed: only a snapshot shows which.
    if (!this.projects.has(next.project.slug) && next.project.seq > 1) return false;
    this.deployments.set(next.id, next);
    this.addToProject(next);
    this.dropOld();
    return true;
  }

  /** Apply a frame on a deployment that is not listed; at most its outcome in the strip of its project is known. */
  applyToOutcome({ deployment_id: id, prev_seq: before, seq, deployment: changed = {} }) {
    // A deployment that ended, began again or moved may now belong in a list, with values that are not in the frame.
    if ("status" in changed || "sorted_at" in changed) return false;
    for (const project of this.projects.values()) {
      const known = project.outcomes.find((outcome) => outcome.id === id);
      if (known === undefined) continue;
      if (changed.project && changed.project.slug !== project.slug) return false;
      if (before > known.seq) return false;
      if (seq > known.seq) this.putProject(project, changed.project, { ...known, ...pickOutcome(changed), id, seq });
      return true;
    }
    const project = this.projects.get(changed.project?.slug);
    if (project) this.putProject(project, changed.project);
    return true;
  }

  findLast(id) {
    for (const { last_deployment: last } of this.projects.values()) if (last?.id === id) return last;
    return undefined;
  }

  addToProject(deployment) {
    const { project } = deployment;
    const known = this.projects.get(project.slug) ?? { ...project, last_deployment: null, outcomes: [] };
    const last = known.last_deployment;
    const isLast = !last || last.id === deployment.id || compareDeployments(deployment, last) < 0;
    this.putProject({ ...known, last_deployment: isLast ? deployment : last }, project, pickOutcome(deployment));
  }

  /** Store a project with its own values, if they are newer, and with an outcome, if there is one. */
  putProject(known, own, outcome) {
    const next = { ...known, ...(own?.seq > known.seq ? own : {}) };
    if (outcome) {
      const others = known.outcomes.filter(({ id }) => id !== outcome.id);
      next.outcomes = [...others, outcome].sort(compareDeployments).slice(0, constants.lists.max_outcomes);
    }
    const environments = next.outcomes.map(({ environment }) => environment).filter(Boolean);
    next.environments = [...new Set(environments)].sort(compareText);
    this.projects.set(next.slug, next);
    this.updateDeploymentsOf(next);
  }

  /** Give every deployment of the project the project's newest values. */
  updateDeploymentsOf({ last_deployment: _, outcomes: __, environments: ___, ...project }) {
    for (const deployment of this.deployments.values()) {
      if (deployment.project.slug !== project.slug || deployment.project.seq === project.seq) continue;
      this.deployments.set(deployment.id, { ...deployment, project });
    }
  }

  dropOld() {
    for (const deployment of this.sortDeployments().slice(constants.lists.max_recent)) {
      if (!isOpen(deployment)) this.deployments.delete(deployment.id);
    }
  }

  sortDeployments() {
    return [...this.deployments.values()].sort(compareDeployments);
  }
}

function pickOutcome(deployment) {
  const names = constants.lists.outcome_fields.filter((name) => name in deployment);
  return Object.fromEntries(names.map((name) => [name, deployment[name]]));
}

function isOpen(deployment) {
  return deployment.status !== "completed";
}
