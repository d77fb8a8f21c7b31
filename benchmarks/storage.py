"""The size of a deployment with ten steps on disk: reported at once, step by step, or long ago. For `history`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask

from dashboard.app import create_app
from dashboard.config import load_settings
from dashboard.extensions import db
from dashboard.maintenance.search_index import index_new_deployments
from tests.support.large_past import make_payload
from tests.support.servers import SECRET

REPORTED, WARM_UP = 500, 100
"""Deployments that are posted in each way, after those of a warm-up: the first ones allocate pages for many."""
TABLES = {
    "no limit": ("deployments", "deployment_jobs", "deployment_steps", "deployment_terms"),
    "30 days": ("deployment_events",),
    "14 days": ("deliveries",),
    "7 days": ("delivery_keys",),
}
"""The tables by the retention period of their rows."""
Make = Callable[[int], Iterator[dict[str, Any]]]


def print_storage(empty_url: str, large_url: str, deployments: int, directory: Path) -> None:
    """Print `pg_total_relation_size`, which includes indexes, divided by the number of deployments."""
    environ = {"DATABASE_URL": empty_url, "DASHBOARD_DATA_DIR": str(directory), "DASHBOARD_WEBHOOK_SECRET": SECRET}
    app = create_app(load_settings(environ))
    once, by_steps = (measure_growth(app, empty_url, make) for make in (make_summary, make_steps))
    past = {kept: size / deployments for kept, size in read_sizes(large_url).items()}
    print("\n### Storage\n\nBytes per deployment including indexes, by retention period.\n")
    print("| kept | one summary | 20 reports of single steps | in the large history |\n|---|--:|--:|--:|")
    for kept, tables in TABLES.items():
        shown = f"{past[kept]:,.0f}" if kept == "no limit" else "–"
        print(f"| {kept}: {', '.join(tables)} | {once[kept]:,.0f} | {by_steps[kept]:,.0f} | {shown} |")


def measure_growth(app: Flask, database_url: str, make: Make) -> dict[str, float]:
    """Post deployments; return the growth in bytes per deployment, by retention period."""
    for number in range(WARM_UP):
        post(app, make(number))
    before = read_sizes(database_url)
    for number in range(WARM_UP, WARM_UP + REPORTED):
        post(app, make(number))
    with app.app_context():
        index_new_deployments(db.engine, datetime.now(UTC) + timedelta(days=1))
        db.engine.dispose()
    return {kept: (size - before[kept]) / REPORTED for kept, size in read_sizes(database_url).items()}


def post(app: Flask, payloads: Iterator[dict[str, Any]]) -> None:
    """Post some reports."""
    for payload in payloads:
        key = f"{payload['run_id']}-{payload.get('message')}"
        headers = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": key}
        answer = app.test_client().post("/api/webhook/deployment", json=payload, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"answered {answer.status_code}: {answer.text}")


def make_summary(number: int) -> Iterator[dict[str, Any]]:
    """Yield the one report on a deployment."""
    yield describe(number, "summary")


def make_steps(number: int) -> Iterator[dict[str, Any]]:
    """Yield a report at the start and at the end of each step; the last one also ends the deployment."""
    whole = describe(number, "steps")
    steps, times = whole.pop("steps"), {name: whole.pop(name) for name in ("status", "completed_at")}
    for step in steps:
        begun = {**step, "status": "running", "completed_at": None}
        is_last = step is steps[-1]
        yield {**whole, "status": "running", "message": f"{step['name']} begins", "step": begun}
        yield {
            **whole,
            **(times if is_last else {"status": "running"}),
            "message": f"{step['name']} ends",
            "step": step,
        }


def describe(number: int, kind: str) -> dict[str, Any]:
    """Return the summary of a new deployment."""
    own = {"run_id": f"{kind}-{number}", "project": f"project {number % 20}", "environment": "production"}
    texts = {"branch": "main", "commit_hash": f"{number:040x}", "triggered_by": "lin.wei", "repository": "acme/shop"}
    return {**make_payload(20, None, "success"), **own, **texts, "run_url": f"https://ci.example/{number}"}


def read_sizes(database_url: str) -> dict[str, int]:
    """Return the bytes of the tables, including indexes, by retention period."""
    connection = psycopg2.connect(database_url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables")
        sizes = dict(cursor.fetchall())
    connection.close()
    return {kept: sum(sizes[table] for table in tables) for kept, tables in TABLES.items()}
