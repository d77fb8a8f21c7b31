"""nginx in front of a trial: the configuration in deploy/nginx, with upstreams and a server of its own."""

import os
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

from dashboard.cli.serving.processes import ROOT, WebServerError
from dashboard.config import Settings

_PLACES = (ROOT / "dashboard" / "nginx", ROOT / "deploy" / "nginx" / "dashboard")
SHIPPED = next(path for path in _PLACES if path.is_dir())
"""Inside the package when it was installed from a wheel, in `deploy/` in a checkout."""
MAX_CONNECTIONS = 24_000
"""Two for each open page: 10,000 pages, and deliveries."""
OTHER_FILES = 500
CONFIGURATION = """
daemon off;
{user}
worker_processes auto;
worker_rlimit_nofile {files};
worker_shutdown_timeout 3s;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_cache_path cache keys_zone=dashboard_static:1m max_size=50m inactive=7d;
    include {shipped}/http.conf;
    upstream dashboard_web {{
        server unix:{web} max_fails=0;
        keepalive 64;
        keepalive_timeout 3s;
    }}
    upstream dashboard_live {{
        zone dashboard_live 64k;
        least_conn;
        {live}
    }}
    server {{
        listen {listen} backlog=4096;
        include {shipped}/server.conf;
        access_log access.log dashboard;
        location {prefix}/ {{
            include {shipped}/location.conf;
        }}
    }}
}}
"""


def find_nginx() -> str:
    """Return the program; raise WebServerError where it is missing."""
    # Debian keeps it where only root looks.
    found = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise WebServerError("--production needs nginx (Debian: apt install nginx-light)")
    return found


def write_configuration(settings: Settings, directory: Path, web: str, live: Sequence[str]) -> Path:
    """Write what nginx needs into a directory of its own, and return the path of the configuration."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, MAX_CONNECTIONS + OTHER_FILES))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(
            # Its workers must reach the sockets, which belong to us.
            user="user root;" if os.geteuid() == 0 else "",
            files=files,
            connections=files - OTHER_FILES,
            shipped=SHIPPED,
            web=web,
            live="\n        ".join(f"server unix:{path} max_fails=1 fail_timeout=2s;" for path in live),
            listen=f"{host}:{settings.port}",
            prefix=settings.url_prefix,
        )
    )
    return path
