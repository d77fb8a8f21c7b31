"""Runs all migrations on the application's database in one transaction."""

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def run_migrations() -> None:
    """Apply the migrations that alembic was asked for."""
    with database.engine.begin() as connection:
        # Rewriting a large table takes longer than a statement may run otherwise.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        # Several processes may start at once: one migrates, and the others wait and then have nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('dashboard migrations'))")
        context.configure(connection=connection, target_metadata=database.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
