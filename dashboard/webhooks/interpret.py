"""What a delivery says: from dialect, headers and raw body to reports and a verdict, at first and on replay alike.

Knows no request and no database.
"""

import hashlib
import itertools
import logging
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from marshmallow import ValidationError

from dashboard.core.report import Report
from dashboard.core.words import NATIVE, Verdict
from dashboard.http.body import decode_json, parse_json, require_json
from dashboard.http.problems import ProblemError, flatten_messages
from dashboard.ingest.delivery import Interpretation
from dashboard.webhooks.dialects import native
from dashboard.webhooks.dialects.payload import MAX_JOBS, MAX_STEPS, NAME_LENGTH, Ignored, MalformedError
from dashboard.webhooks.schemas import DEPLOYMENT, count_children
from dashboard.webhooks.senders import NATIVE_KEY_HEADERS, SENDERS, Sender, read_first

MAX_ERRORS = 50
"""Fields that an answer names: who sent ten thousand bad ones does not need to hear of each."""
FORM = "application/x-www-form-urlencoded"
MAX_FORM_FIELDS = 10

log = logging.getLogger(__name__)


def interpret(dialect: str, headers: Mapping[str, str], body: bytes, source: str) -> Interpretation:
    """Return what a delivery of a source says.

    A native one that must be changed by its sender raises ProblemError. CI servers cannot be told: what of theirs
    cannot be read comes back as failed, to be replayed when it can; so does a delivery on which the parser fails.
    """
    try:
        if dialect == NATIVE:
            require_json(headers.get("Content-Type", ""))
            return Interpretation(reports=(_parse_native(body),), key=_read_native_key(headers))
        said = _interpret_foreign(SENDERS[dialect], headers, body)
        return replace(said, reports=tuple(_place(report, source) for report in said.reports))
    except ProblemError:
        raise
    except Exception as error:  # the outermost edge of the parsers: their fault must not cost the sender anything
        log.exception("the parser of the dialect %s failed", dialect)
        sender = SENDERS.get(dialect)
        event = _read_told(sender, headers) if sender else None
        return Interpretation(verdict=Verdict.FAILED, reason=f"the parser failed: {type(error).__name__}", event=event)


def _place(report: Report, source: str) -> Report:
    """Return the report; where no host is named (some of Jenkins' bodies name none) the source stands for it."""
    host, *rest = report.identity.parts
    if host:
        return report
    return replace(report, identity=replace(report.identity, parts=(f"source {source}", *rest)))


def _parse_native(body: bytes) -> Report:
    parsed = parse_json(body)
    jobs, steps = count_children(parsed)
    if jobs > MAX_JOBS or steps > MAX_STEPS:
        field, most = ("jobs", MAX_JOBS) if jobs > MAX_JOBS else ("steps", MAX_STEPS)
        raise refuse({field: [f"At most {most} in one delivery. Send several deliveries."]})
    try:
        return native.parse(DEPLOYMENT.read(parsed))
    except ValidationError as error:
        raise refuse(flatten_messages(error.messages)) from None
    except MalformedError as error:
        raise refuse(error.errors) from None


def _interpret_foreign(sender: Sender, headers: Mapping[str, str], body: bytes) -> Interpretation:
    event = _read_told(sender, headers)
    try:
        decoded = decode_json(_unwrap_form(headers, body))
        event = sender.name_event(event, decoded)
        parsed = sender.parse(event, decoded)
    except (ProblemError, MalformedError) as error:
        reason = error.detail if isinstance(error, ProblemError) else str(error)
        return Interpretation(verdict=Verdict.FAILED, reason=f"invalid payload: {reason}", event=event)
    key = _read_foreign_key(sender, headers, event, decoded, body)
    if isinstance(parsed, Ignored):
        return Interpretation(verdict=Verdict.IGNORED, reason=parsed.reason, event=event, key=key)
    return Interpretation(reports=parsed, event=event, key=key)


def _read_told(sender: Sender, headers: Mapping[str, str]) -> str | None:
    told = read_first(headers, sender.event_headers)
    return told[1][:NAME_LENGTH] if told else None


def _unwrap_form(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the JSON in the field `payload` of a form, which GitHub and Gitea can be set to send.

    Without that field the body itself: tools like curl call everything a form.
    """
    if not headers.get("Content-Type", "").lower().startswith(FORM):
        return body
    try:
        fields = parse_qs(body.decode("latin-1"), max_num_fields=MAX_FORM_FIELDS, encoding="latin-1")
    except ValueError:
        raise MalformedError({"payload": [f"The form must have at most {MAX_FORM_FIELDS} fields."]}) from None
    return fields["payload"][0].encode("latin-1") if "payload" in fields else body


def _read_foreign_key(
    sender: Sender,
    headers: Mapping[str, str],
    event: str,
    decoded: Any,  # noqa: ANN401
    body: bytes,
) -> str | None:
    """Return what the sender keeps the same when it sends again, None if nothing tells copies apart."""
    if found := read_first(headers, sender.key_headers):
        return found[1] if len(found[1]) <= NAME_LENGTH else hashlib.sha256(found[1].encode()).hexdigest()
    name = sender.name_delivery(event, decoded) if sender.name_delivery else None
    # Made up by us: so a body that differs is another delivery, not a wrong one.
    return name and hashlib.sha256(name.encode(errors="replace") + b"\n" + body).hexdigest()


def _read_native_key(headers: Mapping[str, str]) -> str | None:
    found = read_first(headers, NATIVE_KEY_HEADERS)
    if found and len(found[1]) > NAME_LENGTH:
        raise refuse({found[0]: [f"Must be at most {NAME_LENGTH} characters."]})
    return found and found[1]


def refuse(errors: Mapping[str, list[str]]) -> ProblemError:
    """Return the 422 for what is wrong with fields."""
    told = dict(itertools.islice(errors.items(), MAX_ERRORS))
    summary = "; ".join(f"{field}: {messages[0]}" for field, messages in itertools.islice(told.items(), 5))
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, summary, told)
