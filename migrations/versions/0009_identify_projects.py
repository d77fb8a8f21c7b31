"""Give projects an identity, and split those that share an address only because their names give the same slug

Revision: 0009.
"""

import hashlib
import json
import re
import unicodedata
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# The reports on these repositories came from the place in the URL of their runs; other URLs name any CI server.
READ_GROUPS = r"""
    SELECT deployment.project_id, deployment.dialect, lower(deployment.repository) AS repository,
      CASE WHEN dialect = 'buildbot' THEN split_part(run_url, '#', 1)
        WHEN dialect IN ('github', 'gitea', 'gitlab')
          THEN substring(run_url FROM '^(https?://[^/]+)/.*/(?\:actions/runs|-/pipelines|-/jobs)/') END AS place,
      max(deployment.repository) AS name, max(deployment.id) AS newest
    FROM deployments AS deployment GROUP BY 1, 2, 3, 4 ORDER BY 1, newest
"""
READ_SOURCES = """
    SELECT deployment.project_id, deployment.dialect, max(delivery.source) AS source
    FROM deliveries AS delivery JOIN deployments AS deployment ON deployment.id = delivery.deployment_id
    WHERE deployment.dialect IN ('jenkins', 'cdevents') GROUP BY 1, 2
"""
MOVE = r"""
    UPDATE deployments SET project_id = :new
    WHERE project_id = :old AND dialect = :dialect AND lower(repository) IS NOT DISTINCT FROM :repository
      AND CASE WHEN dialect = 'buildbot' THEN split_part(run_url, '#', 1)
        WHEN dialect IN ('github', 'gitea', 'gitlab')
          THEN substring(run_url FROM '^(https?://[^/]+)/.*/(?\:actions/runs|-/pipelines|-/jobs)/') END
        IS NOT DISTINCT FROM :place
"""
INSERT = """
    INSERT INTO projects (identity, slug, legacy_slug, name, repository, stamps, seq, created_at, keep_days, keep_count)
    SELECT :identity, :slug, slug, :name, :name, '{}', 0, created_at, keep_days, keep_count
    FROM projects WHERE id = :old RETURNING id
"""
HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "gitea": "gitea.com", "bitbucket": "bitbucket.org"}
"""The host where no URL tells another one."""


def upgrade():
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_former_slugs_project_id_projects")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
    )
    op.create_index("ix_former_slugs_project_id", "former_slugs", ["project_id"])
    for name in ("identity", "path_identity"):
        op.add_column("projects", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("projects", sa.Column("legacy_slug", sa.Text(), nullable=True))
    op.execute("UPDATE projects SET legacy_slug = slug")
    _identify_projects(op.get_bind())
    op.alter_column("projects", "identity", nullable=False)
    op.create_unique_constraint("uq_projects_identity", "projects", ["identity"])
    op.create_index("ix_projects_path_identity", "projects", ["path_identity"])


def downgrade():
    # Projects stay as they are: each has a slug of its own, which is all that the version before looks at.
    op.drop_index("ix_projects_path_identity", table_name="projects")
    op.drop_constraint("uq_projects_identity", "projects", type_="unique")
    for name in ("legacy_slug", "path_identity", "identity"):
        op.drop_column("projects", name)
    op.drop_table("former_slugs")


def _identify_projects(bind):
    projects = bind.execute(sa.text("SELECT * FROM projects ORDER BY id")).mappings().all()
    sources = {(row.project_id, row.dialect): row.source for row in bind.execute(sa.text(READ_SOURCES))}
    groups = {}
    for row in bind.execute(sa.text(READ_GROUPS)):
        groups.setdefault(row.project_id, []).append(row)
    owners, slugs = {}, {project["slug"] for project in projects}
    for project in projects:
        identified = {}
        for group in groups.get(project["id"], ()):
            identity = _identify(project, group, sources, groups[project["id"]])
            identified.setdefault(identity, []).append(group)
        # Address, port and service status come from native reports. Without any, the newest deployment decides.
        own = next((i for i in identified if i[0] == "native"), None) or next(reversed(identified), None)
        own = own or _identify_unused(project)
        for identity, members in identified.items():
            digest = _digest(identity)
            if identity == own:
                continue
            if digest not in owners:
                slug = _find_free(project["slug"], slugs)
                values = {"identity": digest, "slug": slug, "name": members[-1].name or project["name"]}
                owners[digest] = bind.execute(sa.text(INSERT), {**values, "old": project["id"]}).scalar_one()
            for member in members:
                values = {"dialect": member.dialect, "repository": member.repository, "place": member.place}
                bind.execute(sa.text(MOVE), {**values, "old": project["id"], "new": owners[digest]})
        # Two old projects can be one repository, such as before and after its name was cut or recased.
        digest = _digest(own) if _digest(own) not in owners else _digest(["unknown", project["id"]])
        owners[digest] = project["id"]
        bind.execute(
            sa.text("UPDATE projects SET identity = :identity WHERE id = :id"),
            {"identity": digest, "id": project["id"]},
        )


def _identify(project, group, sources, siblings):
    """Return what identifies the project of a group of deployments."""
    dialect, name = group.dialect, project["name"].lower()
    if dialect == "native":
        return ("native", _normalise(project["name"]))
    if dialect in {"jenkins", "cdevents"}:
        return ("path", f"source {sources.get((project['id'], dialect)) or 'default'}", name)
    if dialect == "buildbot":
        return ("path", group.place or "source default", name)
    places = [group.place, *(other.place for other in siblings if other.dialect == dialect)]
    host = next((_read_host(place) for place in places if place), None)
    return ("path", host or HOSTS.get(dialect, "source default"), group.repository or name)


def _identify_unused(project):
    """Return what most likely identifies a project without deployments."""
    is_native = project["repository"] != project["name"] or project["kind"] or project["url"] or project["port"]
    if is_native:
        return ("native", _normalise(project["name"]))
    return ("path", "github.com", project["name"].lower())


def _read_host(url):
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return None


def _digest(identity):
    return hashlib.sha256(json.dumps(list(identity)).encode()).hexdigest()


def _find_free(slug, slugs):
    number = 2
    while f"{slug[:245]}-{number}" in slugs:
        number += 1
    slugs.add(f"{slug[:245]}-{number}")
    return f"{slug[:245]}-{number}"


def _normalise(name):
    parts = unicodedata.normalize("NFKC", name).split("/")
    return "/".join(_make_slug(part) or part.strip().casefold() for part in parts if part.strip())


def _make_slug(name):
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(character if _belongs_in_slug(character) else "-" for character in text)
    return re.sub("-+", "-", kept).strip("-.")


def _belongs_in_slug(character):
    is_mark = unicodedata.category(character) in {"Mn", "Mc"} and not "\ufe00" <= character <= "\ufe0f"
    return character.isalnum() or character in {".", "_"} or is_mark
