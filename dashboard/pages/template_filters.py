"""The filters and tests that the templates use, by the names they use.

Many take a view or a part of one. The rows that the scripts clone are rendered from an empty view, without any key.
`static/js/live/estimate_fields.js` keeps up to date what the filters for estimates and bars return.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, g

from dashboard.core.estimate import count_ms, find_ends, find_slow_at, is_slow
from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.http.links import make_deployment_url, make_project_url
from dashboard.pages.deployment_description import DescribedDeployment, DescribedJob, DescribedStep
from dashboard.pages.drawing.gantt import find_growing_since, place_bar
from dashboard.pages.drawing.strip import draw_strip
from dashboard.pages.lists import order_running
from dashboard.pages.text import formats, sizes
from dashboard.pages.text.reasons import translate_reason


def format_field(view: Mapping[str, Any], names: str, text_format: str) -> str:
    """Return the text of the comma-separated fields in one format; empty if there is nothing to show."""
    return formats.format_values(view, names, text_format, g.now)


def read_open_since(view: Mapping[str, Any], names: str) -> str | None:
    """Return the time from which the elapsed time counts up, None if it does not."""
    return formats.open_since(*(formats.read_value(view, name) for name in names.split(",")))


def link_project(slug: str | None) -> str:
    return make_project_url(slug or "-")


def link_deployment(deployment_id: int | None) -> str:
    return make_deployment_url(deployment_id or 0)


def link_step(view: DescribedDeployment) -> str:
    """Return the link to the step in the headline, escaped as encodeURIComponent does."""
    place = formats.format_step_id(view["headline"]["step_job"], view["headline"]["key"])
    return "#" + quote(place, safe="!~*'()")


def read_ends(view: ListedDeployment) -> str | None:
    """Return `median p90 runs`, from which the time left counts down; None if nothing is known."""
    ends = find_ends(view.get("usual"), view.get("current"), view.get("started_at"), view.get("state"))
    return f"{ends.median_ms} {ends.p90_ms} {ends.runs}" if ends else None


def read_slow_at(step: DescribedStep) -> int | None:
    """Return the time at which a running step becomes slow, in milliseconds since 1970; None for any other step."""
    if step.get("duration_s") is not None:
        return None
    return find_slow_at(step.get("started_at"), step.get("state"), step.get("usual"))


def read_usual_s(step: DescribedStep) -> str:
    """Return the median duration of a step in seconds, written as JavaScript writes numbers."""
    assert step["usual"] is not None
    return f"{step['usual'][0]}".removesuffix(".0")


def is_step_slow(step: DescribedStep) -> bool:
    """Return whether a step, ended or not, takes longer than usual."""
    slow_at = read_slow_at(step)
    if slow_at is not None:
        return count_ms(g.now) > slow_at
    usual, duration_s = step.get("usual"), step.get("duration_s")
    return bool(usual) and duration_s is not None and is_slow(duration_s, usual or [])


def read_bar(node: DescribedJob | DescribedStep) -> tuple[int, int]:
    """Return x and width of the bar of a job or step."""
    return place_bar(node.get("axis"), node, count_ms(g.now))


def read_growth(node: DescribedJob | DescribedStep) -> str | None:
    """Return `start span since` of a growing bar: start and span of its axis and its own start; None for any other."""
    axis = node.get("axis")
    since = find_growing_since(axis, node)
    return f"{axis['start_ms']} {axis['span_ms']} {since}" if axis and since is not None else None


FILTERS: dict[str, Callable[..., object]] = {
    "shown": format_field,
    "value": formats.read_value,
    "open_since": read_open_since,
    "project_href": link_project,
    "deployment_href": link_deployment,
    "step_href": link_step,
    "safe_href": formats.safe_href,
    "size": sizes.format_size,
    "milliseconds": sizes.format_milliseconds,
    "json_text": sizes.format_json,
    "translate_reason": translate_reason,
    "order_running": order_running,
    "draw_strip": draw_strip,
    "ends": read_ends,
    "slow_at": read_slow_at,
    "usual_s": read_usual_s,
    "is_slow": is_step_slow,
    "bar": read_bar,
    "growth": read_growth,
}
TESTS: dict[str, Callable[..., bool]] = {"showing": formats.is_shown}


def init_app(app: Flask) -> None:
    """Register the filters and tests for all templates."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.tests.update(TESTS)
