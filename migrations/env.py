"""Runs all migrations in one transaction, on the given engine or on that of the application."""

from alembic import context
from flask import current_app
from sqlalchemy import Engine

from dashboard.models import Base


def run_migrations() -> None:
    """Apply the migrations that alembic was asked for."""
    with _find_engine().begin() as connection:
        # Rewriting a large table takes longer than a statement may run otherwise.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        # Several processes may start at once: one migrates, and the others wait and then have nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('dashboard migrations'))")
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()


def _find_engine() -> Engine:
    """Return the engine that `dashboard migrate` handed over; without one, `flask db` runs within the application."""
    engine: Engine = context.config.attributes.get("engine") or current_app.extensions["migrate"].db.engine
    return engine


run_migrations()
