"""Rows written into the database as by another process."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2

from dashboard.core.project_identity import identify_native
from dashboard.models.base import pack_json

Changes = dict[str, Any]


class Rows:
    """Writes projects, deployments and events, each call in one transaction."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg2.connect(database_url.replace("+psycopg2", ""))
        self._made = 0

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement, commit, and return its rows."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def hold(self, statement: str) -> Iterator[None]:
        """Run a statement and keep its transaction open for the length of the block."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(statement)
            yield

    def make_deployment(
        self, slug: str = "shop", *, seq: int = 0, state: str = "running", last_report_at: datetime | None = None
    ) -> int:
        """Make a deployment in progress and return its id; it has as many events, unannounced, as seq says."""
        now = datetime.now(UTC)
        self._made += 1
        identity = f"{slug} {self._made} {now.timestamp()}"
        ((deployment_id,),) = self.fetch(
            """
            WITH project AS (
                INSERT INTO projects (identity, slug, name, stamps, seq, created_at)
                VALUES (%s, %s, %s, '{}', 0, %s)
                ON CONFLICT (slug) DO UPDATE SET name = excluded.name RETURNING id
            )
            INSERT INTO deployments (identity, project_id, state, sorted_at, created_at, last_report_at,
                                     dialect, attempt, step_tally, job_tally, seq, status, generation, stamps)
            SELECT %s, id, %s, %s, %s, %s, 'native', 1, '{}', '{}', 0, 'in_progress', 0, '{}' FROM project
            RETURNING id
            """,
            *(identify_native(slug).digest, slug, slug, now, identity, state, now, now, last_report_at or now),
        )
        for _ in range(seq):
            self.add_events({deployment_id: [{}]}, notify=False)
        return int(deployment_id)

    def add_events(
        self, changes: dict[int, list[Changes]], *, kind: str = "deployment.updated", notify: bool = True
    ) -> dict[int, int]:
        """Add events to deployments, all in one transaction, and return the seq each of them has reached."""
        with self._connection, self._connection.cursor() as cursor:
            for deployment_id in sorted(changes):
                cursor.execute("SELECT FROM deployments WHERE id = %s FOR UPDATE", (deployment_id,))
            for deployment_id, events in sorted(changes.items()):
                for event in events:
                    cursor.execute(
                        """
                        WITH moved AS (UPDATE deployments SET seq = seq + 1 WHERE id = %s RETURNING id, seq)
                        INSERT INTO deployment_events (deployment_id, seq, kind, changes, created_at)
                        SELECT id, seq, %s, %s, now() FROM moved
                        """,
                        (deployment_id, kind, pack_json({"deployment": {}, "jobs": [], "steps": [], **event})),
                    )
            cursor.execute("SELECT id, seq FROM deployments WHERE id = ANY(%s)", (list(changes),))
            reached = {int(key): int(seq) for key, seq in cursor.fetchall()}
            if notify:
                pairs = " ".join(f"{key}:{reached[key]}" for key in sorted(changes))
                cursor.execute("SELECT pg_notify('deployment_events', %s)", (pairs,))
        return reached

    def add_message(self, deployment_id: int, message: str, *, notify: bool = True) -> int:
        """Add one event that changes the message, and return its seq."""
        return self.add_events({deployment_id: [{"deployment": {"message": message}}]}, notify=notify)[deployment_id]
