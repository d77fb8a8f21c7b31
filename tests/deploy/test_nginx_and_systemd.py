"""nginx and systemd accept the files of deploy/ without a warning."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.cli.serving.nginx import find_nginx, write_configuration
from tests.support.applications import make_settings
from tests.support.servers import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
UNITS = ("dashboard-web.service", "dashboard-live@1.service")


def check_nginx(prefix: Path, configuration: Path) -> str:
    """Return what nginx says of a configuration."""
    command: list[str | Path] = [find_nginx(), "-t", "-p", prefix, "-c", configuration, "-e", "stderr"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def install_site(directory: Path, **replaced: str) -> Path:
    """Put the site where an operator puts it, below a directory of ours; return the configuration that includes it."""
    site = (DEPLOY / "nginx" / "dashboard.conf").read_text()
    for old, new in {"/var/lib/nginx": str(directory), "/var/log/nginx": str(directory), **replaced}.items():
        assert old in site
        site = site.replace(old, new)
    (directory / "site.conf").write_text(site)
    shutil.copytree(DEPLOY / "nginx" / "dashboard", directory / "dashboard")
    path = directory / "nginx.conf"
    path.write_text("pid nginx.pid; error_log stderr; events {} http { include site.conf; }")
    return path


def test_nginx_accepts_the_site(tmp_path: Path) -> None:
    assert "test is successful" in check_nginx(tmp_path, install_site(tmp_path))


def test_nginx_accepts_the_site_with_tls_and_below_a_prefix(tmp_path: Path) -> None:
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=dashboard.example.org",
         "-out", certificate, "-keyout", key], check=True, capture_output=True,
    )  # fmt: skip
    site = install_site(tmp_path, **{"/etc/letsencrypt/live/dashboard.example.org": str(tmp_path)})
    text = (tmp_path / "site.conf").read_text()
    plain = "    listen 80;\n    listen [::]:80;\n    server_name"
    assert plain in text
    text = text.replace(plain, "    server_name").replace("location / {", "location /project-dashboard/ {")
    (tmp_path / "site.conf").write_text(re.sub(r"^( *)#(?=[^ ]|    )", r"\1", text, flags=re.MULTILINE))
    assert "test is successful" in check_nginx(tmp_path, site)
    assert len(re.findall("^ *listen .*443 ssl", (tmp_path / "site.conf").read_text(), re.MULTILINE)) == 2


@pytest.mark.parametrize("settings", [{}, {"DASHBOARD_URL_PREFIX": "/a/b", "DASHBOARD_HOST": "::1"}])
def test_nginx_accepts_the_configuration_of_run_production(tmp_path: Path, settings: dict[str, str]) -> None:
    chosen = make_settings("postgresql://h/d", tmp_path, **settings)
    configuration = write_configuration(chosen, tmp_path / "nginx", "/tmp/web.sock", ["/tmp/1.sock", "/tmp/2.sock"])
    assert "test is successful" in check_nginx(tmp_path / "nginx", configuration)


def install_units(directory: Path, **replaced: str) -> list[Path]:
    """Copy the units to where their programs are, in this checkout; return their paths."""
    units = []
    for name in UNITS:
        text = (DEPLOY / "systemd" / name.replace("@1", "@")).read_text()
        for old, new in {"/opt/deployment-dashboard": str(REPOSITORY), **replaced}.items():
            text = text.replace(old, new)
        units.append(directory / name)
        units[-1].write_text(text)
    return units


def verify_units(units: list[Path]) -> str:
    """Return what systemd complains of."""
    environ = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    command: list[str | Path] = ["systemd-analyze", "verify", "--recursive-errors=no", *units]
    verified = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    return verified.stdout + verified.stderr


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    assert verify_units(install_units(tmp_path)) == ""
    assert "Unknown key" in verify_units(install_units(tmp_path, ProtectHome="ProtectHomes"))
