"""The schemas of the native payload: its fields with their types and limits. dialects.native interprets them."""

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from dashboard.core.storable import MAX_INT, UNSTORABLE
from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    MIN_TIME,
    UNIX_TEXT,
    from_unix,
    to_utc,
)

MAX_CACHED_LENGTH = 300
"""The maximum length of a text, or of name and status of a step, whose deserialised value is cached."""
SHORT_DIGITS = re.compile(r"[0-9]{1,20}\Z")


class BlankAsNull(fields.Field[Any]):
    """A field whose blank value means null, which skips its validators."""

    def _validate(self, value: Any) -> None:  # noqa: ANN401
        if value is not None:
            super()._validate(value)


class Text(BlankAsNull, fields.String):
    """A text of at most `limit` characters; blank means null."""

    def __init__(self, limit: int = MAX_NAME_LENGTH, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(allow_none=True, validate=validate.Length(max=limit), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if UNSTORABLE.search(text):
            raise ValidationError("Must not contain NUL or unpaired surrogates.")
        return text.strip() or None


class Tail(Text):
    """A log, of which at most the last MAX_TEXT_LENGTH characters are kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        return text and text[-MAX_TEXT_LENGTH:]


class Moment(fields.Field[datetime]):
    """A time in ISO 8601 with a time zone, or seconds or milliseconds since 1970, which may be a text of digits.

    Blank, or before the year 2000 in any zone, means null.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        if isinstance(value, str):
            return _read_moment(value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Must be a string like 2024-01-31T23:59:59Z, or a number of seconds since 1970.")
        return from_unix(value)


def _read_moment(text: str) -> datetime | None:
    if not text or text.startswith("0000-"):
        return None
    if UNIX_TEXT.fullmatch(text):
        return from_unix(float(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError("Not a valid time. Use ISO 8601, like 2024-01-31T23:59:59Z.") from None
    if moment.tzinfo is None and moment.year >= MIN_TIME.year:
        raise ValidationError("Must have a time zone, for example Z for UTC.")
    return to_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


class Number(BlankAsNull, fields.Integer):
    """A whole number, which may be a text of digits; blank means null."""

    def __init__(self, minimum: int, maximum: int = MAX_INT, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(allow_none=True, strict=True, validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
            value = int(value) if SHORT_DIGITS.match(value) else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Seconds(BlankAsNull, fields.Float):
    """A duration in seconds, which may be a text; blank means null."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, allow_nan=False, validate=validate.Range(0, MAX_INT))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str) and not value.strip():
            return None
        return super()._deserialize(value, attr, data, **kwargs)


class RunId(Text):
    """A text; a whole number is converted to one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(Text):
    """One of several words in any letter case; blank means null, as do several words separated by |."""

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
def _read_cached(field: fields.Field[Any], value: str) -> Any:  # noqa: ANN401
    """Return the value that a field reads from a short text; a project sends mostly the same texts."""
    return field.deserialize(value)


class NodePayload(Schema):
    """The fields that deployments, jobs and steps have in common."""

    class Meta:
        """Unknown fields are ignored; they stay in the stored delivery."""

        unknown = EXCLUDE

    def read(self, body: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the same as `load`, or raise the same ValidationError, faster: only fields in the body are read.

        Fields and validators are marshmallow's, but its loop over all fields, most of them absent, costs more.
        """
        if not isinstance(body, Mapping) or not self._required <= body.keys():
            return self.load(body)  # type: ignore[no-any-return]  # raises the right error
        loaded, errors = {}, {}
        for name, value in body.items():
            if (field := self.fields.get(name)) is not None:
                is_short = type(value) is str and len(value) <= MAX_CACHED_LENGTH
                try:
                    loaded[name] = _read_cached(field, value) if is_short else field.deserialize(value, name, body)
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
    message = Text(MAX_TEXT_LENGTH)
    error = Text(MAX_TEXT_LENGTH)
    log = Tail(MAX_TEXT_LENGTH)


class Nested(fields.Nested):
    """A node inside another one."""

    def _load(self, value: Any, partial: Any = None) -> Any:  # noqa: ANN401, ARG002
        return self.schema.read(value)  # type: ignore[attr-defined]


class StepPayload(NodePayload):
    """One step; in a map of steps the key is its name."""

    name = Text(required=True)
    number = Number(0)
    job = Text()


class JobPayload(NodePayload):
    """One job with its own status and steps."""

    name = Text(required=True)
    steps = fields.List(Nested(StepPayload), allow_none=True)


@functools.lru_cache(maxsize=4096)
def _read_step_cached(name: str, status: str) -> Mapping[str, Any]:
    """Return a step that has only a name and a status; a project sends mostly the same ones."""
    return STEP.read({"name": name, "status": status})


class StepDetails(fields.Field[list[Mapping[str, Any]]]):
    """An ordered map from the name of a step to its status, or to an object; it becomes a list of steps."""

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
                    loaded.append(_read_step_cached(name, detail))
                else:
                    loaded.append(STEP.read({"name": name, "status": detail}))
            except ValidationError as error:
                errors[UNSTORABLE.sub("\ufffd", name)[:MAX_NAME_LENGTH]] = error.messages
        if errors:
            raise ValidationError(errors)
        return loaded


class DeploymentPayload(NodePayload):
    """The whole body of a native delivery."""

    project = Text(required=True)
    repository = Text(MAX_URL_LENGTH)
    environment = Text()
    branch = Text()
    commit_hash = Text()
    commit_message = Text(MAX_TEXT_LENGTH)
    triggered_by = Text()
    trigger_type = Text()
    deploy_type = Choice("backend", "static")
    deploy_path = Text(MAX_URL_LENGTH)
    test_url = Text(MAX_URL_LENGTH)
    port = Number(1, 65535)
    service_status = Choice("running", "stopped")
    run_id = RunId()
    run_attempt = Number(1)
    run_url = Text(MAX_URL_LENGTH)
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
    """Return the numbers of jobs and of steps in all lists of a body, without validating them."""
    jobs = body.get("jobs")
    jobs = jobs if isinstance(jobs, list) else []
    lists = [body.get("steps"), body.get("step_details"), *(job.get("steps") for job in jobs if isinstance(job, dict))]
    return len(jobs), sum(len(steps) for steps in lists if isinstance(steps, list | dict))


STEP = StepPayload()
DEPLOYMENT = DeploymentPayload()
"""Made once, because making a schema costs several times as much as loading with it."""
