"""Jobs that a project allows to fail, because their sender does not say so: GitHub's `continue-on-error`."""

from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from dashboard.config import Settings
from dashboard.core.steps import normalise_name
from dashboard.database.tables import PROJECTS
from dashboard.ingest.rules import reapply_rules

MAX_RULES = 200
"""The maximum number of jobs that a project may allow to fail."""


class RuleError(Exception):
    """The rules cannot be read or changed; the text says why."""


def list_allowed_failures(engine: Engine, slug: str) -> list[str]:
    """Return the names of the jobs that a project allows to fail, sorted; raise RuleError."""
    with engine.connect() as connection:
        return sorted(_read_rules(connection, slug).values())


def allow_failure(engine: Engine, settings: Settings, slug: str, job: str, now: datetime, *, allowed: bool) -> int:
    """Allow all jobs of this name to fail, or no longer; return how many deployments have changed. Raises RuleError.

    Repeating it does no harm, and completes what was interrupted.
    """
    key = normalise_name(job)
    with engine.begin() as connection:
        rules = _read_rules(connection, slug, lock=True)
        if allowed:
            rules[key] = job
        else:
            rules.pop(key, None)
        if len(rules) > MAX_RULES:
            raise RuleError(f"a project may allow at most {MAX_RULES} jobs to fail")
        connection.execute(update(PROJECTS).where(PROJECTS.c.slug == slug).values(allowed_to_fail=rules))
    return reapply_rules(engine, slug, settings, now)


def _read_rules(connection: Connection, slug: str, *, lock: bool = False) -> dict[str, str]:
    query = select(PROJECTS.c.allowed_to_fail).where(PROJECTS.c.slug == slug)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise RuleError(f"project {slug} does not exist: see `dashboard projects list`")
    return dict(row.allowed_to_fail)
