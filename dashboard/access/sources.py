"""Webhook sources: who may post, with which secrets, on what. Secrets are encrypted with a key made from SECRET_KEY.

The secret of the settings is the source `default`. Once it has been rotated, the table holds what became of it: a
secret that expired there is accepted no more, even while the settings still name it.
"""

import base64
import fnmatch
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
from dashboard.core.report import Report
from dashboard.core.slug import make_slug
from dashboard.core.view import format_time
from dashboard.models import Base, WebhookSource

DEFAULT = "default"
"""Name of the source whose secret is DASHBOARD_WEBHOOK_SECRET."""
TABLE = Base.metadata.tables[WebhookSource.__tablename__]
PURPOSE = b"deployment dashboard: secrets of webhook sources"

log = logging.getLogger(__name__)


class SourceError(ValueError):
    """Why a source cannot be added, changed or removed; the text is one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who may post."""

    name: str
    secrets: tuple[str, ...] = field(repr=False)
    """Those that are accepted now."""
    dialect: str | None = None
    repositories: tuple[str, ...] = ()

    def allows(self, report: Report) -> bool:
        """Return whether this source may report on that project, by its slug or the name that the slug is made of.

        What else a body claims, a repository say, counts only if it is that name: anybody can claim anything.
        """
        if not self.repositories:
            return True
        slug = report.identity.project_slug
        claimed = {str(report.project.value(name) or "") for name in ("repository", "name")}
        names = {slug, *(name for name in claimed if make_slug(name) == slug)}
        patterns = [pattern.casefold() for pattern in self.repositories]
        return any(fnmatch.fnmatchcase(name.casefold(), p) for name in names for p in patterns)


def load_sources(engine: Engine, settings: Settings, now: datetime) -> list[Source]:
    """Return all sources with the secrets that are accepted at this time, that of the settings among them."""
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(TABLE).order_by(TABLE.c.name)).mappings()]
    box = make_box(settings.secret_key)
    sources = [_open_source(row, box, now) for row in rows]
    if _is_in_force(settings.webhook_secret, [row for row in rows if row["name"] == DEFAULT], box):
        sources.insert(0, Source(DEFAULT, (settings.webhook_secret,)))
    return sources


def _is_in_force(secret: str, rotated: Sequence[dict[str, Any]], box: Fernet) -> bool:
    """Return whether the secret of the settings counts: not if it may have been rotated out."""
    known = [secret for row in rotated for secret in _open_all(row, box)]
    are_lost = len(known) < sum(len(row["secrets"]) for row in rotated)
    return secret not in known and not are_lost


def add_source(engine: Engine, settings: Settings, now: datetime, source: Source) -> None:
    """Store a new source with its secrets; raise SourceError if the name or one of the secrets is in use."""
    others = load_sources(engine, settings, now)
    for other in others:
        if other.name == source.name:
            raise SourceError(f"source {source.name} already exists: rotate its secret, or remove it first")
    _refuse_shared(source.secrets, others)
    values = {"name": source.name, "dialect": source.dialect, "repositories": list(source.repositories)}
    sealed = [_seal(secret, make_box(settings.secret_key), now) for secret in source.secrets]
    with engine.begin() as connection:
        connection.execute(insert(TABLE).values(**values, secrets=sealed, created_at=now))


def rotate_secret(
    engine: Engine, settings: Settings, now: datetime, name: str, *, secret: str, overlap: timedelta
) -> None:
    """Make `secret` the source's own; those that it has are accepted for as long as `overlap`, and not after.

    Raises SourceError for a name that does not exist and for a secret that is in use.
    """
    sources = {source.name: source for source in load_sources(engine, settings, now)}
    if name not in sources:
        raise SourceError(f"source {name} does not exist")
    _refuse_shared((secret,), sources.values())
    box = make_box(settings.secret_key)
    with engine.begin() as connection:
        row = connection.execute(select(TABLE).where(TABLE.c.name == name).with_for_update()).mappings().first()
        kept = list(row["secrets"]) if row else []
        if name == DEFAULT and _is_in_force(settings.webhook_secret, [{"name": name, "secrets": kept}], box):
            kept.append(_seal(settings.webhook_secret, box, now))
        ends = now + overlap
        kept = [{**entry, "expires_at": _earlier(entry["expires_at"], ends)} for entry in kept]
        stored = [*kept, _seal(secret, box, now)]
        if row:
            connection.execute(update(TABLE).where(TABLE.c.name == name).values(secrets=stored))
        else:
            new = {"name": name, "dialect": None, "repositories": [], "secrets": stored, "created_at": now}
            connection.execute(insert(TABLE).values(**new))


def remove_source(engine: Engine, name: str) -> None:
    """Remove a source, after which none of its secrets is accepted; raise SourceError if there is none."""
    if name == DEFAULT:
        raise SourceError(
            f"source {DEFAULT} belongs to DASHBOARD_WEBHOOK_SECRET and cannot be removed: rotate its secret instead"
        )
    with engine.begin() as connection:
        if not connection.execute(delete(TABLE).where(TABLE.c.name == name)).rowcount:
            raise SourceError(f"source {name} does not exist")


def generate_secret() -> str:
    """Return a secret that no one can guess: 43 characters that headers and shells carry as they are."""
    return secrets.token_urlsafe(32)


def make_box(secret_key: str) -> Fernet:
    """Return what seals and opens secrets: authenticated encryption under a key derived from SECRET_KEY."""
    key = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def _open_source(row: dict[str, Any], box: Fernet, now: datetime) -> Source:
    valid = [entry for entry in row["secrets"] if not _is_over(entry, now)]
    opened = _open_all({**row, "secrets": valid}, box)
    return Source(row["name"], tuple(opened), row["dialect"], tuple(row["repositories"]))


def _open_all(row: dict[str, Any], box: Fernet) -> list[str]:
    """Return the secrets of a row; without the SECRET_KEY that sealed them they are lost, and accepted no more."""
    opened = []
    for entry in row["secrets"]:
        try:
            opened.append(box.decrypt(entry["sealed"]).decode())
        except InvalidToken:
            _report_lost(row["name"])
    return opened


@functools.lru_cache(maxsize=100)
def _report_lost(name: str) -> None:
    """Say it once: sources are read every few seconds."""
    log.error("a secret of source %s was encrypted with another SECRET_KEY: rotate it", name)


def _seal(secret: str, box: Fernet, now: datetime) -> dict[str, Any]:
    return {"sealed": box.encrypt(secret.encode()).decode(), "added_at": format_time(now), "expires_at": None}


def _is_over(entry: dict[str, Any], now: datetime) -> bool:
    return entry["expires_at"] is not None and datetime.fromisoformat(entry["expires_at"]) <= now


def _earlier(known: str | None, ends: datetime) -> str | None:
    return known if known is not None and datetime.fromisoformat(known) <= ends else format_time(ends)


def _refuse_shared(secrets_given: Sequence[str], others: Iterable[Source]) -> None:
    """A delivery must tell by its secret whose it is."""
    for other in others:
        if set(secrets_given) & set(other.secrets):
            raise SourceError(f"source {other.name} already has this secret: each source needs its own")
