"""Single deployments with their jobs and steps, and runs."""

from sqlalchemy import func, select

from dashboard.core.state import Standing
from dashboard.core.storable import MAX_ID
from dashboard.core.view import (
    attach_steps,
    decide_row_state,
    make_sort_key,
    read_deployment_standing,
    read_job_standing,
    view_deployment,
    view_job,
    view_project,
    view_step,
)
from dashboard.core.view_types.deployments import DeploymentView, JobView, RunView, StepView
from dashboard.core.words import NATIVE
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS, JOBS, STEPS
from dashboard.queries.estimates import add_estimate, read_typical_times
from dashboard.queries.reader import Reader
from dashboard.queries.related import read_related
from dashboard.queries.rows import read_projects


def get_deployment(reader: Reader, deployment_id: int) -> DeploymentView | None:
    """Return a deployment with its jobs and their steps, None if there is none."""
    if not 0 <= deployment_id <= MAX_ID:
        return None
    rows = reader.read_rows(select(DEPLOYMENTS).where(DEPLOYMENTS.c.id == deployment_id))
    return _view_whole(reader, rows[0]) if rows else None


def find_run(reader: Reader, run_id: str, repository: str | None) -> Row | None:
    """Return the row of a run's newest attempt, in a CI dialect rather than native; None if the run is unknown."""
    query = select(DEPLOYMENTS).where(DEPLOYMENTS.c.run_id == run_id)
    if repository is not None:
        query = query.where(func.lower(DEPLOYMENTS.c.repository) == repository.lower())
    is_native = DEPLOYMENTS.c.dialect == NATIVE
    order = (is_native, DEPLOYMENTS.c.attempt.desc(), DEPLOYMENTS.c.sorted_at.desc(), DEPLOYMENTS.c.id.desc())
    rows = reader.read_rows(query.order_by(*order).limit(1))
    return rows[0] if rows else None


def view_run(reader: Reader, row: Row) -> RunView:
    """Return a deployment with its jobs and their steps, without estimate and related deployments."""
    project = view_project(read_projects(reader, [row["project_id"]])[row["project_id"]])
    standing = read_deployment_standing(row)
    summary = view_deployment(row, project, standing, reader.staleness)
    return {**summary, "log": row["log"], "jobs": _view_jobs(reader, row, standing)}


def tag_run(reader: Reader, row: Row) -> str:
    """Return a tag that changes exactly when view_run does: it has the seq, and the state, which time can change."""
    return f"{row['id']}.{row['seq']}.{decide_row_state(row, read_deployment_standing(row), reader.staleness)}"


def exists(reader: Reader, deployment_id: int) -> bool:
    """Return whether the deployment exists."""
    query = select(DEPLOYMENTS.c.id).where(DEPLOYMENTS.c.id == deployment_id)
    return 0 <= deployment_id <= MAX_ID and reader.session.scalar(query) is not None


def _view_whole(reader: Reader, row: Row) -> DeploymentView:
    run = view_run(reader, row)
    usual = read_typical_times(reader, [(row["id"], row["environment"])])[row["id"]]
    listed = add_estimate(run, usual, reader.now)
    return {**run, "usual": usual, "estimate": listed["estimate"], "related": read_related(reader, row)}


def _view_jobs(reader: Reader, row: Row, deployment: Standing) -> list[JobView]:
    jobs = reader.read_rows(select(JOBS).where(JOBS.c.deployment_id == row["id"]))
    standings = {job["key"]: read_job_standing(job, deployment) for job in jobs}
    steps: dict[str, list[StepView]] = {job["key"]: [] for job in jobs}
    for step in reader.read_rows(select(STEPS).where(STEPS.c.deployment_id == row["id"])):
        steps[step["job_key"]].append(view_step(step, standings[step["job_key"]], deployment))
    whole = [attach_steps(view_job(job, standings[job["key"]], row, deployment), steps[job["key"]]) for job in jobs]
    return sorted(whole, key=make_sort_key)
