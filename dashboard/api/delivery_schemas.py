"""The schemas of deliveries: arguments and answers of `/api/deliveries`."""

from typing import ClassVar

from marshmallow import fields

from dashboard.api.schemas import PageQuery, ViewSchema
from dashboard.core.view_types.deliveries import DeliverySummary, DeliveryView, DeliveryWarning, FieldChange
from dashboard.http.delivery_filter import DeliveryFilter


class DeliveriesQuery(PageQuery, DeliveryFilter):
    """Filters for deliveries, and the page of the list."""


class DeliverySummarySchema(ViewSchema):
    """A delivery without its headers, changes and body."""

    VIEW: ClassVar[type] = DeliverySummary

    id = fields.String()
    received_at = fields.String()
    took_ms = fields.Float(metadata={"description": "milliseconds from receipt (or replay) to the verdict"})
    replayed_at = fields.String(metadata={"description": "time of the last replay; the verdict is from then"})
    source = fields.String(metadata={"description": "name of the webhook source; null: not authenticated"})
    dialect = fields.String()
    event = fields.String()
    verdict = fields.String()
    reason = fields.String()
    deployment_id = fields.Integer()
    body_size = fields.Integer(metadata={"description": "bytes"})


class WarningSchema(ViewSchema):
    """What of an applied delivery has no effect, such as an unknown status word."""

    VIEW = DeliveryWarning

    field = fields.String(metadata={"description": "where it is in the body; empty: the whole body"})
    text = fields.String()


class ChangeSchema(ViewSchema):
    """A field that a delivery changed visibly."""

    VIEW = FieldChange

    deployment_id = fields.Integer()
    what = fields.String(metadata={"description": "deployment, job or step"})
    name = fields.String()
    field = fields.String()
    before = fields.Raw()
    after = fields.Raw()


class DeliverySchema(DeliverySummarySchema):
    """A whole delivery; values that are or look like secrets are masked."""

    VIEW = DeliveryView

    headers = fields.Dict(fields.String(), fields.String())
    warnings = fields.List(fields.Nested(WarningSchema))
    changes = fields.List(fields.Nested(ChangeSchema))
    body = fields.String(metadata={"description": "formatted and masked, at most the first 256 KiB; null: binary"})
    body_kind = fields.String(metadata={"description": "json, form, text or binary"})
    body_kept = fields.Integer(metadata={"description": "bytes stored; if fewer than body_size, the body was cut"})
    body_is_whole = fields.Boolean(metadata={"description": "whether body holds the whole body"})
    obstacle = fields.String(
        metadata={"description": "why it cannot be replayed: unauthenticated or cut; null: it can"}
    )
