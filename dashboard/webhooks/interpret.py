"""Interpretation of a delivery, when received or replayed: from dialect, headers and body to reports or a verdict.

Uses neither the request nor the database.
"""

import hashlib
import itertools
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from marshmallow import ValidationError

from dashboard.access import Source
from dashboard.core.future_times import drop_future_times
from dashboard.core.masking import FORM
from dashboard.core.registers import claim_node, merge_nodes
from dashboard.core.report import Report
from dashboard.core.view_types.deliveries import DeliveryWarning
from dashboard.core.words import NATIVE, Verdict
from dashboard.http.body import decode_json, parse_json, require_json
from dashboard.http.problems import ProblemError, flatten_messages
from dashboard.ingest.delivery import Interpretation
from dashboard.webhooks.dialects import native
from dashboard.webhooks.dialects.payload import MAX_JOBS, MAX_NAME_LENGTH, MAX_STEPS, Ignored, MalformedError
from dashboard.webhooks.schemas import DEPLOYMENT, count_children
from dashboard.webhooks.senders import NATIVE_KEY_HEADERS, SENDERS, Sender, find_header
from dashboard.webhooks.unread import find_cut_lists, find_unknown_words

MAX_ERRORS = 50
"""The maximum number of invalid fields in an answer: a body can have ten thousand of them."""
MAX_FORM_FIELDS = 10
"""The maximum number of fields of a webhook's form, which has one or two."""

logger = logging.getLogger(__name__)


def interpret(
    dialect: str, headers: Mapping[str, str], body: bytes, source: str, received_at: datetime
) -> Interpretation:
    """Return the interpretation of a delivery from a source; `received_at` is when it first arrived.

    Raises ProblemError for an invalid native delivery, which its sender must change. CI servers cannot act on an error:
    a delivery of theirs that cannot be read is failed, and can be replayed once it can be read. So is one in which the
    parser raises an unexpected exception.
    """
    try:
        if dialect == NATIVE:
            require_json(headers.get("Content-Type", ""))
            interpretation = replace(_interpret_native(body), key=_read_native_key(headers))
            reports = interpretation.reports
        else:
            interpretation = _interpret_foreign(SENDERS[dialect], headers, body)
            reports = tuple(_fill_in_host(report, source) for report in interpretation.reports)
        return replace(interpretation, reports=tuple(drop_future_times(report, received_at) for report in reports))
    except ProblemError:
        raise
    except Exception as error:  # the outermost edge of the parsers: a bug in one must not lose the delivery
        logger.exception("the parser of the dialect %s failed", dialect)
        return make_failure(dialect, headers, f"the parser failed: {type(error).__name__}")


def make_failure(dialect: str, headers: Mapping[str, str], reason: str) -> Interpretation:
    """Return the interpretation of a delivery that could not be read."""
    sender = SENDERS.get(dialect)
    event = _read_event_header(sender, headers) if sender else None
    return Interpretation(verdict=Verdict.FAILED, reason=reason, event=event)


def reject_if_not_allowed(source: Source, interpretation: Interpretation) -> Interpretation:
    """Return the interpretation, or a rejection of all of it if the source may not report on one of the projects.

    A repository that the source may not report on is left out, with a warning: it would link others' deployments.
    """
    forbidden = next((report for report in interpretation.reports if not source.allows(report)), None)
    if forbidden is None:
        reports = tuple(_leave_out_repository(source, report) for report in interpretation.reports)
        if reports == interpretation.reports:
            return interpretation
        text = f"Left out: source {source.name} is not allowed to report on this repository."
        warnings: list[DeliveryWarning] = [*interpretation.warnings, {"field": "repository", "text": text}]
        return replace(interpretation, reports=reports, warnings=warnings)
    reason = f"source {source.name} is not allowed to report on {forbidden.identity.project.path}"
    return Interpretation(verdict=Verdict.REJECTED, reason=reason, event=interpretation.event)


def _leave_out_repository(source: Source, report: Report) -> Report:
    if source.may_name_repository(report):
        return report
    project, deployment = (
        replace(node, fields={name: claim for name, claim in node.fields.items() if name != "repository"})
        for node in (report.project, report.deployment)
    )
    return replace(report, project=project, deployment=deployment)


def _fill_in_host(report: Report, source: str) -> Report:
    """Use the source's name as the host if the body names none, as in some Jenkins bodies."""
    host, *rest = report.identity.parts
    if host:
        return report
    host, identity = f"source {source}", report.identity
    project = replace(identity.project, host=host)
    return replace(report, identity=replace(identity, project=project, parts=(host, *rest)))


def _interpret_native(body: bytes) -> Interpretation:
    parsed = parse_json(body)
    jobs, steps = count_children(parsed)
    if jobs > MAX_JOBS or steps > MAX_STEPS:
        field, limit = ("jobs", MAX_JOBS) if jobs > MAX_JOBS else ("steps", MAX_STEPS)
        raise make_problem({field: [f"At most {limit} in one delivery. Send several deliveries."]})
    try:
        report = native.parse(DEPLOYMENT.read(parsed))
    except ValidationError as error:
        raise make_problem(flatten_messages(error.messages)) from None
    except MalformedError as error:
        raise make_problem(error.errors) from None
    return Interpretation((report,), warnings=find_unknown_words(parsed, native.STATUS_PLACES, native.knows_word))


def _interpret_foreign(sender: Sender, headers: Mapping[str, str], body: bytes) -> Interpretation:
    event = _read_event_header(sender, headers)
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
    cut = find_cut_lists(decoded, sender.limits)
    unknown = find_unknown_words(decoded, sender.status_places, lambda word: word.casefold() in sender.words)
    reports = tuple(map(_mark_as_cut, parsed)) if cut else parsed
    return Interpretation(reports, event=event, key=key, warnings=[*cut, *unknown])


def _mark_as_cut(report: Report) -> Report:
    return replace(report, deployment=merge_nodes(report.deployment, claim_node({"is_cut": True})))


def _read_event_header(sender: Sender, headers: Mapping[str, str]) -> str | None:
    found = find_header(headers, sender.event_headers)
    return found[1][:MAX_NAME_LENGTH] if found else None


def _unwrap_form(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the JSON in the field `payload` of a form, which GitHub and Gitea can be set to send.

    A form without that field is returned unchanged: curl and other tools send any body with this media type.
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
    """Return the key that is the same when the sender sends the delivery again, None if there is none."""
    if found := find_header(headers, sender.key_headers):
        return found[1] if len(found[1]) <= MAX_NAME_LENGTH else hashlib.sha256(found[1].encode()).hexdigest()
    name = sender.name_delivery(event, decoded) if sender.name_delivery else None
    # The sender does not know this key: the same name with another body is a new delivery, not an error.
    return name and hashlib.sha256(name.encode(errors="replace") + b"\n" + body).hexdigest()


def _read_native_key(headers: Mapping[str, str]) -> str | None:
    found = find_header(headers, NATIVE_KEY_HEADERS)
    if found and len(found[1]) > MAX_NAME_LENGTH:
        raise make_problem({found[0]: [f"Must be at most {MAX_NAME_LENGTH} characters."]})
    return found and found[1]


def make_problem(errors: Mapping[str, list[str]]) -> ProblemError:
    """Return the 422 that names the first invalid fields."""
    shown = dict(itertools.islice(errors.items(), MAX_ERRORS))
    summary = "; ".join(f"{field}: {messages[0]}" for field, messages in itertools.islice(shown.items(), 5))
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, summary, shown)
