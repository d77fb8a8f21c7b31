"""The answer to a request that posted or replayed a delivery."""

from typing import Any

from dashboard.core.words import Verdict
from dashboard.http.links import make_deployment_url
from dashboard.ingest.delivery import Receipt


def describe_receipt(receipt: Receipt) -> dict[str, Any]:
    """Return the answer to a request that posted or replayed a delivery."""
    deployment_id = receipt.deployment_id
    applies = receipt.verdict in {Verdict.APPLIED, Verdict.DUPLICATE}
    return {
        "delivery_id": str(receipt.delivery_id),
        "verdict": receipt.verdict.value,
        "deployment_id": deployment_id,
        "seq": receipt.seq,
        "url": None if deployment_id is None else make_deployment_url(deployment_id, is_absolute=True),
        **({} if applies else {"reason": receipt.reason}),
    }
