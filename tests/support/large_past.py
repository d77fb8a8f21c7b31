"""Fills a database with a large past, for tests and benchmarks.

Some deployments are posted to the application itself; their rows, as `COPY … TO` writes them, become templates in which
ids, times and texts vary, but for what is packed (bodies, and what changed). So registers and tallies have the shape
that ingest gives them. The past ends now and goes back three years; what retention deletes earlier (events, deliveries,
their keys) there is of the last days only.
"""

import contextlib
import hashlib
import io
import itertools
import random
import re
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import psycopg2.extensions
from flask import Flask

from dashboard.app import create_app
from dashboard.config import load_settings
from dashboard.core.project_identity import identify_native
from dashboard.core.search_index import list_terms
from dashboard.extensions import db
from dashboard.maintenance.search_index import MIN_AGE
from dashboard.models.deployment_terms import EXACT_FIELDS, SEARCHED_FIELDS

DAYS, STEPS, PROJECTS = 3 * 365, 10, 300
BATCH = 5000
"""Deployments whose rows are copied at a time."""
MAX_SHARE = 0.2
"""Of all deployments, those of the first project."""
OPEN = 20
"""The newest so many have not ended."""
KEPT_DAYS = {"deployment_events": 30, "deliveries": 14, "delivery_keys": 7}
TABLES = ("deployments", "deployment_jobs", "deployment_steps", *KEPT_DAYS)
TERMS, TERMS_INDEX = "deployment_terms", "ix_deployment_terms_terms"
ENVIRONMENTS = ("production", "staging", "test")
PEOPLE = ("lin.wei", "ana", "王伟", "carol", "deploy-bot", "张敏", "erik", "fatima")
VERBS, THINGS = (
    ("fix", "add", "remove", "speed up", "修复", "rename"),
    ("login", "cart", "search", "报表", "cache", "api"),
)

BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
"""When the templates began; no other time in them is in that year."""
FIRST_IDS = {"deployments": 8_080_800_001, "projects": 9_090_900_001}
"""Ids of templates: numbers that nothing else in their rows is."""
MARKS = {name: f"@{name}@" for name in ("run_id", "branch", "commit_hash", "commit_message", "triggered_by", "slug")}
MOMENT = re.compile(r"(20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?)(\+00|Z)|\b(1[5-9]\d{14})\b")


def fill(database_url: str, deployments: int, *, projects: int = PROJECTS, days: int = DAYS) -> None:
    """Add so many deployments of so many days to a migrated database without any, and analyse it."""
    templates = make_templates(database_url)
    with contextlib.closing(psycopg2.connect(database_url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        _insert_projects(cursor, projects)
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", (TERMS_INDEX,))
        ((make_index,),) = cursor.fetchall()
        cursor.execute(f"DROP INDEX {TERMS_INDEX}")  # many times faster to make at the end than to fill
        varied = _vary_all(deployments, projects, timedelta(days=days))
        while batch := list(itertools.islice(varied, BATCH)):
            _copy(cursor, templates, batch)
        cursor.execute("SELECT setval('deployments_id_seq', %s)", (deployments,))
        cursor.execute(f"SET maintenance_work_mem = '256MB'; {make_index}")
        cursor.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class Template:
    """The rows of one deployment by table, for `%`: ids, texts and moments are named in them."""

    rows: dict[str, str]
    offsets: tuple[timedelta, ...]
    """The moments, since its begin."""
    took: timedelta
    is_open: bool
    failing: int | None


@dataclass(frozen=True)
class Variation:
    """What a deployment differs in from its template."""

    values: dict[str, str]
    started_at: datetime
    age: timedelta
    is_open: bool


def make_templates(database_url: str) -> list[Template]:
    """Post deployments that succeed, fail, and run, and return what became of them; the database is empty then."""
    with tempfile.TemporaryDirectory() as directory:
        environ = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": directory, "DASHBOARD_WEBHOOK_SECRET": "secret"}
        app = create_app(load_settings(environ))
        with app.app_context(), db.engine.begin() as connection:
            for table, first in FIRST_IDS.items():
                connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', {first})")
        shapes = [(5, None), (9, None), (20, None), (45, None), (90, None), (20, 4), (9, 9), (20, None)]
        outcomes = ["running" if place == len(shapes) - 1 else "success" for place in range(len(shapes))]
        templates = [_make_template(app, *shape, status) for shape, status in zip(shapes, outcomes, strict=True)]
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM projects")
        with app.app_context():
            db.engine.dispose()
        return templates


def _make_template(app: Flask, step_s: int, failing: int | None, status: str) -> Template:
    """Return the template of a deployment whose steps take so long each, and of which one may fail."""
    payload = make_payload(step_s, failing, status)
    headers = {"Authorization": "Bearer secret", "Idempotency-Key": "@key@"}
    answer = app.test_client().post("/api/webhook/deployment", json=payload, headers=headers).get_json()
    owner = {"deployments": "id", "delivery_keys": "delivery_id"}
    with app.app_context(), db.engine.begin() as connection:
        cursor = connection.connection.cursor()
        rows = {}
        for table in TABLES:
            value = answer["delivery_id" if table == "delivery_keys" else "deployment_id"]
            wanted = f"SELECT * FROM {table} WHERE {owner.get(table, 'deployment_id')} = '{value}'"
            buffer = io.StringIO()
            cursor.copy_expert(f"COPY ({wanted}) TO STDOUT", buffer)
            rows[table] = _mark(buffer.getvalue(), answer)
        for table in ("deliveries", "delivery_keys", "deployments"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    offsets: set[timedelta] = set()
    marked = {table: _mark_moments(text, offsets) for table, text in rows.items()}
    return Template(marked, tuple(offsets), timedelta(seconds=step_s * STEPS), status == "running", failing)


def make_payload(step_s: int, failing: int | None, status: str) -> dict[str, Any]:
    """Return a summary of ten steps that take so long each; it may still be running in its last step."""
    steps = []
    for number in range(STEPS):
        begun, over = BEGUN + timedelta(seconds=number * step_s), BEGUN + timedelta(seconds=(number + 1) * step_s)
        step = {"name": f"step {number}", "number": number, "status": "success", "started_at": begun.isoformat()}
        steps.append(step | {"completed_at": over.isoformat()})
    if failing is not None:
        steps[failing]["status"], status = "failed", "failed"
    payload = {
        **MARKS, "project": MARKS["slug"], "environment": "@environment@", "repository": "@slug@/app",
        "run_url": "https://ci.example/@run_id@", "message": "release @branch@", "status": status,
        "started_at": BEGUN.isoformat(), "steps": steps,
    }  # fmt: skip
    if status == "running":
        steps[-1] |= {"status": "running", "completed_at": None}
        return payload
    return payload | {"completed_at": (BEGUN + timedelta(seconds=step_s * STEPS)).isoformat()}


def _mark(text: str, answer: dict[str, Any]) -> str:
    """Return rows in which what varies is named: `%(run_id)s`."""
    text = text.replace("%", "%%").replace(answer["delivery_id"], "%(delivery_id)s")
    text = re.sub(r"(?<=\t)[0-9a-f]{64}(?=\t)", _name_digest, text)
    text = re.sub(rf"\b{answer['deployment_id']}\b", "%(id)s", text)
    text = re.sub(r"\b9090900\d{3}\b", "%(project_id)s", text)
    return re.sub(r"@(\w+)@", r"%(\1)s", text)


def _name_digest(found: re.Match[str]) -> str:
    """Return the name for a digest: the first of a deployment is its identity, the other its run key."""
    return "%(identity)s" if found.start() < 20 else "%(run_key)s"


def _mark_moments(text: str, offsets: set[timedelta]) -> str:
    """Return rows in which moments are named by their offset and notation; what was received, came at the end."""

    def name(found: re.Match[str]) -> str:
        text, zone, micros = found.groups()
        moment = datetime.fromtimestamp(int(micros) / 1e6, UTC) if micros else datetime.fromisoformat(text + "+00:00")
        notation = "u" if micros else "z" if zone == "Z" else "t"
        if moment.year != BEGUN.year:
            return f"%({notation}_received)s"
        offsets.add(moment - BEGUN)
        return f"%({notation}{(moment - BEGUN).seconds})s"

    return MOMENT.sub(name, text)


def name_project(number: int) -> str:
    """Return the slug of a project; the first is the largest."""
    return f"bench-{number - 1:03d}"


def _insert_projects(cursor: psycopg2.extensions.cursor, projects: int) -> None:
    """Insert the projects, by the names that the load of the benchmarks has for them."""
    slugs = [name_project(number) for number in range(1, projects + 1)]
    rows = [(number, identify_native(slug).digest, slug, f"Project {number}") for number, slug in enumerate(slugs, 1)]
    cursor.executemany(
        "INSERT INTO projects (id, identity, slug, name, stamps, seq, created_at)"
        " VALUES (%s, %s, %s, %s, '{}', 0, now())",
        rows,
    )
    cursor.execute("SELECT setval('projects_id_seq', %s)", (projects,))


def _vary_all(deployments: int, projects: int, past: timedelta) -> Iterator[Variation]:
    """Yield what is special about each deployment; the last one began just now."""
    choose, now = random.Random(deployments), datetime.now(UTC).replace(microsecond=0)
    for number in range(1, deployments + 1):
        age = past * ((deployments - number) / deployments)
        project = 1 if choose.random() < MAX_SHARE else choose.randint(1, projects)
        yield Variation(_vary(number, project, choose), now - age, age, number > deployments - OPEN)


def _vary(number: int, project: int, choose: random.Random) -> dict[str, str]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    branch = "main" if choose.random() < 0.7 else f"feature/{choose.randint(1, 5000)}"
    slug = name_project(project)
    return {
        "id": str(number), "project_id": str(project), "slug": slug, "run_id": str(10_000_000 + number),
        "identity": digest, "run_key": digest[::-1], "delivery_id": str(uuid.UUID(digest[:32])), "key": digest,
        "environment": choose.choice(ENVIRONMENTS), "commit_hash": digest[-40:], "triggered_by": choose.choice(PEOPLE),
        "branch": branch, "message": f"release {branch}", "repository": f"{slug}/app",
        "commit_message": f"{choose.choice(VERBS)} {choose.choice(THINGS)} of order {choose.randint(1, 100_000)}",
    }  # fmt: skip


def _copy(cursor: psycopg2.extensions.cursor, templates: list[Template], variations: list[Variation]) -> None:
    buffers = {table: io.StringIO() for table in (*TABLES, TERMS)}
    for variation in variations:
        fitting = [template for template in templates if template.is_open == variation.is_open]
        _write(buffers, fitting[int(variation.values["id"]) % len(fitting)], variation)
    for table, buffer in buffers.items():
        buffer.seek(0)
        cursor.copy_expert(f"COPY {table} FROM STDIN", buffer)


def _write(buffers: dict[str, io.StringIO], template: Template, variation: Variation) -> None:
    """Write the rows that retention would have left by now."""
    values = dict(_list_moments(template, variation.started_at)) | variation.values
    for table, rows in template.rows.items():
        if table not in KEPT_DAYS or variation.age < timedelta(days=KEPT_DAYS[table]):
            buffers[table].write(rows % values)
    if variation.age > MIN_AGE:
        values["state"] = "success" if template.failing is None else "failed"
        texts = [f"Project {values['project_id']}", *(values[name] for name in SEARCHED_FIELDS)]
        terms = list_terms(texts, {name: values[name] for name in EXACT_FIELDS})
        buffers[TERMS].write(f"{values['id']}\t{{{','.join(map(str, terms))}}}\n")


def _list_moments(template: Template, started_at: datetime) -> Iterator[tuple[str, str]]:
    """Yield the moments in each notation, by their names in templates."""
    moments = [(str(offset.seconds), started_at + offset) for offset in template.offsets]
    for name, moment in [*moments, ("_received", started_at + template.took)]:
        plain = moment.isoformat(" ")[:19]
        yield f"t{name}", plain + "+00"
        yield f"z{name}", plain.replace(" ", "T") + "Z"
        yield f"u{name}", f"{moment.timestamp():.0f}000000"
