"""Filling the index that old deployments are searched by, behind the reports: they do not wait for it, nor it for them.

What is too new to be in it is searched row by row. Several processes may do this at the same time.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Engine, Interval, Row, Select, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.core.search_index import list_terms
from dashboard.models import Base, Deployment, DeploymentEvent, DeploymentTerms, Project
from dashboard.models.deployment_terms import EXACT_FIELDS, SEARCHED_FIELDS

SETTLED = timedelta(minutes=10)
"""So old is a deployment when it is added: by then it has said most of what it is found by."""
BATCH_SIZE, PAUSE_S = 40, 0.02
"""A batch takes some ten milliseconds of this process, which pauses for others then."""

DEPLOYMENTS, EVENTS, PROJECTS, TERMS = (
    Base.metadata.tables[model.__tablename__] for model in (Deployment, DeploymentEvent, Project, DeploymentTerms)
)
COLUMNS = [DEPLOYMENTS.c[name] for name in ("id", "created_at", *dict.fromkeys((*SEARCHED_FIELDS, *EXACT_FIELDS)))]


def add_terms(engine: Engine, now: datetime) -> int:
    """Add the deployments that are old enough and not in the index yet, in the order of their ids; return how many."""
    total = 0
    while True:
        with engine.begin() as connection:
            last = connection.scalar(select(func.max(TERMS.c.deployment_id))) or 0
            query = _select().where(DEPLOYMENTS.c.id > last).order_by(DEPLOYMENTS.c.id).limit(BATCH_SIZE)
            # Up to the first that is too new, whatever comes behind it: nothing below the last one is looked at again.
            rows = list(takewhile(lambda row: row.created_at < now - SETTLED, connection.execute(query)))
            _write(connection, rows)
        total += len(rows)
        if len(rows) < BATCH_SIZE:
            return total
        time.sleep(PAUSE_S)


def renew_terms(engine: Engine, since: datetime, until: datetime) -> int:
    """Look again at the deployments of the index that changed between these times; return how many there were."""
    changed = (
        select(EVENTS.c.deployment_id)
        .distinct()
        .join(DEPLOYMENTS, DEPLOYMENTS.c.id == EVENTS.c.deployment_id)
        .where(
            EVENTS.c.created_at.between(since, until),
            EVENTS.c.created_at >= DEPLOYMENTS.c.created_at + literal(SETTLED, Interval()),
        )
        .where(DEPLOYMENTS.c.id <= select(func.max(TERMS.c.deployment_id)).scalar_subquery())
    )
    with engine.begin() as connection:
        ids = list(connection.scalars(changed))
    for start in range(0, len(ids), BATCH_SIZE):
        with engine.begin() as connection:
            wanted = _select().where(DEPLOYMENTS.c.id.in_(ids[start : start + BATCH_SIZE]))
            _write(connection, connection.execute(wanted).all())
        time.sleep(PAUSE_S)
    return len(ids)


def _select() -> Select[Any]:
    project = PROJECTS.c.name.label("project")
    return select(project, *COLUMNS).join_from(DEPLOYMENTS, PROJECTS)


def make_terms(row: Row[Any]) -> list[int]:
    """Return what a deployment is found by; the row has its fields, and the name of its project as `project`."""
    texts = [row.project, *(getattr(row, name) for name in SEARCHED_FIELDS)]
    return list_terms(texts, {name: getattr(row, name) for name in EXACT_FIELDS})


def _write(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    new = insert(TERMS).values([{"deployment_id": row.id, "terms": make_terms(row)} for row in rows])
    terms = new.excluded.terms
    connection.execute(
        new.on_conflict_do_update(index_elements=["deployment_id"], set_={"terms": terms}, where=TERMS.c.terms != terms)
    )
