"""The wheel, installed outside a checkout, is the whole program."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from dashboard import __version__
from tests.support.dashboard_command import Dashboard, follow_printed_curl
from tests.support.servers import REPOSITORY, find_free_port

Command = list[str | Path]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a virtual environment with the wheel in it; the packages that it needs are those of the tests."""
    directory = tmp_path_factory.mktemp("installation")
    build: Command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        directory,
        REPOSITORY,
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = directory.glob("*.whl")
    checked: Command = [sys.executable, REPOSITORY / "scripts" / "check_wheel.py", wheel]
    subprocess.run(checked, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory / "venv"], check=True)
    python = directory / "venv" / "bin" / "python"
    install: Command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        wheel,
    ]
    subprocess.run(install, check=True, capture_output=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / "venv" / "lib" / version / "site-packages"
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return directory


def test_the_installed_wheel_prints_its_version(installation: Path) -> None:
    command: Command = [installation / "venv" / "bin" / "dashboard", "--version"]
    shown = subprocess.run(command, cwd="/", check=True, capture_output=True, text=True).stdout
    assert shown == f"dashboard, version {__version__}\n"


@pytest.mark.parametrize("options", [[], ["--production"]])
def test_the_installed_wheel_runs_outside_a_checkout(installation: Path, data_dir: Path, options: list[str]) -> None:
    environ = {"PATH": os.environ["PATH"], "DASHBOARD_DATA_DIR": str(data_dir), "DASHBOARD_PORT": str(find_free_port())}
    program = installation / "venv" / "bin" / "dashboard"
    dashboard = Dashboard(environ, *options, command=(str(program),), directory=installation)
    try:
        assert follow_printed_curl(dashboard.read_start())["verdict"] == "applied"
        assert dashboard.list_projects() == ["hello"]
    finally:
        assert dashboard.stop() == 0
