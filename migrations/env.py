"""Runs migrations on the application's database, in one transaction with everything they do."""

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def run_migrations() -> None:
    """Apply what alembic was asked for."""
    with database.engine.begin() as connection:
        # To rewrite a large table takes its time.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        # Several processes may start at once: one migrates, the others wait and find nothing left to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('dashboard migrations'))")
        context.configure(connection=connection, target_metadata=database.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
