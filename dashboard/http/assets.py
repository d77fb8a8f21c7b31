"""Caching and compression: static files have a path that changes with their content, answers are compressed."""

import hashlib
from pathlib import Path

from flask import Flask, Response, request
from flask_compress import Compress

from dashboard.core.time_units import YEAR_S

COMPRESSED_TYPES = ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/json", "text/csv"]


def fingerprint_static(folder: Path) -> str:
    """Return a short digest of all files below a folder, for their path: so browsers can cache them for good.

    All files share one digest because modules import each other by relative paths: all paths must change together.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def init_assets(app: Flask) -> None:
    """Compress answers of compressible types, and let browsers cache static files."""
    app.config.update(SEND_FILE_MAX_AGE_DEFAULT=YEAR_S, COMPRESS_MIMETYPES=COMPRESSED_TYPES, COMPRESS_STREAMS=True)
    Compress(app)
    app.after_request(_cache_static)


def _cache_static(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return response
