"""The schemas of the API have the fields and types of the views."""

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from marshmallow import fields

from dashboard.api import delivery_schemas, deployment_schemas, project_schemas
from dashboard.api.schemas import ViewSchema

SHAPES = sorted(
    {
        value
        for module in (deployment_schemas, project_schemas, delivery_schemas)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ViewSchema) and hasattr(value, "VIEW") and value().fields
    },
    key=lambda shape: shape.__name__,
)
FIELDS: dict[type, tuple[type[fields.Field[Any]], ...]] = {
    str: (fields.String,),
    bool: (fields.Boolean,),
    int: (fields.Integer,),
    float: (fields.Float,),
    list: (fields.List, fields.Raw),
    dict: (fields.Nested, fields.Dict, fields.Raw),
}
LEFT_OUT = {
    "DeploymentSchema": {"related", "shown_pct", "sorted_at", "usual"},
    "JobSchema": {"number"},
}
"""Fields of views that the API does not give, of the shapes that are not narrower on purpose."""


def get_kind(hint: Any) -> type:
    """Return which of FIELDS a type is."""
    if get_origin(hint) in {Union, UnionType}:
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    kind = get_origin(hint) or hint
    return dict if is_typeddict(kind) else kind


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_fields_have_the_types_of_the_view(shape: type[ViewSchema]) -> None:
    hints = get_type_hints(shape.VIEW)
    for name, field in shape().fields.items():
        hint = hints[field.attribute or name]
        assert field.allow_none == (hint is Any or NoneType in get_args(hint)), name
        if hint is not Any:
            assert isinstance(field, FIELDS[get_kind(hint)]), name


@pytest.mark.parametrize("name", LEFT_OUT)
def test_schemas_have_every_field_of_their_view(name: str) -> None:
    shape: type[ViewSchema] = getattr(deployment_schemas, name)
    assert get_type_hints(shape.VIEW).keys() - shape().fields.keys() == LEFT_OUT[name]
