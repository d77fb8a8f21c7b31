"""Views of changes, as events and frames."""

from typing import Any, TypedDict


class Changes(TypedDict):
    """What changed in a deployment with one seq: only changed fields, with the keys of jobs and steps."""

    deployment: dict[str, Any]
    jobs: list[dict[str, Any]]
    steps: list[dict[str, Any]]


class Frame(Changes):
    """What a browser receives of one deployment at a time: right for whoever has prev_seq or a later seq below seq."""

    deployment_id: int
    prev_seq: int
    seq: int


class EventView(Frame):
    """An event as the API and browsers get it."""

    kind: str
