"""The system user that the embedded PostgreSQL runs as, and that user's access to directories.

PostgreSQL refuses to run as root, so root has to run it as another user. Nothing here changes a file outside the data
directory.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dashboard.config import SECRET_FILES

SYSTEM_ACCOUNTS = ("postgres", "nobody")
OWN_FILE_PREFIXES = ("lock", "postgres", "production", *SECRET_FILES.values())
"""The beginnings of the names of our files in a data directory."""
SYSTEM_DATA_DIR = "/var/lib/deployment-dashboard"
"""A data directory that every system user can enter."""


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the text is one line that says why and what to do."""


@dataclass(frozen=True)
class Account:
    """A user of this system."""

    name: str
    uid: int
    gid: int

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user; return its output and exit status, even if it failed."""
        user, group, groups = self.identity()
        return subprocess.run(
            command, cwd="/", env=env, user=user, group=group, extra_groups=groups, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip

    def identity(self) -> tuple[int | None, int | None, list[int] | None]:
        """Return user, group and additional groups for subprocess; all None for the current user."""
        return (None, None, None) if self.uid == os.geteuid() else (self.uid, self.gid, [])

    def can_enter(self, directory: Path) -> bool:
        """Return whether this user can enter a directory, by trying: modes do not include access lists and mounts."""
        return self.run("test", "-x", directory).returncode == 0


def choose_account(cluster: Path) -> Account:
    """Return the account for PostgreSQL: an existing cluster's owner, else the caller, but a system user for root."""
    caller, owner = os.geteuid(), cluster.stat().st_uid if cluster.exists() else None
    if caller not in (0, owner if owner is not None else caller):
        raise PostgresError(f"{cluster} belongs to user ID {owner}: run as that user, or set DASHBOARD_DATA_DIR")
    if owner:
        return _find_account(owner)
    return _find_account(caller) if caller else _find_system_account()


def grant_access(account: Account, data_dir: Path) -> None:
    """Let `account` enter the data directory through its group, if it holds only our files; raise PostgresError if not.

    Does nothing if the account can enter it already.
    """
    if account.can_enter(data_dir):
        return
    blocked = next(path for path in (*reversed(data_dir.parents), data_dir) if not account.can_enter(path))
    if os.geteuid() == 0 and blocked == data_dir and _holds_only_own_files(data_dir):
        os.chown(data_dir, -1, account.gid)
        data_dir.chmod(data_dir.stat().st_mode & 0o777 | 0o010)
        return
    raise PostgresError(
        f"PostgreSQL runs as user {account.name}, who cannot access {blocked}: "
        f"set DASHBOARD_DATA_DIR to a directory elsewhere, for example {SYSTEM_DATA_DIR}"
    )


def _holds_only_own_files(data_dir: Path) -> bool:
    """Return whether all files in the directory are ours: access to a directory with other files is never granted."""
    return all(entry.name.lstrip(".").startswith(OWN_FILE_PREFIXES) for entry in data_dir.iterdir())


def _find_account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise PostgresError(
            f"user ID {uid} has no entry in /etc/passwd, which PostgreSQL needs: add one, or set DATABASE_URL"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _find_system_account() -> Account:
    for name in SYSTEM_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresError(
        "root cannot run PostgreSQL, and neither user postgres nor user nobody exists: set DATABASE_URL"
    )
