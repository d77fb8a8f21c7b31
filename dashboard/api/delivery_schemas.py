"""The schemas of the inbox: arguments and answers of `/api/deliveries`."""

from typing import ClassVar

from marshmallow import fields

from dashboard.api.schemas import PageQuery, ViewSchema
from dashboard.core import view_types
from dashboard.http.delivery_filter import DeliveryFilter


class DeliveriesQuery(PageQuery, DeliveryFilter):
    """Filters for deliveries, and the page of the list."""


class DeliverySummary(ViewSchema):
    """A delivery without its headers, changes and body."""

    VIEW: ClassVar[type] = view_types.DeliverySummary

    id = fields.String()
    received_at = fields.String()
    took_ms = fields.Float(metadata={"description": "from its receipt, or its replay, to its verdict"})
    replayed_at = fields.String(metadata={"description": "when it was last read anew; its verdict is of that time"})
    source = fields.String(metadata={"description": "null: nobody authenticated it"})
    dialect = fields.String()
    event = fields.String()
    verdict = fields.String()
    reason = fields.String()
    deployment_id = fields.Integer()
    body_size = fields.Integer(metadata={"description": "bytes"})


class ChangeSchema(ViewSchema):
    """A field that a delivery changed visibly."""

    VIEW = view_types.FieldChange

    deployment_id = fields.Integer()
    what = fields.String(metadata={"description": "deployment, job or step"})
    name = fields.String()
    field = fields.String()
    before = fields.Raw()
    after = fields.Raw()


class DeliverySchema(DeliverySummary):
    """A whole delivery; values that are or look like secrets are masked."""

    VIEW = view_types.DeliveryView

    headers = fields.Dict(fields.String(), fields.String())
    changes = fields.List(fields.Nested(ChangeSchema))
    body = fields.String(metadata={"description": "formatted, at most its first 256 KiB; null: it is binary"})
    body_kind = fields.String(metadata={"description": "json, form, text or binary"})
    body_kept = fields.Integer(metadata={"description": "bytes that are stored; fewer than body_size: its end is gone"})
    body_is_whole = fields.Boolean(metadata={"description": "body shows all of it"})
    obstacle = fields.String(metadata={"description": "unauthenticated or cut: it cannot be replayed"})
