"""What receiving and replaying a delivery share: the check that its source may report, and the answer."""

from typing import Any

from dashboard.access import Source
from dashboard.core.words import Verdict
from dashboard.http.links import make_deployment_url
from dashboard.ingest.delivery import Interpretation, Receipt


def reject_if_not_allowed(source: Source, interpretation: Interpretation) -> Interpretation:
    """Return the interpretation, or a rejection of all of it if the source may not report on one of the projects."""
    forbidden = next((report for report in interpretation.reports if not source.allows(report)), None)
    if forbidden is None:
        return interpretation
    reason = f"source {source.name} is not allowed to report on {forbidden.identity.project_slug}"
    return Interpretation(verdict=Verdict.REJECTED, reason=reason, event=interpretation.event)


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
