"""The filters for deliveries, shared by their pages, the API and replay."""

from marshmallow import Schema, ValidationError, fields, validate

from dashboard.core.storable import MAX_ID, UNSTORABLE
from dashboard.core.words import Verdict

MAX_FILTER_LENGTH = 300
"""Maximum length of a filter's value, in characters."""


def check_text(text: str) -> None:
    """Raise ValidationError for a text that is too long, or that JSON can contain but PostgreSQL cannot store."""
    if len(text) > MAX_FILTER_LENGTH:
        raise ValidationError(f"Must be at most {MAX_FILTER_LENGTH} characters.")
    if UNSTORABLE.search(text):
        raise ValidationError("Must not contain NUL or unpaired surrogates.")


class DeliveryFilter(Schema):
    """Filters for deliveries; a missing or null filter does not apply."""

    verdict = fields.Enum(Verdict, by_value=True, load_default=None)
    dialect = fields.String(load_default=None, validate=check_text)
    source = fields.String(
        load_default=None, validate=check_text, metadata={"description": "name of the webhook source"}
    )
    event = fields.String(load_default=None, validate=check_text)
    deployment_id = fields.Integer(load_default=None, validate=validate.Range(0, MAX_ID))
    project = fields.String(load_default=None, validate=check_text, metadata={"description": "slug of the project"})
    q = fields.String(
        load_default=None,
        validate=check_text,
        metadata={"description": "text contained in reason, event, source or id"},
    )
    since = fields.AwareDateTime(load_default=None, format="iso")
    until = fields.AwareDateTime(load_default=None, format="iso")
