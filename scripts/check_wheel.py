"""Checks a wheel: every file has the digest that RECORD states, and the files that a deployment needs are included."""

import base64
import csv
import hashlib
import sys
import zipfile

NEEDED = {
    "dashboard/__init__.py",
    "dashboard/cli/serving/gunicorn_config.py",
    "dashboard/cli/serving/wsgi.py",
    "dashboard/migrations/env.py",
    "dashboard/nginx/location.conf",
    "dashboard/static/js/live/page.js",
    "dashboard/static/vendor/bootstrap.min.css",
    "dashboard/static/vendor/socket.io.esm.min.js",
    "dashboard/templates/base.html",
    "dashboard/translations/zh/LC_MESSAGES/messages.po",
}


def check_wheel(path: str) -> int:
    """Return the number of checked files; exit with one line about the first error."""
    with zipfile.ZipFile(path) as wheel:
        record = next(name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
        rows = list(csv.reader(wheel.read(record).decode().splitlines()))
        for name, digest, _size in rows:
            algorithm, _, expected = digest.partition("=")
            if digest and _digest(algorithm, wheel.read(name)) != expected:
                sys.exit(f"{name} does not match RECORD")
    names = {row[0] for row in rows}
    if missing := sorted(NEEDED - names):
        sys.exit(f"the wheel lacks {', '.join(missing)}")
    return len(rows)


def _digest(algorithm: str, content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(f"{check_wheel(sys.argv[1])} files match RECORD")
