"""What all schemas of the API share: pages of lists, and answers that follow the views.

The schemas make `/api/openapi.json`. Times are in ISO 8601 and UTC, durations in seconds.
"""

from types import NoneType
from typing import Any, ClassVar, Generic, TypedDict, TypeVar, get_args, get_type_hints

from marshmallow import EXCLUDE, Schema, fields, validate

MAX_PAGE_SIZE = 200

Item = TypeVar("Item")


class PageQuery(Schema):
    """The page of a list: its size, and where it begins."""

    class Meta:
        """Unknown arguments are ignored: a proxy may have added them."""

        unknown = EXCLUDE

    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_PAGE_SIZE))
    cursor = fields.String(load_default=None, metadata={"description": "next_cursor of the previous page"})


class Page(TypedDict, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None


class ViewSchema(Schema):
    """A view as JSON; the view's type decides which fields may be null."""

    VIEW: ClassVar[type]
    """The TypedDict of the view."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Allow null if the view's type does."""
        field_obj.allow_none = allows_null(get_type_hints(self.VIEW)[field_obj.attribute or field_name])


def allows_null(hint: Any) -> bool:  # noqa: ANN401
    """Return whether a type includes None."""
    return hint is Any or NoneType in get_args(hint)


class PageSchema(ViewSchema):
    """One page of a list."""

    VIEW = Page


def make_page_schema(item: type[Schema]) -> type[Schema]:
    """Return the schema of one page of a list of `item`."""
    members: dict[str, Any] = {"items": fields.List(fields.Nested(item)), "next_cursor": fields.String()}
    return PageSchema.from_dict(members, name=f"{item.__name__.removesuffix('Schema')}Page")
