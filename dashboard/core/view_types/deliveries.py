"""Views of deliveries."""

from typing import Any, TypedDict


class DeliverySummary(TypedDict):
    """A delivery without its headers and body, secrets masked."""

    id: str
    received_at: str
    took_ms: float | None
    replayed_at: str | None
    source: str | None
    dialect: str
    event: str | None
    verdict: str
    reason: str | None
    deployment_id: int | None
    body_size: int


class DeliveryWarning(TypedDict):
    """A part of a delivery that has no effect although the rest was applied."""

    field: str
    """Where it is in the body: `steps[2].status`; empty for the whole body."""
    text: str


class FieldChange(TypedDict):
    """One value that a delivery changed."""

    deployment_id: int
    what: str
    """`deployment`, `job` or `step`."""
    name: str | None
    """Name of the job or step; None for a deployment."""
    field: str
    before: Any
    """None for a new job or step, and for a new deployment."""
    after: Any


class DeliveryView(DeliverySummary):
    """A complete delivery, secrets masked."""

    headers: dict[str, str]
    warnings: list[DeliveryWarning]
    changes: list[FieldChange]
    body: str | None
    """None if it is binary."""
    body_kind: str
    """`json`, `form`, `text` or `binary`."""
    body_kept: int
    body_is_whole: bool
    obstacle: str | None
    """Why the delivery cannot be replayed: `unauthenticated` or `cut`; None if it can."""
