"""nginx for a trial of production: it includes the configuration of deploy/nginx, and adds upstreams and a server."""

import os
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

from dashboard.cli.serving.processes import ROOT, WebServerError
from dashboard.config import Settings

_DIRECTORIES = (ROOT / "dashboard" / "nginx", ROOT / "deploy" / "nginx" / "dashboard")
SHIPPED = next(path for path in _DIRECTORIES if path.is_dir())
"""The directory of the shipped configuration: in the package if installed from a wheel, in `deploy/` in a checkout."""
MAX_CONNECTIONS = 24_000
"""Two connections for each of 10,000 open pages, and those of deliveries."""
OTHER_OPEN_FILES = 500
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
    """Return the path of nginx; raise WebServerError if it is not installed."""
    # Debian installs it in a directory that only root has in PATH.
    found = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise WebServerError("--production needs nginx (Debian: apt install nginx-light)")
    return found


def write_configuration(settings: Settings, directory: Path, web: str, live: Sequence[str]) -> Path:
    """Write nginx's configuration into a directory and return its path; `web` and `live` are the upstreams' sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, MAX_CONNECTIONS + OTHER_OPEN_FILES))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(
            # Its workers must be able to open our sockets.
            user="user root;" if os.geteuid() == 0 else "",
            files=files,
            connections=files - OTHER_OPEN_FILES,
            shipped=SHIPPED,
            web=web,
            live="\n        ".join(f"server unix:{path} max_fails=1 fail_timeout=2s;" for path in live),
            listen=f"{host}:{settings.port}",
            prefix=settings.url_prefix,
        )
    )
    return path
