"""Which system user the embedded PostgreSQL runs as, and what that user can reach.

PostgreSQL refuses to run as root, so root has to run it as somebody else. Nothing here changes a file outside the data
directory.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dashboard.config import SECRET_FILES

SYSTEM_ACCOUNTS = ("postgres", "nobody")
OURS = ("lock", "postgres", "production", *SECRET_FILES.values())
"""How the names of our own files in a data directory begin."""
ELSEWHERE = "/var/lib/deployment-dashboard"
"""A data directory that every system user can reach."""


class PostgresError(Exception):
    """Why the embedded PostgreSQL cannot be used; the text is one line that says what to do."""


@dataclass(frozen=True)
class Account:
    """A user of this system."""

    name: str
    uid: int
    gid: int

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user and return what it said, whether it succeeded or not."""
        user, group, groups = self.identity()
        return subprocess.run(
            command, cwd="/", env=env, user=user, group=group, extra_groups=groups, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip

    def identity(self) -> tuple[int | None, int | None, list[int] | None]:
        """Return user, group and further groups for subprocess: all None for the user who is asking."""
        return (None, None, None) if self.uid == os.geteuid() else (self.uid, self.gid, [])

    def can_enter(self, directory: Path) -> bool:
        """Ask the system itself: modes alone say nothing about access lists and mounts."""
        return self.run("test", "-x", directory).returncode == 0


def choose_account(cluster: Path) -> Account:
    """Return who runs PostgreSQL: the owner of an existing cluster, else the caller, for root a system user."""
    caller, owner = os.geteuid(), cluster.stat().st_uid if cluster.exists() else None
    if caller not in (0, owner if owner is not None else caller):
        raise PostgresError(f"{cluster} belongs to user ID {owner}: run as that user, or set DASHBOARD_DATA_DIR")
    if owner:
        return _find_account(owner)
    return _find_account(caller) if caller else _find_system_account()


def let_in(account: Account, data_dir: Path) -> None:
    """Make sure that `account` can enter the data directory: by its group, if we made the directory."""
    if account.can_enter(data_dir):
        return
    blocked = next(path for path in (*reversed(data_dir.parents), data_dir) if not account.can_enter(path))
    if os.geteuid() == 0 and blocked == data_dir and _is_ours(data_dir):
        os.chown(data_dir, -1, account.gid)
        data_dir.chmod(data_dir.stat().st_mode & 0o777 | 0o010)
        return
    raise PostgresError(
        f"PostgreSQL runs as user {account.name}, who cannot access {blocked}: "
        f"set DASHBOARD_DATA_DIR to a directory elsewhere, for example {ELSEWHERE}"
    )


def _is_ours(data_dir: Path) -> bool:
    """Tell whether the directory holds nothing but our files: another's is not opened to anyone."""
    return all(entry.name.lstrip(".").startswith(OURS) for entry in data_dir.iterdir())


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
