"""Template filters for estimates: the attributes that `static/js/live/estimate_fields.js` keeps up to date."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, g

from dashboard.core.estimate import count_ms, find_ends, is_slow
from dashboard.pages.drawing.gantt import find_growing_since, place_bar
from dashboard.pages.text.durations import find_slow_at
from dashboard.pages.text.formats import format_step_id

View = Mapping[str, Any]


def read_ends(view: View) -> str | None:
    """Return `median p90 runs`, from which the time left counts down; None if nothing is known."""
    ends = find_ends(view) if view.get("usual") else None
    return f"{ends.median_ms} {ends.p90_ms} {ends.runs}" if ends else None


def read_slow_at(step: View) -> int | None:
    """Return the time at which a running step becomes slow, in milliseconds since 1970."""
    if step.get("duration_s") is not None:
        return None
    return find_slow_at(step.get("started_at"), step.get("state"), step.get("usual"))


def read_usual_s(step: View) -> str:
    """Return the median duration of a step in seconds, written as JavaScript writes numbers."""
    seconds: float = step["usual"][0]
    return str(int(seconds) if seconds == int(seconds) else seconds)


def link_step(view: View) -> str:
    """Return the link to the step in the headline, escaped as encodeURIComponent does."""
    place = format_step_id(view["headline"]["step_job"], view["headline"]["key"])
    return "#" + quote(place, safe="!~*'()")


def is_step_slow(step: View) -> bool:
    """Return whether a step, ended or not, takes longer than usual."""
    slow_at = read_slow_at(step)
    if slow_at is not None:
        return count_ms(g.now) > slow_at
    usual, duration_s = step.get("usual"), step.get("duration_s")
    return bool(usual) and duration_s is not None and is_slow(duration_s, usual or [])


def read_bar(node: View) -> tuple[int, int]:
    """Return x and width of the bar of a job or step."""
    return place_bar(node.get("axis"), node, count_ms(g.now))


def read_growth(node: View) -> str | None:
    """Return `start span since` of a growing bar: start and span of its axis and its own start; None for any other."""
    axis = node.get("axis")
    since = find_growing_since(axis, node)
    return f"{axis['start_ms']} {axis['span_ms']} {since}" if axis and since is not None else None


FILTERS: dict[str, Callable[..., object]] = {
    "ends": read_ends,
    "slow_at": read_slow_at,
    "usual_s": read_usual_s,
    "step_href": link_step,
    "is_slow": is_step_slow,
    "bar": read_bar,
    "growth": read_growth,
}


def add_filters(blueprint: Blueprint) -> None:
    """Register the filters for all templates."""
    for name, function in FILTERS.items():
        blueprint.add_app_template_filter(function, name)
