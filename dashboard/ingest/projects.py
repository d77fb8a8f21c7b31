"""Finds, creates and updates the projects of reports, and gives them their addresses.

Everything but the reading and updating of known projects is rare, and done under one lock: creating, renaming, and
recognising a repository that was known by its path alone.
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, TextClause, text

from dashboard.core.project_identity import ProjectIdentity, is_allowed
from dashboard.core.registers import Node, merge_nodes
from dashboard.core.report import Report
from dashboard.core.slug import make_project_slug, number_slug
from dashboard.database.prepared_statements import flush_deferred
from dashboard.database.rows import Row
from dashboard.ingest import statements
from dashboard.ingest.rows import changes_project, fold_project, read_fields
from dashboard.models import Project

Projects = dict[str, Row]
"""Rows of projects by digest of an identity. Two have one row if a repository is known by its id and by its path."""

CANDIDATES = 100
"""How many slugs are looked up at once, to find a free one."""
LOCK_SLUGS = text("SELECT pg_advisory_xact_lock(hashtext('dashboard slugs'))")
READ_TAKEN = text("""
    SELECT slug FROM projects WHERE slug = ANY(:slugs)
    UNION ALL SELECT slug FROM former_slugs WHERE slug = ANY(:slugs) AND project_id IS DISTINCT FROM :owner
""")
READ_BY_PATH = text("SELECT * FROM projects WHERE identity = :digest FOR UPDATE")
READ_NEWEST_AT_PATH = text("""
    SELECT * FROM projects WHERE path_identity = :digest
    ORDER BY (stamps -> 'repository' ->> 0)::bigint DESC NULLS LAST, id LIMIT 1
""")
INSERT_PROJECT = text("""
    INSERT INTO projects (identity, path_identity, slug, name, stamps, seq, created_at)
    VALUES (:identity, :path_identity, :slug, :name, '{}', 0, :created_at) RETURNING *
""")
ADOPT = text("UPDATE projects SET identity = :digest, path_identity = :path WHERE id = :id RETURNING *")
ABSORB = (
    text("UPDATE deployments SET project_id = :id WHERE project_id = :other"),
    text("UPDATE former_slugs SET project_id = :id WHERE project_id = :other"),
    text("DELETE FROM projects WHERE id = :other"),
    text("INSERT INTO former_slugs (slug, project_id) VALUES (:slug, :id)"),
)
RECLAIM_SLUG = text("DELETE FROM former_slugs WHERE slug = :slug")
KEEP_SLUG = text("""
    INSERT INTO former_slugs (slug, project_id)
    SELECT :slug, :id WHERE NOT EXISTS (SELECT FROM projects WHERE slug = :slug) ON CONFLICT DO NOTHING
""")


class LostRaceError(Exception):
    """Another transaction has created or removed a project meanwhile: the transaction has to be tried again."""


def find_projects(connection: Connection, reports: Iterable[Report]) -> Projects:
    """Return the known projects of the reports by the digests of their identities."""
    return statements.read_projects(connection, sorted({report.identity.project.digest for report in reports}))


def is_forbidden(report: Report, projects: Projects, patterns: Sequence[str]) -> bool:
    """Return whether a source with these patterns, which allow the claimed path, must not report on the project.

    A sender can claim any id: where its repository is known to be has to be allowed, too.
    """
    project, row = report.identity.project, projects.get(report.identity.project.digest)
    if row is None or row["path_identity"] is None or row["repository"] is None:
        return False
    return not is_allowed(patterns, project.host, row["repository"].lower())


def settle_projects(
    connection: Connection, projects: Projects, reports: Iterable[Report], received_at: datetime
) -> Projects:
    """Return the projects with those that are not known yet, and recognise repositories that were known by path.

    Raises LostRaceError if another transaction has created one of them meanwhile.
    """
    names: dict[ProjectIdentity, str] = {}
    for report in reports:
        project = report.identity.project
        if _is_unsettled(project, projects.get(project.digest)):
            names[project] = str(report.project.value("name") or project.path)
    if not names:
        return projects
    _lock_slugs(connection)
    missing = [project.digest for project in names if project.digest not in projects]
    if missing and statements.read_projects(connection, missing):
        raise LostRaceError
    # Those with ids first, so that reports without the id find them by path.
    for project in sorted(names, key=lambda project: (project.sender_id is None, project.digest)):
        _settle(connection, projects, project, names[project], received_at)
    return projects


def _is_unsettled(project: ProjectIdentity, row: Row | None) -> bool:
    return row is None or (project.sender_id is not None and row["path_identity"] != project.path_digest)


def _settle(
    connection: Connection, projects: Projects, project: ProjectIdentity, name: str, received_at: datetime
) -> None:
    known = projects.get(project.digest)
    other = _read_row(connection, READ_BY_PATH, digest=project.path_digest) if project.sender_id is not None else None
    if known is not None:
        if other is not None:
            _absorb(connection, projects, known, other, project.host)
        return
    if other is not None:
        found = _read_row(connection, ADOPT, id=other["id"], digest=project.digest, path=project.path_digest)
    else:
        found = _read_row(connection, READ_NEWEST_AT_PATH, digest=project.digest)
    projects[project.digest] = found or _create(connection, project, name, received_at)


def _create(connection: Connection, project: ProjectIdentity, name: str, received_at: datetime) -> Row:
    slug = _find_free_slug(connection, make_project_slug(name))
    path = None if project.sender_id is None else project.path_digest
    values: Row = {"identity": project.digest, "path_identity": path, "slug": slug, "name": name}
    created = _read_row(connection, INSERT_PROJECT, **values, created_at=received_at)
    assert created is not None
    return created


def _absorb(connection: Connection, projects: Projects, row: Row, other: Row, host: str | None) -> None:
    """Move everything of a project that was known by its path alone to the one that has the sender's id."""
    locked = statements.lock_projects(connection, [row["id"]])
    if not locked:
        raise LostRaceError
    parameters = {"id": row["id"], "other": other["id"], "slug": other["slug"]}
    for statement in ABSORB:
        connection.execute(statement, parameters)
    folded = _fold(connection, locked[0], Node(read_fields(other)), host)
    statements.update_rows(connection, Project, [folded])
    flush_deferred(connection)
    for digest, known in projects.items():
        if known["id"] in {row["id"], other["id"]}:
            projects[digest] = folded


def fold_projects(connection: Connection, projects: Projects, reports: Iterable[Report]) -> tuple[Projects, Projects]:
    """Update the projects; return their old and new rows.

    Only projects that a report changes are locked, before all deployments.
    """
    nodes: dict[int, Node] = {}
    hosts: dict[int, str | None] = {}
    for report in reports:
        row = projects[report.identity.project.digest]
        nodes[row["id"]] = merge_nodes(nodes.get(row["id"], Node()), report.project)
        hosts[row["id"]] = report.identity.project.host
    rows = {row["id"]: row for row in projects.values()}
    outdated = sorted(number for number, node in nodes.items() if changes_project(rows[number], node))
    if not outdated:
        return projects, projects
    locked = statements.lock_projects(connection, outdated)
    if len(locked) < len(outdated):
        raise LostRaceError
    changed = {row["id"]: _fold(connection, row, nodes[row["id"]], hosts[row["id"]]) for row in locked}
    statements.update_rows(connection, Project, list(changed.values()))
    before = {row["id"]: row for row in locked}
    old = {digest: before.get(row["id"], row) for digest, row in projects.items()}
    return old, {digest: changed.get(row["id"], row) for digest, row in projects.items()}


def _fold(connection: Connection, row: Row, node: Node, host: str | None) -> Row:
    folded = fold_project(row, node)
    if row["path_identity"] is not None and folded["repository"]:
        folded["path_identity"] = ProjectIdentity(host, folded["repository"].lower()).digest
    slug = make_project_slug(folded["name"])
    if slug != make_project_slug(row["name"]):
        folded["slug"] = _move(connection, row, slug)
    return folded


def _move(connection: Connection, row: Row, slug: str) -> str:
    """Return the new slug of a project whose name has become `slug`; its old one becomes a former one."""
    _lock_slugs(connection)
    free = _find_free_slug(connection, slug, owner=row["id"])
    connection.execute(RECLAIM_SLUG, {"slug": free})
    # The row itself is written later in this transaction.
    connection.execute(text("UPDATE projects SET slug = :slug WHERE id = :id"), {"slug": free, "id": row["id"]})
    connection.execute(KEEP_SLUG, {"slug": row["slug"], "id": row["id"]})
    return free


def keep_former_names(connection: Connection, projects: Projects, reports: Iterable[Report]) -> None:
    """Let the addresses of names that lost to newer ones redirect, in whichever order they arrived.

    `projects` have their new values; `reports` are all of the batch, because merged ones have lost the older names.
    """
    names: dict[str, set[str]] = {}
    for report in reports:
        if name := report.project.value("name"):
            names.setdefault(report.identity.project.digest, set()).add(str(name))
    for digest, claimed in names.items():
        row = projects[digest]
        for slug in sorted({*map(make_project_slug, claimed - {row["name"]})} - {make_project_slug(row["name"])}):
            _lock_slugs(connection)
            connection.execute(KEEP_SLUG, {"slug": slug, "id": row["id"]})


def _find_free_slug(connection: Connection, slug: str, owner: int | None = None) -> str:
    """Return the slug, or with the first number that is free; former slugs of the owner are free. Requires the lock."""
    for first in itertools.count(1, CANDIDATES):
        numbers = range(first, first + CANDIDATES)
        slugs = [slug if number == 1 else number_slug(slug, number) for number in numbers]
        taken = set(connection.execute(READ_TAKEN, {"slugs": slugs, "owner": owner}).scalars())
        if free := next((each for each in slugs if each not in taken), None):
            return free
    raise AssertionError("unreachable")


def _lock_slugs(connection: Connection) -> None:
    """Wait for other transactions that create or rename projects."""
    flush_deferred(connection)
    connection.execute(LOCK_SLUGS)


def _read_row(connection: Connection, statement: TextClause, **parameters: object) -> Row | None:
    found = connection.execute(statement, parameters).mappings().one_or_none()
    return None if found is None else dict(found)
