"""Fills the search index some time after the reports, so that neither waits for the other.

Newer deployments are searched row by row. Several processes may run this at once.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Engine, Interval, Row, Select, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.core.search_index import list_terms
from dashboard.database.tables import DEPLOYMENTS, EVENTS, PROJECTS, TERMS
from dashboard.models.deployment_terms import EXACT_FIELDS, SEARCHED_FIELDS

MIN_AGE = timedelta(minutes=10)
"""The age at which a deployment is indexed: by then most of its searched fields are known."""
BATCH_SIZE, PAUSE_S = 40, 0.02
"""A batch takes this process about ten milliseconds, after which it pauses to let other greenlets run."""

COLUMNS = [DEPLOYMENTS.c[name] for name in ("id", "created_at", *dict.fromkeys((*SEARCHED_FIELDS, *EXACT_FIELDS)))]


def index_new_deployments(engine: Engine, now: datetime) -> int:
    """Index the deployments that are old enough and not indexed yet, by id; return how many."""
    total = 0
    while True:
        with engine.begin() as connection:
            last = connection.scalar(select(func.max(TERMS.c.deployment_id))) or 0
            query = _select_rows().where(DEPLOYMENTS.c.id > last).order_by(DEPLOYMENTS.c.id).limit(BATCH_SIZE)
            # Stop at the first that is too new, even if later ones are not: no id below the last indexed is revisited.
            rows = list(takewhile(lambda row: row.created_at < now - MIN_AGE, connection.execute(query)))
            _write_terms(connection, rows)
        total += len(rows)
        if len(rows) < BATCH_SIZE:
            return total
        time.sleep(PAUSE_S)


def find_oldest_event(engine: Engine, now: datetime) -> datetime:
    """Return when the oldest event that is kept was created, `now` if there is none."""
    with engine.begin() as connection:
        oldest: datetime | None = connection.scalar(select(func.min(EVENTS.c.created_at)))
    return oldest or now


def reindex_changed_deployments(engine: Engine, since: datetime, until: datetime) -> int:
    """Reindex the indexed deployments that changed between these times; return how many."""
    changed = (
        select(EVENTS.c.deployment_id)
        .distinct()
        .join(DEPLOYMENTS, DEPLOYMENTS.c.id == EVENTS.c.deployment_id)
        .where(
            EVENTS.c.created_at.between(since, until),
            EVENTS.c.created_at >= DEPLOYMENTS.c.created_at + literal(MIN_AGE, Interval()),
        )
        .where(DEPLOYMENTS.c.id <= select(func.max(TERMS.c.deployment_id)).scalar_subquery())
    )
    with engine.begin() as connection:
        ids = list(connection.scalars(changed))
    for start in range(0, len(ids), BATCH_SIZE):
        with engine.begin() as connection:
            wanted = _select_rows().where(DEPLOYMENTS.c.id.in_(ids[start : start + BATCH_SIZE]))
            _write_terms(connection, connection.execute(wanted).all())
        time.sleep(PAUSE_S)
    return len(ids)


def _select_rows() -> Select[Any]:
    project = PROJECTS.c.name.label("project")
    return select(project, *COLUMNS).join_from(DEPLOYMENTS, PROJECTS)


def make_terms(row: Row[Any]) -> list[int]:
    """Return the terms of a deployment; its row also has the name of its project as `project`."""
    texts = [row.project, *(getattr(row, name) for name in SEARCHED_FIELDS)]
    return list_terms(texts, {name: getattr(row, name) for name in EXACT_FIELDS})


def _write_terms(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    new = insert(TERMS).values([{"deployment_id": row.id, "terms": make_terms(row)} for row in rows])
    terms = new.excluded.terms
    connection.execute(
        new.on_conflict_do_update(index_elements=["deployment_id"], set_={"terms": terms}, where=TERMS.c.terms != terms)
    )
