"""`dashboard demo`: runs `scripts/demo.sh` against the dashboard that these settings describe."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import NoReturn

from dashboard.cli.environment import complete_environment
from dashboard.cli.serving.processes import ROOT, local_url
from dashboard.config import SettingsError, load_settings

SCRIPT = ROOT / "scripts" / "demo.sh"


def play_demo(environ: Mapping[str, str]) -> NoReturn:
    """Become the demo, or end with one line; it is part of a checkout, not of an installation."""
    try:
        environ = complete_environment(environ)
        settings = load_settings(environ)
    except SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        sys.exit(2)
    if not SCRIPT.exists() or shutil.which("curl") is None:
        sys.exit("dashboard: the demo needs a checkout of the project, and curl")
    told = {
        "DASHBOARD_URL": local_url(settings).rstrip("/"),
        "DASHBOARD_WEBHOOK_SECRET": settings.webhook_secret,
        "PYTHON": sys.executable,
    }
    os.execve(SCRIPT, [str(SCRIPT)], {**environ, **told})  # noqa: S606
