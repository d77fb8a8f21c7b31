"""Deliveries handed to ingest in this process, without HTTP, and the views that come of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import current_app

from dashboard.core.report import Report
from dashboard.extensions import db, open_reader
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.queries.deployments import get_deployment
from dashboard.webhooks.dialects import native
from dashboard.webhooks.schemas import DEPLOYMENT

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OBSERVED = ("started_observed",)
RECEIPT_FIELDS = ("id", "seq", "sorted_at")
"""Parts of a view that come from the receipt, not from the report."""


def make_report(**payload: Any) -> Report:
    """Return the report of a native payload on run 1 of the project shop."""
    return native.parse(DEPLOYMENT.load({"project": "shop", "run_id": "1", **payload}))


def make_incoming(*reports: Report, **values: Any) -> Incoming:
    """Return a delivery of the reports."""
    defaults = {"received_at": NOW, "source": "default", "dialect": "native", "body": b"{}"}
    return Incoming(**{**defaults, **values}, reports=reports)


def ingest(*deliveries: Incoming) -> list[Receipt]:
    """Apply deliveries as one batch."""
    return ingest_deliveries(db.engine, deliveries, current_app.config["SETTINGS"])


def ingest_each(reports: Sequence[Report]) -> int:
    """Apply reports on one deployment one by one; return its id."""
    numbers = {ingest(make_incoming(report))[0].deployment_id for report in reports}
    (number,) = numbers
    assert number is not None
    return number


def read_view(deployment_id: int, now: datetime = NOW) -> Any:
    """Return a deployment as a fresh page shows it."""
    db.session.rollback()
    view = get_deployment(open_reader(now), deployment_id)
    assert view is not None
    return view


def strip_receipt(view: Any) -> Any:
    """Return the view without what depends on when and in which order deliveries were received."""
    if isinstance(view, list):
        return [strip_receipt(item) for item in view]
    if not isinstance(view, dict):
        return view
    kept = {name: strip_receipt(value) for name, value in view.items() if name not in {*RECEIPT_FIELDS, *OBSERVED}}
    return kept | ({"started_at": "observed"} if view.get("started_observed") else {})


def replay_events(events: Sequence[Any]) -> dict[str, Any]:
    """Return the deployment as a page that received all its events shows it."""
    deployment: dict[str, Any] = {}
    jobs: dict[str, dict[str, Any]] = {}
    steps: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        deployment |= event["deployment"]
        for change in event["jobs"]:
            jobs[change["key"]] = jobs.get(change["key"], {}) | change
        for change in event["steps"]:
            key = (change["job"], change["key"])
            steps[key] = steps.get(key, {}) | change
    return {"deployment": deployment, "jobs": jobs, "steps": steps}
