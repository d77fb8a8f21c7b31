"""What a deployment has to do with others: its attempts, the run behind it, what was deployed before it.

What was before means: had ended when this deployment was first heard of. So it does not change while people watch.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from dashboard.core.view import format_time, read_deployment_standing, read_job_standing, view_job
from dashboard.core.view_types import EarlierJob, PastDeployment, Related
from dashboard.core.words import Conclusion
from dashboard.database.reader import Reader, Row
from dashboard.models import Base, DeploymentJob, DeploymentStep
from dashboard.queries.rows import DEPLOYMENTS, ENVIRONMENT, MAX_TRIED, select_newest

JOBS, STEPS = (Base.metadata.tables[model.__tablename__] for model in (DeploymentJob, DeploymentStep))
NATIVE = "native"
"""Where the environment is part of what a run is; an attempt of a CI run may never come as far as to name one."""
MAX_RUNS, MAX_NEAR = 30, 100
ENDED_AT = func.coalesce(DEPLOYMENTS.c.completed_at, DEPLOYMENTS.c.reported_at)
FAILED = (Conclusion.FAILURE.value, Conclusion.TIMED_OUT.value)


def read_related(reader: Reader, row: Row) -> Related | None:
    """Return what other deployments say of the one in this row, None if there are no such others."""
    near, before = _read_near(reader, row), _read_before(reader, row)
    if not near and not before:
        return None
    return {
        "attempts": [{"id": other["id"], "attempt": other["attempt"]} for other in near if _is_attempt(row, other)],
        "linked": [{"id": other["id"], "dialect": other["dialect"]} for other in near if not _is_attempt(row, other)],
        "earlier": _read_earlier(
            reader, [o["id"] for o in near if _is_attempt(row, o) and o["attempt"] < row["attempt"]]
        ),
        "before": before[0] if before else None,
        "last_success": next((past for past in before if past["state"] == "success"), None),
        "runs": len(before),
        "failures": _count_failures(reader, [past["id"] for past in before]),
    }


def _read_near(reader: Reader, row: Row) -> list[Row]:
    """Return id, attempt and dialect of the other attempts and of the linked runs, in order."""
    table, conditions = DEPLOYMENTS.c, []
    # A null means that nobody named it, not that it is the same.
    if row["run_id"] is not None:
        same_run = and_(table.run_id == row["run_id"], table.dialect == row["dialect"])
        conditions.append(and_(same_run, _is_of_same_kind(row) if row["dialect"] == NATIVE else _is_of_project(row)))
    if row["run_key"] is not None:
        conditions.append(and_(table.run_key == row["run_key"], table.dialect != row["dialect"]))
    if not conditions:
        return []
    query = select(table.id, table.attempt, table.dialect).where(table.id != row["id"], or_(*conditions))
    return reader.read_rows(query.order_by(table.attempt, table.id).limit(MAX_NEAR))


def _read_earlier(reader: Reader, ids: list[int]) -> list[EarlierJob]:
    """Return the jobs of these attempts of one run by name, each from the last attempt that had it.

    "Re-run failed jobs" leaves the others as they were: so they are shown, and never counted.
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


def _is_attempt(row: Row, other: Row) -> bool:
    return bool(other["dialect"] == row["dialect"])


def _is_of_same_kind(row: Row) -> ColumnElement[bool]:
    return and_(_is_of_project(row), ENVIRONMENT == (row["environment"] or ""))  # noqa: SIM300


def _is_of_project(row: Row) -> ColumnElement[bool]:
    same: ColumnElement[bool] = DEPLOYMENTS.c.project_id == row["project_id"]
    return same


def _read_before(reader: Reader, row: Row) -> list[PastDeployment]:
    """Return the last deployments of the same project and environment that had ended, newest first."""
    table = DEPLOYMENTS.c
    columns = (table.id, table.state, table.commit_hash, table.dialect, table.status, ENDED_AT.label("ended_at"))
    # Whatever had ended by then began before: an index leads there, past all that came since.
    began_before = and_(_is_of_same_kind(row), table.sorted_at <= row["created_at"])
    tried = (
        select_newest()
        .with_only_columns(*columns)
        .where(began_before)
        .limit(select(literal(MAX_TRIED)).scalar_subquery())
        .subquery()
    )
    query = select(tried.c.id, tried.c.state, tried.c.commit_hash, tried.c.ended_at).where(
        tried.c.dialect == row["dialect"],
        tried.c.id < row["id"],
        tried.c.status == "completed",
        row["created_at"] >= tried.c.ended_at,
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
    """Return in how many of these deployments each step failed; a step that never did is not named."""
    table = STEPS.c
    of_job = and_(JOBS.c.deployment_id == table.deployment_id, JOBS.c.key == table.job_key)
    name: Any = func.coalesce(JOBS.c.name, JOBS.c.key) + "/" + table.key
    query = select(name, func.count()).select_from(STEPS.join(JOBS, of_job))
    query = query.where(table.deployment_id.in_(ids), table.conclusion.in_(FAILED))
    return {row[0]: row[1] for row in reader.session.execute(query.group_by(name))} if ids else {}
