"""Receipts as their senders get them, in JSON."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from dashboard.core.view_types.deliveries import DeliveryWarning
from dashboard.core.words import Verdict
from dashboard.http.links import make_deployment_url
from dashboard.ingest.delivery import Receipt


class ReceiptView(TypedDict):
    """What became of a delivery. `deployment_id`, `seq` and `url` are None if it concerns no deployment."""

    delivery_id: str
    verdict: str
    deployment_id: int | None
    seq: int | None
    url: str | None
    reason: NotRequired[str | None]
    """Why the delivery was not applied; missing if it was, now or before."""
    warnings: NotRequired[Sequence[DeliveryWarning]]
    """What of an applied delivery has no effect; missing if there is nothing."""


def describe_receipt(receipt: Receipt) -> ReceiptView:
    """Return the answer to a request that posted or replayed a delivery."""
    deployment_id = receipt.deployment_id
    view: ReceiptView = {
        "delivery_id": str(receipt.delivery_id),
        "verdict": receipt.verdict.value,
        "deployment_id": deployment_id,
        "seq": receipt.seq,
        "url": None if deployment_id is None else make_deployment_url(deployment_id, is_absolute=True),
    }
    if receipt.verdict not in {Verdict.APPLIED, Verdict.DUPLICATE}:
        view["reason"] = receipt.reason
    if receipt.warnings:
        view["warnings"] = receipt.warnings
    return view
