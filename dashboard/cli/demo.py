"""`dashboard demo`: runs `scripts/demo.sh` against the dashboard with the same settings."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import NoReturn

from dashboard.cli.environment import complete_environment
from dashboard.cli.serving.processes import ROOT, make_local_url
from dashboard.config import SettingsError, load_settings

SCRIPT = ROOT / "scripts" / "demo.sh"


def play_demo(environ: Mapping[str, str]) -> NoReturn:
    """Replace this process with the demo, or exit with one line; only a checkout contains the demo."""
    try:
        environ = complete_environment(environ)
        settings = load_settings(environ)
    except SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        sys.exit(2)
    if not SCRIPT.exists() or shutil.which("curl") is None:
        sys.exit("dashboard: the demo needs a checkout of the project, and curl")
    variables = {
        "DASHBOARD_URL": make_local_url(settings).rstrip("/"),
        "DASHBOARD_WEBHOOK_SECRET": settings.webhook_secret,
        "PYTHON": sys.executable,
    }
    os.execve(SCRIPT, [str(SCRIPT)], {**environ, **variables})  # noqa: S606
