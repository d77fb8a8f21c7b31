"""`dashboard run`: PostgreSQL, migrations and the web server, in this order; stopped in the opposite order."""

import contextlib
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.cli import postgres
from dashboard.cli.accounts import ELSEWHERE, PostgresError
from dashboard.cli.database import DatabaseError, migrate_database
from dashboard.cli.environment import complete_environment
from dashboard.cli.web import WebServerError, check_port, local_url, serve
from dashboard.config import SECRET_FILES, Settings, SettingsError, load_settings

BAD_SETTING = 2
WATCH_S = 1
EXAMPLE = {
    "project": "hello",
    "status": "running",
    "run_id": "1",
    "branch": "main",
    "step_details": {"validate_artifact": "success", "deploy_project": "running", "start_service": "pending"},
}


def run_dashboard(environ: Mapping[str, str]) -> int:
    """Run until a signal or the end of the web server; return the exit status. Errors become one line on stderr."""
    try:
        _interrupt_on_stop_signals()
        return _run(complete_environment(environ))
    except KeyboardInterrupt:
        return 0
    except (SettingsError, PostgresError, DatabaseError, WebServerError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return BAD_SETTING if isinstance(error, SettingsError) else 1


def _run(environ: dict[str, str]) -> int:
    data_dir = Path(environ["DASHBOARD_DATA_DIR"])
    secret_file = data_dir / SECRET_FILES["DASHBOARD_WEBHOOK_SECRET"]
    had_secret = secret_file.exists()
    settings = load_settings(environ)
    check_port(settings)
    is_database_alive: Callable[[], bool] = lambda: True  # noqa: E731
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            if data_dir == Path(ELSEWHERE):
                _say(f"the data is in {data_dir}")
            server = postgres.start(settings.data_dir, say=_say)
            stack.callback(server.stop)
            is_database_alive = server.is_alive
            environ = {**environ, "DATABASE_URL": server.url}
            settings = load_settings(environ)
        migrate_database(settings)
        process = stack.enter_context(serve(settings, environ))
        _say(_describe_start(settings, _show_secret(environ, settings, secret_file, is_new=not had_secret)))
        while process.poll() is None:
            if not is_database_alive():
                raise PostgresError(f"PostgreSQL ended, see postgres.log in {settings.data_dir}: start again")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(WATCH_S)
        raise WebServerError(f"the web server ended with status {process.returncode}: see above")


def _say(line: str) -> None:
    print(line, flush=True)


def _show_secret(environ: Mapping[str, str], settings: Settings, file: Path, *, is_new: bool) -> str:
    """Return the secret as a shell reads it inside double quotes: itself only when nobody can have seen it yet."""
    if environ.get("DASHBOARD_WEBHOOK_SECRET"):
        return "$DASHBOARD_WEBHOOK_SECRET"
    return settings.webhook_secret if is_new else f"$(cat {shlex.quote(str(file))})"


def _describe_start(settings: Settings, secret: str) -> str:
    url = local_url(settings)
    return f"""
The dashboard is on {url} (Ctrl-C stops it). Report a deployment:

curl -H "Authorization: Bearer {secret}" -H "Content-Type: application/json" \\
  -d '{json.dumps(EXAMPLE)}' {url}api/webhook/deployment
"""


def _interrupt_on_stop_signals() -> None:
    """Make every polite signal a KeyboardInterrupt, once: a second one must not cut the shutdown short."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
