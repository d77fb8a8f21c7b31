"""The time to serve each page and each answer of the API, on a dashboard with a history.

`python -m benchmarks.pages` prints a section of the report. The reference is `GET /health` of the same process, on the
same connection and in the same run: routing, headers and gunicorn, but no query and no template. So the ratio shows the
cost of reading and rendering on any machine. Answers are compressed, as for browsers. Runs alternate; medians and
spread are printed because no machine is ever quiet.
"""

import http.client
import json
import os
import statistics
import time
from datetime import UTC, datetime, timedelta

import psycopg2

from tests.support.servers import SECRET
from tests.support.temporary_dashboard import run_dashboard

RUNS, REQUESTS, REFERENCE = 5, 8, "/health"
COUNTS = {"projects": 300, "deployments": 10_000}
HEADERS = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "Accept-Encoding": "gzip"}
FIRST = {"project": "project", "status": "success", "branch": "main", "triggered_by": "lin.wei"}

COPY_PROJECTS = """
    INSERT INTO projects
    SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', 1000 + n, 'identity', 'p' || n, 'slug', 'p' || n, 'name', 'Project ' || n
    ))).*
    FROM projects AS one, generate_series(1, %(projects)s - 1) AS n
"""
COPY_DEPLOYMENTS = """
    INSERT INTO deployments
    SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', 1000 + n, 'identity', n::text, 'run_id', n::text, 'run_key', NULL,
        'project_id', CASE n %% %(projects)s WHEN 0 THEN one.project_id ELSE 1000 + n %% %(projects)s END,
        'state', CASE n %% 7 WHEN 0 THEN 'failed' ELSE 'success' END, 'sorted_at', moment, 'started_at', moment,
        'conclusion', CASE n %% 7 WHEN 0 THEN 'failure' ELSE 'success' END, 'completed_at', moment + interval '1 min'
    ))).*
    FROM deployments AS one, generate_series(1, %(deployments)s) AS n,
    LATERAL (SELECT one.sorted_at - n * interval '5 min') AS past (moment) WHERE one.id = 1
"""
COPY_CHILDREN = """
    INSERT INTO {} SELECT (jsonb_populate_record(one, jsonb_build_object('deployment_id', 1000 + n))).*
    FROM {} AS one JOIN deployments ON id = deployment_id AND id = 1, generate_series(1, %(deployments)s) AS n
"""


def main() -> None:
    """Measure, and print the section."""
    with run_dashboard() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        paths = {"reference": REFERENCE, **make_past(connection, server.database_url)}
        measured: dict[str, list[float]] = {path: [] for path in paths.values()}
        for _ in range(RUNS):
            for path, times in measured.items():
                times.append(statistics.median(time_request(connection, path) for _ in range(REQUESTS)))
    counts = " and ".join(f"{number:,} {name}" for name, number in COUNTS.items())
    print(f"## Pages\n\n{counts}; {RUNS} runs of {REQUESTS} requests each, {os.cpu_count()} cores.\n")
    print(f"| what | ms | spread | vs {REFERENCE} |\n|---|--:|--:|--:|")
    reference = statistics.median(measured[REFERENCE])
    for name, path in paths.items():
        median = statistics.median(measured[path])
        spread = (max(measured[path]) - min(measured[path])) / median
        print(f"| {name} | {median:.1f} | {spread:.0%} | {median / reference:.1f} |")


def make_past(connection: http.client.HTTPConnection, database_url: str) -> dict[str, str]:
    """Fill the database; return the paths to measure, by their description."""
    now = datetime.now(UTC)
    times = {"started_at": (now - timedelta(minutes=1)).isoformat(), "completed_at": now.isoformat()}
    for steps in (10, 2000):
        reported = [
            {"name": f"step {number}", "number": number, "status": "success", **times} for number in range(steps)
        ]
        time_request(connection, "/api/webhook/deployment", {**FIRST, **times, "run_id": steps, "steps": reported})
    with psycopg2.connect(database_url) as database, database.cursor() as cursor:
        children = [COPY_CHILDREN.format(table, table) for table in ("deployment_jobs", "deployment_steps")]
        for statement in (COPY_PROJECTS, COPY_DEPLOYMENTS, *children, "ANALYZE"):
            cursor.execute(statement, COUNTS)
        cursor.execute("SELECT run_id, id FROM deployments WHERE run_id IN ('10', '2000') AND id < 1000")
        ids = dict(cursor.fetchall())
    connection.close()  # the server has closed it by now, after so long a pause
    shown = {"overview": "/", "project": "/projects/project", "history": "/deployments"}
    answers = {f"API: {name}": f"/api/{name}" for name in ("projects", "projects/project", "deployments")}
    views = {f"deployment, {run_id} steps": f"/deployments/{number}" for run_id, number in ids.items()}
    return {**shown, **views, **answers, **{f"API: {name}": f"/api{path}" for name, path in views.items()}}


def time_request(connection: http.client.HTTPConnection, path: str, payload: object = None) -> float:
    """Get, or post the payload; return the milliseconds until the last byte of the answer."""
    begun = time.perf_counter()
    connection.request("POST" if payload else "GET", path, json.dumps(payload) if payload else None, HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{path} answered {answer.status}")
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
