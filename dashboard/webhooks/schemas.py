"""The native payload at the wire: its fields, their types and limits. What they mean is in dialects.native."""

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from dashboard.webhooks.dialects.payload import (
    MAX_INT,
    MIN_TIME,
    NAME_LENGTH,
    TEXT_LENGTH,
    UNSTORABLE,
    URL_LENGTH,
)

MAX_CACHED_LENGTH = 300
"""Characters of a text, or of a step in a map of steps, whose reading is remembered."""
SHORT_DIGITS = re.compile(r"[0-9]{1,20}\Z")


class Blankable(fields.Field[Any]):
    """A field whose blank value means null: there is nothing to validate then."""

    def _validate(self, value: Any) -> None:  # noqa: ANN401
        if value is not None:
            super()._validate(value)


class Text(Blankable, fields.String):
    """A text; blank means null. Longer than `most`: refused."""

    def __init__(self, most: int = NAME_LENGTH, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(allow_none=True, validate=validate.Length(max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if UNSTORABLE.search(text):
            raise ValidationError("Must not contain NUL or unpaired surrogates.")
        return text.strip() or None


class Tail(Text):
    """A log: of a longer one the end is kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        return text and text[-TEXT_LENGTH:]


class Moment(fields.Field[datetime]):
    """ISO 8601 with a time zone; blank, and anything before the year 2000, means null."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        if not isinstance(value, str):
            raise ValidationError("Must be a string like 2024-01-31T23:59:59Z.")
        if not value.strip():
            return None
        try:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                raise ValidationError("Must have a time zone, for example Z for UTC.")
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("Not a valid time. Use ISO 8601, like 2024-01-31T23:59:59Z.") from None
        return moment if moment >= MIN_TIME else None


class Number(Blankable, fields.Integer):
    """A whole number, also as a text of digits; blank means null."""

    def __init__(self, least: int, most: int = MAX_INT, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(allow_none=True, strict=True, validate=validate.Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
            value = int(value) if SHORT_DIGITS.match(value) else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Seconds(Blankable, fields.Float):
    """A duration, also as a text; blank means null."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, allow_nan=False, validate=validate.Range(0, MAX_INT))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str) and not value.strip():
            return None
        return super()._deserialize(value, attr, data, **kwargs)


class RunId(Text):
    """A text; a number is taken for one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(Text):
    """One of a few words, in any case; blank means null, and so do several with | between them."""

    def __init__(self, *words: str) -> None:
        self.words = words
        super().__init__()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            return None
        given = text.lower().split("|")
        if not set(given) <= set(self.words):
            raise ValidationError(f"Must be one of: {', '.join(self.words)}.")
        return given[0] if len(given) == 1 else None


@functools.lru_cache(maxsize=8192)
def _read_short(field: fields.Field[Any], value: str) -> Any:  # noqa: ANN401
    """Return what a field makes of a short text; most of what a project sends it has sent before."""
    return field.deserialize(value)


class NodePayload(Schema):
    """What deployments, jobs and steps have in common."""

    class Meta:
        """Unknown fields stay in the stored delivery and are otherwise ignored."""

        unknown = EXCLUDE

    def read(self, body: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return what `load` does, or raise what it raises, after a look only at those fields that the body has.

        The fields and their checks are marshmallow's; its own loop costs more than they do, as most fields are absent.
        """
        if not isinstance(body, Mapping) or not self._required <= body.keys():
            return self.load(body)  # type: ignore[no-any-return]  # it knows what to say
        loaded, errors = {}, {}
        for name, value in body.items():
            if (field := self.fields.get(name)) is not None:
                is_short = type(value) is str and len(value) <= MAX_CACHED_LENGTH
                try:
                    loaded[name] = _read_short(field, value) if is_short else field.deserialize(value, name, body)
                except ValidationError as error:
                    errors[name] = error.messages
        if errors:
            raise ValidationError(errors)
        return loaded

    @functools.cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(name for name, field in self.fields.items() if field.required)

    status = Text()
    started_at = Moment(allow_none=True)
    completed_at = Moment(allow_none=True)
    message = Text(TEXT_LENGTH)
    error = Text(TEXT_LENGTH)
    log = Tail(most=TEXT_LENGTH)


class Nested(fields.Nested):
    """A node in another one."""

    def _load(self, value: Any, partial: Any = None) -> Any:  # noqa: ANN401, ARG002
        return self.schema.read(value)  # type: ignore[attr-defined]


class StepPayload(NodePayload):
    """One step; in a map of steps its name is the key."""

    name = Text(required=True)
    number = Number(0)
    job = Text()


class JobPayload(NodePayload):
    """One job, with a word of its own and steps."""

    name = Text(required=True)
    steps = fields.List(Nested(StepPayload), allow_none=True)


@functools.lru_cache(maxsize=4096)
def _read_step(name: str, status: str) -> Mapping[str, Any]:
    """Return a step that is only a name and a word; a project sends the same ones all day."""
    return STEP.read({"name": name, "status": status})


class StepDetails(fields.Field[list[Mapping[str, Any]]]):
    """An ordered map from step to status, or to an object: read as a list of steps."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        if not isinstance(value, Mapping):
            raise ValidationError("Must be an object that maps each step to its status.")
        loaded: list[Mapping[str, Any]] = []
        errors = {}
        for name, detail in value.items():
            try:
                if isinstance(detail, Mapping):
                    loaded.append(STEP.read({**detail, "name": name}))
                elif isinstance(detail, str) and len(name) + len(detail) <= MAX_CACHED_LENGTH:
                    loaded.append(_read_step(name, detail))
                else:
                    loaded.append(STEP.read({"name": name, "status": detail}))
            except ValidationError as error:
                errors[UNSTORABLE.sub("\ufffd", name)[:NAME_LENGTH]] = error.messages
        if errors:
            raise ValidationError(errors)
        return loaded


class DeploymentPayload(NodePayload):
    """The whole body."""

    project = Text(required=True)
    repository = Text(URL_LENGTH)
    environment = Text()
    branch = Text()
    commit_hash = Text()
    commit_message = Text(TEXT_LENGTH)
    triggered_by = Text()
    trigger_type = Text()
    deploy_type = Choice("backend", "static")
    deploy_path = Text(URL_LENGTH)
    test_url = Text(URL_LENGTH)
    port = Number(1, 65535)
    service_status = Choice("running", "stopped")
    run_id = RunId()
    run_attempt = Number(1)
    run_url = Text(URL_LENGTH)
    timestamp = Moment(allow_none=True)
    duration_s = Seconds()
    job = Text()
    jobs = fields.List(Nested(JobPayload), allow_none=True)
    step_details = StepDetails(allow_none=True)
    steps = fields.List(Nested(StepPayload), allow_none=True)
    step = Nested(StepPayload, allow_none=True)
    step_name = Text()
    step_status = Text()


def count_children(body: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many jobs and steps a body holds in all of its lists: cheap, before anything else looks at them."""
    jobs = body.get("jobs")
    jobs = jobs if isinstance(jobs, list) else []
    lists = [body.get("steps"), body.get("step_details"), *(job.get("steps") for job in jobs if isinstance(job, dict))]
    return len(jobs), sum(len(steps) for steps in lists if isinstance(steps, list | dict))


STEP = StepPayload()
DEPLOYMENT = DeploymentPayload()
"""Made once: making a schema costs several times what loading with it does."""
