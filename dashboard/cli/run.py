"""`dashboard run`: starts PostgreSQL, migrates, starts the web server; stops them in reverse order."""

import contextlib
import json
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dashboard.cli.database import DatabaseError, migrate_database
from dashboard.cli.environment import complete_environment
from dashboard.cli.postgres import server as postgres
from dashboard.cli.postgres.accounts import SYSTEM_DATA_DIR, PostgresError
from dashboard.cli.serving.nginx import find_nginx
from dashboard.cli.serving.processes import WebServerError, check_port, make_local_url, serve
from dashboard.cli.serving.production import serve_production
from dashboard.config import SECRET_FILES, Role, Settings, SettingsError, load_settings

EXIT_BAD_SETTING = 2
WATCH_S = 1
EXAMPLE = {
    "project": "hello",
    "status": "running",
    "run_id": "1",
    "branch": "main",
    "step_details": {"validate_artifact": "success", "deploy_project": "running", "start_service": "pending"},
}


def run_dashboard(environ: Mapping[str, str], *, production: bool = False) -> int:
    """Run until a signal or the end of the web server; return the exit status. Print errors as one line on stderr.

    With `production` the dashboard runs in several processes, as in deploy/.
    """
    try:
        _interrupt_on_stop_signals()
        return _run(complete_environment(environ), production=production)
    except KeyboardInterrupt:
        return 0
    except (SettingsError, PostgresError, DatabaseError, WebServerError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return EXIT_BAD_SETTING if isinstance(error, SettingsError) else 1


def _run(environ: dict[str, str], *, production: bool) -> int:
    data_dir = Path(environ["DASHBOARD_DATA_DIR"])
    secret_file = data_dir / SECRET_FILES["DASHBOARD_WEBHOOK_SECRET"]
    had_secret = secret_file.exists()
    settings = load_settings(environ)
    check_port(settings)
    if production:
        find_nginx()
    with contextlib.ExitStack() as stack:
        environ, is_database_alive = _start_database(stack, settings, environ)
        settings = load_settings(environ)
        # Checks the connections of all production processes together, as each process does at its start.
        migrate_database(replace(settings, role=Role.WEB) if production else settings)
        serving = serve_production(settings, environ, _print_line) if production else serve(settings, environ)
        watch = stack.enter_context(serving)
        _print_line(_describe_start(settings, _quote_secret(environ, settings, secret_file, is_new=not had_secret)))
        while is_database_alive():
            watch(WATCH_S)
        raise PostgresError(f"PostgreSQL stopped, see postgres.log in {settings.data_dir}; start the dashboard again")


def _start_database(
    stack: contextlib.ExitStack, settings: Settings, environ: dict[str, str]
) -> tuple[dict[str, str], Callable[[], bool]]:
    """Return the environment with the URL of a running database, and a function that returns whether it still runs."""
    if settings.database_url is not None:
        return environ, lambda: True
    if settings.data_dir == Path(SYSTEM_DATA_DIR):
        _print_line(f"data directory: {settings.data_dir}")
    server = postgres.start(settings.data_dir, print_line=_print_line)
    stack.callback(server.stop)
    return {**environ, "DATABASE_URL": server.url}, server.is_alive


def _print_line(line: str) -> None:
    print(line, flush=True)


def _quote_secret(environ: Mapping[str, str], settings: Settings, file: Path, *, is_new: bool) -> str:
    """Return a shell expression for the secret inside double quotes; only a new secret is printed itself."""
    if environ.get("DASHBOARD_WEBHOOK_SECRET"):
        return "$DASHBOARD_WEBHOOK_SECRET"
    return settings.webhook_secret if is_new else f"$(cat {shlex.quote(str(file))})"


def _describe_start(settings: Settings, secret: str) -> str:
    url = make_local_url(settings)
    return f"""
The dashboard runs on {url} (press Ctrl-C to stop it). Report a deployment:

curl -H "Authorization: Bearer {secret}" -H "Content-Type: application/json" \\
  -d '{json.dumps(EXAMPLE)}' {url}api/webhook/deployment
"""


def _interrupt_on_stop_signals() -> None:
    """Turn the first stop signal into a KeyboardInterrupt, and ignore later ones: they must not abort the shutdown."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
