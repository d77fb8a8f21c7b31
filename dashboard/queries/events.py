"""The events of a deployment."""

from sqlalchemy import select

from dashboard.core.view_types.events import EventView
from dashboard.models import Deployment, DeploymentEvent
from dashboard.queries.reader import Reader

MAX_EVENTS = 500
"""How many events are sent to a client that asks for those it missed; instead of more, a snapshot is shorter."""


def list_events(reader: Reader, deployment_id: int, since: int, limit: int = MAX_EVENTS + 1) -> list[EventView] | None:
    """Return up to `limit` events after `since`, in the shape of frames.

    None if the deployment does not exist, if the events are no longer kept, or if `since` is in the future.
    """
    current = reader.session.scalar(select(Deployment.seq).where(Deployment.id == deployment_id))
    if current is None or not 0 <= since <= current:
        return None
    table = DeploymentEvent
    query = select(table.seq, table.kind, table.changes).where(table.deployment_id == deployment_id, table.seq > since)
    rows = reader.session.execute(query.order_by(table.seq).limit(limit)).all()
    if (rows[0].seq if rows else current + 1) != since + 1:
        return None
    return [
        {
            "deployment_id": deployment_id,
            "prev_seq": row.seq - 1,
            "seq": row.seq,
            "kind": row.kind,
            "deployment": row.changes["deployment"],
            "jobs": row.changes["jobs"],
            "steps": row.changes["steps"],
        }
        for row in rows
    ]
