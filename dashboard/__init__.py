"""The deployment dashboard: CI workflows report their steps, people watch them happen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import api, live, pages, webhooks
from dashboard.access import init_access
from dashboard.api import system
from dashboard.assets import fingerprint_static, init_assets
from dashboard.config import Role, Settings
from dashboard.extensions import api as rest
from dashboard.extensions import db, migrate
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.measured import measure
from dashboard.ingest.writer import WRITER, Writer
from dashboard.pages import languages
from dashboard.pages.security import SecurityMiddleware
from dashboard.pool import describe_engine, init_pool
from dashboard.prefix import PrefixMiddleware
from dashboard.problems import init_errors
from dashboard.request_id import init_request_ids

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Inside the package when it was installed from a wheel, beside it in a checkout."""


class Dashboard(Flask):
    """The application; its requests are served by greenlets, so that nothing in it is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: Flask would look, before each call of each hook, whether it is a coroutine."""
        return func


def create_app(settings: Settings) -> Flask:
    """Return the application, wired for its role. Starts nothing: `live.start` begins to follow the database."""
    if settings.database_url is None:
        raise ValueError("create_app needs settings with a database_url")
    app = Dashboard("dashboard", static_url_path=f"/static/{fingerprint_static(PACKAGE / 'static')}")
    app.config.update(
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=describe_engine(settings),
        API_TITLE="Deployment dashboard",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    db.init_app(app)
    init_pool(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    languages.init_app(app)
    rest.init_app(app)
    init_assets(app)
    init_errors(app)
    init_request_ids(app)
    rest.register_blueprint(system.blueprint)
    if settings.role != Role.LIVE:
        _serve_web(app, settings)
    init_access(app)
    if settings.role != Role.WEB:
        live.init_app(app)
    # One proxy in front may say how it was reached; who the peer is stays the socket's word (see access.py).
    app.wsgi_app = SecurityMiddleware(PrefixMiddleware(ProxyFix(app.wsgi_app, x_for=0), settings.url_prefix))  # type: ignore[method-assign]
    return app


def _serve_web(app: Flask, settings: Settings) -> None:
    for blueprint in (*webhooks.blueprints, *api.blueprints):
        rest.register_blueprint(blueprint)
    pages.init_app(app)
    app.extensions[WRITER] = Writer(
        measure(lambda deliveries, on_idle: ingest_deliveries(db.engine, deliveries, settings, on_idle))
    )
