"""What queries read with: a session that sees the database as it was at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, scoped_session

from dashboard.config import Settings
from dashboard.core.view import StalenessRule

Row = dict[str, Any]
"""The columns of a row by name."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A read-only session, the time of the request, and the settings."""

    session: Session | scoped_session[Any]
    now: datetime
    settings: Settings

    @property
    def staleness(self) -> StalenessRule:
        """What decides whether an open deployment has been silent for too long."""
        return StalenessRule(self.now, self.settings.stale_s)

    def read_rows(self, query: Select[*tuple[Any, ...]]) -> list[Row]:
        """Return the rows of a query, by column name."""
        return [dict(row) for row in self.session.execute(query).mappings()]

    def release(self) -> None:
        """Give the connection back; what is read next is read as of then."""
        self.session.close()
