"""The reader that queries get: a session whose statements all see the same snapshot of the database."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, scoped_session

from dashboard.config import Settings
from dashboard.core.view import StalenessRule
from dashboard.core.view_types.deployments import TypicalTimes
from dashboard.database.rows import Row


@dataclass(frozen=True, slots=True)
class Reader:
    """A read-only session, the time to compute states for, the settings, and what earlier readers have computed."""

    session: Session | scoped_session[Any]
    now: datetime
    settings: Settings
    typical_times: MutableMapping[tuple[int, str | None], TypicalTimes | None]
    """Typical times by the id and the environment of a deployment; see estimates.TypicalTimesCache."""

    @property
    def staleness(self) -> StalenessRule:
        """The rule for stale deployments at this time."""
        return StalenessRule(self.now, self.settings.stale_s)

    def read_rows(self, query: Select[*tuple[Any, ...]]) -> list[Row]:
        """Return the rows of a query as dictionaries by column name."""
        return [dict(row) for row in self.session.execute(query).mappings()]

    def release(self) -> None:
        """Return the connection to the pool. The next query takes a new snapshot."""
        self.session.close()
