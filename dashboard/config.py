"""The settings: read from the variables that load_settings is given, validated at start.

This module opens no connections and writes no files except the two secrets that it may generate. Three others read some
variables of the environment themselves: metrics.py when it is imported, cli/serving/gunicorn_config.py because it must
not import the application, and cli/sources.py, which checks whether DASHBOARD_WEBHOOK_SECRET is set.
"""

import base64
import binascii
import contextlib
import os
import re
import secrets
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dashboard.core.steps import DEFAULT_PATTERNS, Category, Patterns
from dashboard.core.time_units import DAY_S

SECRET_FILES = {"DASHBOARD_WEBHOOK_SECRET": "webhook-secret", "SECRET_KEY": "secret-key"}
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""Minimum and maximum length of a Standard Webhooks key, in bytes."""
QUOTES = "\"'`\u2018\u2019\u201c\u201d"
HEADER_PREFIXES = ("v1,", "bearer ", "sha256=")
"""What precedes a token or a signature in a header, and is sometimes copied with it."""
MAX_DAYS, MAX_COUNT = 36_500, 10**9
"""Maximum days and number of deployments that can be set as limits; 0 means no limit."""
MAX_INTERVAL_S = 366 * DAY_S
MAX_SOCKET_PATH = 100


class Role(StrEnum):
    """What a process of the dashboard serves."""

    ALL = "all"
    """Everything, in one process."""
    WEB = "web"
    """Deliveries, API and pages."""
    LIVE = "live"
    """Sockets, following the database, and maintenance."""


class SettingsError(Exception):
    """An invalid setting. The message is one line that names it and states what to do."""


@dataclass(frozen=True)
class Settings:
    """All settings, as described in `docs/operating.md`."""

    database_url: str | None
    """PostgreSQL URL; None lets `dashboard run` start an embedded server."""
    data_dir: Path
    host: str
    port: int
    socket: str | None
    """Path of the Unix socket to listen on instead of host and port."""
    role: Role
    web_workers: int
    """Number of processes with role web; they share one socket."""
    live_processes: int
    """Number of processes with role live; each has its own socket."""
    pool_size: int
    """Maximum number of database connections per process, without the one that listens."""
    webhook_secret: str
    secret_key: str
    url_prefix: str
    """Path that the application is served under: empty, or `/like-this` without a trailing slash."""
    refresh_s: int
    """Interval in seconds at which a page polls over HTTP while its socket is down."""
    stale_s: int
    """Minimum silence in seconds after which an open deployment is stale; longer usual gaps extend it."""
    max_body_bytes: int
    """Maximum size of a webhook body."""
    deliveries_days: int
    """Days that a delivery is kept."""
    deliveries_bytes: int
    """Total size of the deliveries that are kept, compressed; the oldest beyond it are deleted."""
    deployments_days: int
    """Days that a deployment is kept, 0 for ever; projects may have their own limit."""
    deployments_per_project: int
    """How many of its newest deployments a project keeps, 0 for all; projects may have their own limit."""
    category_patterns: Patterns = DEFAULT_PATTERNS
    """Regular expressions for keys of steps with their categories; the first match counts."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`. Raises SettingsError for an invalid one.

    A secret that is not set is read from the data directory, where it is generated (mode 600) on first use.
    """
    # Only checked: gunicorn's settings use it before the application may be imported.
    _read_choice(environ, "DASHBOARD_LOG_FORMAT", ("text", "json"))
    data_dir = Path(environ.get("DASHBOARD_DATA_DIR") or "instance").absolute()
    return Settings(
        database_url=_read_database_url(environ),
        data_dir=data_dir,
        host=environ.get("DASHBOARD_HOST") or "127.0.0.1",
        port=_read_int(environ, "DASHBOARD_PORT", 8000, 1, 65535),
        socket=_read_socket(environ),
        role=Role(_read_choice(environ, "DASHBOARD_ROLE", tuple(Role))),
        web_workers=_read_web_workers(environ),
        live_processes=_read_int(environ, "DASHBOARD_LIVE_PROCESSES", 2, 0, 64),
        pool_size=_read_int(environ, "DASHBOARD_POOL_SIZE", 10, 2, 1000),
        webhook_secret=_read_secret(environ, "DASHBOARD_WEBHOOK_SECRET", data_dir, check_webhook_secret),
        secret_key=_read_secret(environ, "SECRET_KEY", data_dir, check_secret),
        url_prefix=_read_prefix(environ),
        refresh_s=_read_int(environ, "DASHBOARD_REFRESH_S", 30, 1, MAX_INTERVAL_S),
        stale_s=_read_int(environ, "DASHBOARD_STALE_S", 600, 1, MAX_INTERVAL_S),
        max_body_bytes=_read_int(environ, "DASHBOARD_MAX_BODY_BYTES", 2 * 1024 * 1024, 1024, 1024**3),
        deliveries_days=_read_int(environ, "DASHBOARD_DELIVERIES_DAYS", 14, 1, 3650),
        deliveries_bytes=_read_int(environ, "DASHBOARD_DELIVERIES_BYTES", 5 * 1024**3, 1024**2, 10**12 - 1),
        deployments_days=_read_int(environ, "DASHBOARD_DEPLOYMENTS_DAYS", 0, 0, MAX_DAYS),
        deployments_per_project=_read_int(environ, "DASHBOARD_DEPLOYMENTS_PER_PROJECT", 0, 0, MAX_COUNT),
        category_patterns=_read_patterns(environ),
    )


def _read_int(environ: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = environ.get(name) or str(default)
    if not (re.fullmatch("[0-9]{1,12}", text) and lowest <= int(text) <= highest):
        raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}, not {text!r}")
    return int(text)


def _read_database_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("DATABASE_URL") or None
    if url is None:
        return None
    if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
        raise SettingsError("DATABASE_URL must begin with postgresql:// (only PostgreSQL is supported)")
    url = "postgresql+psycopg2://" + url.split("://", 1)[1]
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        advice = "write it like postgresql://user:password@host:5432/name, special characters percent-encoded"
        raise SettingsError(f"DATABASE_URL is not a valid URL: {advice}") from None
    return url


def _read_socket(environ: Mapping[str, str]) -> str | None:
    path = environ.get("DASHBOARD_SOCKET") or None
    if path and not (path.startswith("/") and len(os.fsencode(path)) <= MAX_SOCKET_PATH):
        raise SettingsError(f"DASHBOARD_SOCKET must be an absolute path of at most {MAX_SOCKET_PATH} bytes")
    return path


def _read_choice(environ: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """Return the choice that is set, by default the first."""
    text = environ.get(name) or choices[0]
    if text not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {text!r}")
    return text


def _read_web_workers(environ: Mapping[str, str]) -> int:
    """Return the number of workers; several of them need a shared directory for their metrics."""
    workers = _read_int(environ, "DASHBOARD_WEB_WORKERS", 2, 1, 64)
    if environ.get("DASHBOARD_ROLE") == Role.WEB and workers > 1 and not environ.get("PROMETHEUS_MULTIPROC_DIR"):
        raise SettingsError(
            f"DASHBOARD_WEB_WORKERS={workers} needs PROMETHEUS_MULTIPROC_DIR, a directory for shared metrics"
        )
    return workers


def _read_prefix(environ: Mapping[str, str]) -> str:
    prefix = (environ.get("DASHBOARD_URL_PREFIX") or "").rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*", prefix):
        raise SettingsError(f"DASHBOARD_URL_PREFIX must be a path like /project-dashboard, not {prefix!r}")
    return prefix


def _read_patterns(environ: Mapping[str, str]) -> Patterns:
    """Return the patterns of a TOML file with lines like `"lint|ruff" = "validation"`, in the order of the file."""
    path = environ.get("DASHBOARD_CATEGORIES_FILE")
    if not path:
        return DEFAULT_PATTERNS
    try:
        with Path(path).open("rb") as file:
            table = tomllib.load(file)
        return tuple((re.compile(pattern).pattern, Category(category)) for pattern, category in table.items())
    except (OSError, ValueError, TypeError, re.error) as error:
        raise SettingsError(f"DASHBOARD_CATEGORIES_FILE: cannot use {path}: {error}") from None


def _read_secret(environ: Mapping[str, str], name: str, data_dir: Path, check: Callable[[str, str], str]) -> str:
    """Return the secret from the environment, otherwise from its file, which is generated on first use."""
    if value := environ.get(name):
        return check(name, value)
    path = data_dir / SECRET_FILES[name]
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Two processes may start at once: only one creates the file, in one step, and both read it.
        with contextlib.suppress(FileExistsError):
            _write_new(path, secrets.token_urlsafe(32))
        return check(str(path), path.read_text(errors="surrogateescape").rstrip("\n"))
    except OSError as error:
        raise SettingsError(
            f"cannot store {name} in {data_dir} ({error.strerror}): "
            f"set {name}, or DASHBOARD_DATA_DIR to a writable directory"
        ) from None


def replace_webhook_secret(settings: Settings, secret: str) -> Path:
    """Replace the secret in the file that the next start reads; return its path."""
    path = settings.data_dir / SECRET_FILES["DASHBOARD_WEBHOOK_SECRET"]
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    _write_new(fresh, secret)
    fresh.replace(path)
    return path


def check_secret(origin: str, secret: str) -> str:
    """Return the secret. Raises SettingsError if it is empty or cannot be sent in a header."""
    if not secret or secret != secret.strip() or re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", secret):
        advice = "must be non-empty UTF-8 text without control characters or surrounding spaces"
        raise SettingsError(f"the secret from {origin} {advice}")
    return secret


def check_webhook_secret(origin: str, secret: str) -> str:
    """Return the secret. Raises SettingsError if no sender can have it: no valid key, or pasted with more.

    What people paste with a secret would refuse each delivery later, where nobody sees why.
    """
    check_secret(origin, secret)
    if invisible := next((character for character in secret if unicodedata.category(character) == "Cf"), None):
        raise SettingsError(f"the secret from {origin} contains an invisible character (U+{ord(invisible):04X})")
    if secret[0] in QUOTES and secret[-1] in QUOTES:
        raise SettingsError(f"the secret from {origin} is in quotation marks, which do not belong to it")
    if prefix := next((prefix for prefix in HEADER_PREFIXES if secret.lower().startswith(prefix)), None):
        raise SettingsError(
            f"the secret from {origin} starts with {prefix!r}, which belongs to a header, not to a secret"
        )
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError(f"the secret from {origin} starts with whsec_, so the rest must be base64") from None
        if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
            advice = f"so the rest must encode {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes"
            raise SettingsError(f"the secret from {origin} starts with whsec_, {advice}")
    return secret


def _write_new(path: Path, text: str) -> None:
    """Create the file with mode 600 and its whole text in one step. Raises FileExistsError if it exists."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
