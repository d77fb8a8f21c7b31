"""What identifies a project, whatever it is called now, and which projects the patterns of a source allow."""

import fnmatch
import functools
import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from dashboard.core.slug import make_slug

GLOB_CHARACTERS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class ProjectIdentity:
    """A native project by its name, a repository by its host and the sender's id of it, or by its host and path.

    Projects of different hosts are different, as are a native project and a repository of the same name.
    """

    host: str | None
    """The host of the repository, or what stands for it; None for a native project."""
    path: str = field(compare=False)
    """The lower-cased path of the repository as the report names it, or the native name in its normal form."""
    sender_id: int | str | None = None
    """The sender's id of the repository, which outlives renames; None if it sends none."""
    digest: str = field(init=False)
    """Hexadecimal SHA-256: a short key, however long the path is."""

    def __post_init__(self) -> None:
        """Compute the digest."""
        object.__setattr__(self, "digest", _make_digest(self.host, self.path, self.sender_id))

    @property
    def path_digest(self) -> str | None:
        """The digest that a report without the sender's id has for the same repository; None for a native project."""
        return None if self.host is None else _make_digest(self.host, self.path, None)


@functools.lru_cache(maxsize=4096)
def identify_native(name: str) -> ProjectIdentity:
    """Return the identity of the native project with this name."""
    return ProjectIdentity(None, normalise_project_name(name))


def normalise_project_name(name: str) -> str:
    """Return the form in which native names are compared: `My Shop` and `my-shop` are one, `a/b-c` and `a-b/c` two.

    Each part between slashes becomes its slug, or stays if it has none.
    """
    parts = unicodedata.normalize("NFKC", name).split("/")
    return "/".join(make_slug(part) or part.strip().casefold() for part in parts if part.strip())


def is_allowed(patterns: Iterable[str], host: str | None, path: str) -> bool:
    """Return whether one of the patterns fits the project's path, alone or after its host: `octo/*`, `github.com/*`.

    A host counts only if it has a dot or a port: otherwise `acme/*` would fit everything on a host called `acme`.
    """
    names = [path]
    if host is not None and ("." in host or ":" in host):
        names.append(f"{host}/{path}")
    normalised = [_normalise_pattern(pattern, is_native=host is None) for pattern in patterns]
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in normalised)


def _normalise_pattern(pattern: str, *, is_native: bool) -> str:
    if not is_native:
        return pattern.lower()
    return normalise_project_name(pattern) if GLOB_CHARACTERS.isdisjoint(pattern) else pattern.casefold()


@functools.lru_cache(maxsize=4096)
def _make_digest(host: str | None, path: str, sender_id: int | str | None) -> str:
    if host is None:
        content: list[int | str] = ["native", path]
    elif sender_id is None:
        content = ["path", host, path]
    else:
        content = ["id", host, sender_id]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
