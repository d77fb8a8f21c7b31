"""Webhook sources: authorised senders with their secrets and projects. Secrets are encrypted under SECRET_KEY.

The secret in the settings belongs to the source `default`. Once it is rotated, the table holds the old secret, too:
after its expiry it is no longer accepted, even if the settings still contain it.
"""

import base64
import functools
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, delete, insert, select, update

from dashboard.config import Settings
from dashboard.core.project_identity import is_allowed
from dashboard.core.report import Report
from dashboard.core.view import format_time
from dashboard.database.tables import SOURCES
from dashboard.ingest.fold import locate_repository

DEFAULT = "default"
"""The name of the source whose secret is DASHBOARD_WEBHOOK_SECRET."""
KEY_PURPOSE = b"deployment dashboard: secrets of webhook sources"
"""The `info` of HKDF: it makes this key differ from all others derived from SECRET_KEY."""

logger = logging.getLogger(__name__)


class SourceError(ValueError):
    """Why a source cannot be added, changed or removed; the text is one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """An authorised sender."""

    name: str
    secrets: tuple[str, ...] = field(repr=False)
    """The secrets that are accepted now."""
    dialect: str | None = None
    repositories: tuple[str, ...] = ()
    """Patterns for the projects that it may report on; empty: all projects."""

    def allows(self, report: Report) -> bool:
        """Return whether this source may report on the project, by the path or native name that identifies it.

        Nothing else that a report claims counts. If the path belongs to a repository with an id, ingest also checks
        where that repository is known to be.
        """
        project = report.identity.project
        return not self.repositories or is_allowed(self.repositories, project.host, project.path)

    def may_name_repository(self, report: Report) -> bool:
        """Return whether this source may report on the repository that the report names beside its project.

        Deployments of one run are linked by the repository, and one of them stands for all in lists.
        """
        names = (report.deployment.value(name) for name in ("run_url", "repository"))
        host, path = locate_repository(*(None if name is None else str(name) for name in names))
        return not (self.repositories and path) or is_allowed(self.repositories, host, path)


def load_sources(engine: Engine, settings: Settings, now: datetime) -> list[Source]:
    """Return all sources with the secrets that are accepted at this time, including the one in the settings."""
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(SOURCES).order_by(SOURCES.c.name)).mappings()]
    cipher = make_cipher(settings.secret_key)
    sources = [_make_source(row, cipher, now) for row in rows]
    if _accepts_configured(settings.webhook_secret, [row for row in rows if row["name"] == DEFAULT], cipher):
        sources.insert(0, Source(DEFAULT, (settings.webhook_secret,)))
    return sources


def _accepts_configured(secret: str, rotated: Sequence[dict[str, Any]], cipher: Fernet) -> bool:
    """Return whether the secret in the settings is accepted: not if it has been rotated, or may have been.

    It may have been if one of the stored secrets cannot be decrypted.
    """
    known = [secret for row in rotated for secret in _decrypt_secrets(row, cipher)]
    all_decrypted = len(known) == sum(len(row["secrets"]) for row in rotated)
    return all_decrypted and secret not in known


def add_source(engine: Engine, settings: Settings, now: datetime, source: Source) -> None:
    """Store a new source with its secrets; raise SourceError if the name or one of the secrets is in use."""
    others = load_sources(engine, settings, now)
    for other in others:
        if other.name == source.name:
            raise SourceError(f"source {source.name} already exists: rotate its secret, or remove it first")
    _refuse_shared(source.secrets, others)
    values = {"name": source.name, "dialect": source.dialect, "repositories": list(source.repositories)}
    stored = [_encrypt(secret, make_cipher(settings.secret_key), now) for secret in source.secrets]
    with engine.begin() as connection:
        connection.execute(insert(SOURCES).values(**values, secrets=stored, created_at=now))


def rotate_secret(
    engine: Engine, settings: Settings, now: datetime, name: str, *, secret: str, overlap: timedelta
) -> None:
    """Give a source a new secret; its present secrets expire after `overlap`.

    Raises SourceError if the source does not exist or the secret is in use.
    """
    sources = {source.name: source for source in load_sources(engine, settings, now)}
    if name not in sources:
        raise SourceError(f"source {name} does not exist")
    _refuse_shared((secret,), sources.values())
    cipher = make_cipher(settings.secret_key)
    with engine.begin() as connection:
        row = connection.execute(select(SOURCES).where(SOURCES.c.name == name).with_for_update()).mappings().first()
        kept = list(row["secrets"]) if row else []
        if name == DEFAULT and _accepts_configured(settings.webhook_secret, [{"name": name, "secrets": kept}], cipher):
            kept.append(_encrypt(settings.webhook_secret, cipher, now))
        kept = [{**entry, "expires_at": _limit_expiry(entry["expires_at"], now + overlap)} for entry in kept]
        stored = [*kept, _encrypt(secret, cipher, now)]
        if row:
            connection.execute(update(SOURCES).where(SOURCES.c.name == name).values(secrets=stored))
        else:
            new = {"name": name, "dialect": None, "repositories": [], "secrets": stored, "created_at": now}
            connection.execute(insert(SOURCES).values(**new))


def remove_source(engine: Engine, name: str) -> None:
    """Remove a source with its secrets; raise SourceError if it does not exist or is the default one."""
    if name == DEFAULT:
        raise SourceError(
            f"source {DEFAULT} belongs to DASHBOARD_WEBHOOK_SECRET and cannot be removed: rotate its secret instead"
        )
    with engine.begin() as connection:
        if not connection.execute(delete(SOURCES).where(SOURCES.c.name == name)).rowcount:
            raise SourceError(f"source {name} does not exist")


def generate_secret() -> str:
    """Return a random secret of 43 characters that need no escaping in headers and shells."""
    return secrets.token_urlsafe(32)


def make_cipher(secret_key: str) -> Fernet:
    """Return the cipher for stored secrets: authenticated encryption with a key derived from SECRET_KEY."""
    key = HKDF(SHA256(), length=32, salt=None, info=KEY_PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def _make_source(row: dict[str, Any], cipher: Fernet, now: datetime) -> Source:
    valid = [entry for entry in row["secrets"] if not _is_expired(entry, now)]
    decrypted = _decrypt_secrets({**row, "secrets": valid}, cipher)
    return Source(row["name"], tuple(decrypted), row["dialect"], tuple(row["repositories"]))


def _decrypt_secrets(row: dict[str, Any], cipher: Fernet) -> list[str]:
    """Return the secrets of a row without those that were encrypted with another SECRET_KEY: they are lost."""
    decrypted = []
    for entry in row["secrets"]:
        try:
            decrypted.append(cipher.decrypt(entry["sealed"]).decode())
        except InvalidToken:
            _log_undecryptable(row["name"])
    return decrypted


@functools.lru_cache(maxsize=100)
def _log_undecryptable(name: str) -> None:
    """Log this once per source: the cache skips repeated calls, as sources are read every few seconds."""
    logger.error("a secret of source %s was encrypted with another SECRET_KEY: rotate it", name)


def _encrypt(secret: str, cipher: Fernet, now: datetime) -> dict[str, Any]:
    return {"sealed": cipher.encrypt(secret.encode()).decode(), "added_at": format_time(now), "expires_at": None}


def _is_expired(entry: dict[str, Any], now: datetime) -> bool:
    return entry["expires_at"] is not None and datetime.fromisoformat(entry["expires_at"]) <= now


def _limit_expiry(expires_at: str | None, latest: datetime) -> str | None:
    is_earlier = expires_at is not None and datetime.fromisoformat(expires_at) <= latest
    return expires_at if is_earlier else format_time(latest)


def _refuse_shared(new_secrets: Sequence[str], others: Iterable[Source]) -> None:
    """Raise SourceError if another source has one of the secrets: a secret must identify one source."""
    for other in others:
        if set(new_secrets) & set(other.secrets):
            raise SourceError(f"source {other.name} already has this secret: each source needs its own")
