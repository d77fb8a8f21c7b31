"""Where the migrations are, whether a database is up to date, and how it gets there."""

from pathlib import Path

import alembic.command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_PACKAGE = Path(__file__).parent.parent
MIGRATIONS = next(path for path in (_PACKAGE / "migrations", _PACKAGE.parent / "migrations") if path.is_dir())
"""Inside the package if it was installed from a wheel, beside it in a checkout."""


def is_current(engine: Engine) -> bool:
    """Return whether the database has exactly the migrations of this version. Raises one of errors.UNAVAILABLE."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(_make_config()).get_current_head()


def upgrade(engine: Engine) -> None:
    """Apply the missing migrations. Raises alembic's CommandError if the database has migrations that are not ours."""
    config = _make_config()
    config.attributes["engine"] = engine
    alembic.command.upgrade(config, "head")


def _make_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
