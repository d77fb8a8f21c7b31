"""Creates the application. Only wiring."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import api, live, pages
from dashboard.access import init_access
from dashboard.config import Role, Settings
from dashboard.database.migrations import MIGRATIONS
from dashboard.database.pool import init_pool, make_engine_options
from dashboard.extensions import WRITER, db, migrate
from dashboard.extensions import api as rest
from dashboard.http.assets import fingerprint_static, init_assets
from dashboard.http.prefix import PrefixMiddleware
from dashboard.http.problems import init_errors
from dashboard.http.request_id import init_request_ids
from dashboard.http.security_headers import SecurityMiddleware
from dashboard.ingest.writer import Writer
from dashboard.pages.error import render_error
from dashboard.webhooks import replay, routes

PACKAGE = Path(__file__).parent


class Dashboard(Flask):
    """The Flask application. Greenlets serve its requests, so no view is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function. Flask would check before each call of a hook whether it is a coroutine."""
        return func


def create_app(settings: Settings) -> Flask:
    """Return the application, wired for its role. Starts nothing; `live.start` begins to follow the database."""
    if settings.database_url is None:
        raise ValueError("create_app needs settings with a database_url")
    app = Dashboard("dashboard", static_url_path=f"/static/{fingerprint_static(PACKAGE / 'static')}")
    app.config.update(
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=make_engine_options(settings),
        API_TITLE="Deployment dashboard",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    # A slash at the end of an address is easily typed, and a sender does not follow a redirect with its POST.
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    init_pool(find_engine(app), settings)
    rest.init_app(app)
    init_assets(app)
    init_errors(app, render_error if settings.role != Role.LIVE else None)
    init_request_ids(app)
    rest.register_blueprint(api.health)
    if settings.role != Role.LIVE:
        _init_web(app, settings)
    init_access(app)
    if settings.role != Role.WEB:
        live.init_app(app)
    # One proxy may forward host and scheme; the peer's address stays that of the socket (see access.permissions).
    app.wsgi_app = SecurityMiddleware(PrefixMiddleware(ProxyFix(app.wsgi_app, x_for=0), settings.url_prefix))  # type: ignore[method-assign]
    return app


def find_engine(app: Flask) -> Engine:
    """Return the engine with the application's database connections."""
    with app.app_context():
        return db.engine


def _init_web(app: Flask, settings: Settings) -> None:
    for blueprint in (routes.blueprint, replay.blueprint, *api.blueprints):
        rest.register_blueprint(blueprint)
    pages.init_app(app)
    app.extensions[WRITER] = Writer(find_engine(app), settings)
