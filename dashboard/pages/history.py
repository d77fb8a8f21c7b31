"""What the pages of the past show: the history of all deployments, its export, the past of one project."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import url_for

from dashboard.core.view import View
from dashboard.pages import charts
from dashboard.pages.arrange import hide_linked
from dashboard.pages.export import MOST_ROWS, write_csv
from dashboard.pages.filters import FilterForm, read_form
from dashboard.queries import history, statistics
from dashboard.queries.lists import DeploymentFilters, list_deployments
from dashboard.queries.live import snapshot_overview

PAGE_SIZE = 50

Context = dict[str, Any]


def describe_history(arguments: Mapping[str, str], now: datetime) -> Context:
    """Return what the page shows for an address; without `topic`, and without deployments, if a filter makes no sense.

    `cursor` asks for an older page. `top` asks for the first page as it began when someone opened it: what came since
    is only counted, as `newer`. Raises CursorError.
    """
    choices = history.list_choices()
    form = read_form(arguments, [slug for slug, _ in choices["project"]])
    shown = {} if form.errors else _describe_results(form.filters, arguments, now)
    return {"form": form, "choices": choices, "page_size": PAGE_SIZE, **shown}


def _describe_results(filters: DeploymentFilters, arguments: Mapping[str, str], now: datetime) -> Context:
    cursor = arguments.get("cursor")
    top = None if cursor else arguments.get("top")
    recent, older = list_deployments(filters, now, PAGE_SIZE, cursor or top)
    return {
        "topic": f"project:{filters.project}" if filters.project else "overview",
        "recent": recent,
        "older": older,
        "is_first": not cursor,
        "newer": history.count_newer(filters, now, top, PAGE_SIZE) if top else 0,
        "top": history.mark_top(recent[0]) if recent and not cursor else None,
    }


def read_filters(arguments: Mapping[str, str]) -> FilterForm[DeploymentFilters]:
    """Return what an address asks the history for."""
    return read_form(arguments, [slug for slug, _ in history.list_choices()["project"]])


def export_deployments(filters: DeploymentFilters, now: datetime) -> Iterator[str]:
    """Return the deployments that match as a CSV file in pieces."""
    return write_csv(map(_link_deployments, history.iterate_deployments(filters, now, MOST_ROWS)))


def describe_project(slug: str, now: datetime) -> Context | None:
    """Return what the page of a project shows, None if there is none."""
    snapshot = snapshot_overview(now, slug)
    if not snapshot["projects"]:
        return None
    shown = snapshot["deployments"]
    outcomes = statistics.read_outcomes(slug, now)
    return {
        "project": snapshot["projects"][0],
        "running": hide_linked([view for view in shown if view["status"] != "completed"]),
        "recent": hide_linked(shown[:PAGE_SIZE]),
        "seen": " ".join(f"{view['id']}.{view['seq']}" for view in shown),
        "environments": statistics.list_environments(slug, now),
        "steps": statistics.rank_steps(slug),
        "outcomes": outcomes,
        "rate_bars": charts.draw_outcomes(outcomes),
        "duration_bars": charts.draw_durations(outcomes),
    }


def _link_deployments(views: list[View]) -> list[View]:
    return [{**view, "url": _link(view["id"])} for view in views]


def _link(deployment_id: int) -> str:
    return url_for("pages.show_deployment", deployment_id=deployment_id, _external=True)
