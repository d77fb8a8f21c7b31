"""Deployments related to one: other attempts and dialects of its run, and what was deployed before it.

Past deployments are those that had ended before the first report on this one, so they stay the same on open pages.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from dashboard.core.view import format_time, read_deployment_standing, read_job_standing, view_job
from dashboard.core.view_types.deployments import EarlierJob, PastDeployment, Related
from dashboard.core.words import NATIVE, Conclusion
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS, JOBS, STEPS
from dashboard.queries.reader import Reader
from dashboard.queries.rows import INDEXED_ENVIRONMENT, MAX_SCANNED, select_newest

MAX_RUNS, MAX_SAME_RUN = 30, 100
ENDED_AT = func.coalesce(DEPLOYMENTS.c.completed_at, DEPLOYMENTS.c.reported_at)
FAILED = (Conclusion.FAILURE.value, Conclusion.TIMED_OUT.value)


def read_related(reader: Reader, row: Row) -> Related | None:
    """Return the deployments related to the one in this row, None if there are none."""
    same_run, past = _read_same_run(reader, row), _read_past_deployments(reader, row)
    if not same_run and not past:
        return None
    attempts = [other for other in same_run if other["run_id"] and other["run_id"] == row["run_id"]]
    attempts = [other for other in attempts if other["dialect"] == row["dialect"]]
    linked = [other for other in same_run if other not in attempts]
    return {
        "attempts": [{"id": other["id"], "attempt": other["attempt"]} for other in attempts],
        "linked": [
            {"id": other["id"], "dialect": other["dialect"], "environment": other["environment"]} for other in linked
        ],
        "earlier": _read_earlier_jobs(reader, [other["id"] for other in attempts if other["attempt"] < row["attempt"]]),
        "before": past[0] if past else None,
        "last_success": next((deployment for deployment in past if deployment["state"] == "success"), None),
        "runs": len(past),
        "failures": _count_failures(reader, [deployment["id"] for deployment in past]),
    }


def _read_same_run(reader: Reader, row: Row) -> list[Row]:
    """Return the other attempts of a run, the same attempt in other dialects, and what it deploys, by attempt."""
    table, conditions = DEPLOYMENTS.c, []
    # Null means that it was not reported, so two nulls are not the same run.
    if row["run_id"] is not None:
        same_id = and_(table.run_id == row["run_id"], table.dialect == row["dialect"])
        # The environment identifies only native runs; an attempt of a CI run may end before it names one.
        same_place = _is_in_environment(row) if row["dialect"] == NATIVE else _is_in_project(row)
        conditions.append(and_(same_id, same_place))
    if row["run_key"] is not None:
        is_other_kind = table.run_id.is_not(None) if row["run_id"] is None else table.run_id.is_(None)
        is_linked = or_(table.dialect != row["dialect"], is_other_kind, table.of_run == row["of_run"])
        conditions.append(and_(table.run_key == row["run_key"], is_linked))
    if not conditions:
        return []
    columns = (table.id, table.attempt, table.dialect, table.run_id, table.environment)
    query = select(*columns).where(table.id != row["id"], or_(*conditions))
    return reader.read_rows(query.order_by(table.attempt, table.id).limit(MAX_SAME_RUN))


def _read_earlier_jobs(reader: Reader, ids: list[int]) -> list[EarlierJob]:
    """Return the jobs of these attempts by name, each from the last attempt that ran it.

    "Re-run failed jobs" does not run the others again, so they are shown as they were, but not counted.
    """
    if not ids:
        return []
    owners = {row["id"]: row for row in reader.read_rows(select(DEPLOYMENTS).where(DEPLOYMENTS.c.id.in_(ids)))}
    jobs = reader.read_rows(select(JOBS).where(JOBS.c.deployment_id.in_(ids)))
    jobs.sort(key=lambda job: (owners[job["deployment_id"]]["attempt"], job["deployment_id"]))
    standings = {number: read_deployment_standing(owner) for number, owner in owners.items()}
    earlier: dict[str, EarlierJob] = {}
    for job in jobs:
        owner = owners[job["deployment_id"]]
        standing = standings[owner["id"]]
        view = view_job(job, read_job_standing(job, standing), owner, standing)
        name, state = view["name"], view["state"]
        earlier[name] = {"name": name, "state": state, "id": owner["id"], "attempt": owner["attempt"]}
    return [earlier[name] for name in sorted(earlier)]


def _is_in_environment(row: Row) -> ColumnElement[bool]:
    return and_(_is_in_project(row), INDEXED_ENVIRONMENT == (row["environment"] or ""))  # noqa: SIM300


def _is_in_project(row: Row) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = DEPLOYMENTS.c.project_id == row["project_id"]
    return condition


def _read_past_deployments(reader: Reader, row: Row) -> list[PastDeployment]:
    """Return the newest past deployments of the same project and environment, newest first."""
    table = DEPLOYMENTS.c
    columns = (table.id, table.state, table.commit_hash, table.dialect, table.status, ENDED_AT.label("ended_at"))
    # What had ended by then began before, so the index can skip all that was added since.
    began_before = and_(_is_in_environment(row), table.sorted_at <= row["created_at"])
    scanned = (
        select_newest()
        .with_only_columns(*columns)
        .where(began_before)
        .limit(select(literal(MAX_SCANNED)).scalar_subquery())
        .subquery()
    )
    query = select(scanned.c.id, scanned.c.state, scanned.c.commit_hash, scanned.c.ended_at).where(
        scanned.c.dialect == row["dialect"],
        scanned.c.id < row["id"],
        scanned.c.status == "completed",
        row["created_at"] >= scanned.c.ended_at,
    )
    rows = reader.read_rows(query.limit(MAX_RUNS))
    return [
        {
            "id": past["id"],
            "state": past["state"],
            "commit_hash": past["commit_hash"],
            "ended_at": format_time(past["ended_at"]),
        }
        for past in rows
    ]


def _count_failures(reader: Reader, ids: list[int]) -> dict[str, int]:
    """Return how many of these deployments each step failed in; steps that never failed are missing."""
    table = STEPS.c
    of_job = and_(JOBS.c.deployment_id == table.deployment_id, JOBS.c.key == table.job_key)
    name: Any = func.coalesce(JOBS.c.name, JOBS.c.key) + "/" + table.key
    query = select(name, func.count()).select_from(STEPS.join(JOBS, of_job))
    query = query.where(table.deployment_id.in_(ids), table.conclusion.in_(FAILED))
    return {row[0]: row[1] for row in reader.session.execute(query.group_by(name))} if ids else {}
