"""The reason of a delivery's verdict in the language of the page. Reasons are stored and served by the API in English.

A reason is matched against the English texts of this list, which are those of the parsers, of authentication, of
marshmallow and of ingest. `{why}` stands for another reason.
"""

import re

from flask_babel import gettext


def N_(text: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a text for translation and return it unchanged."""
    return text


TEXTS = (
    # Authentication and permission
    N_("Authentication failed: {why}."),
    N_("no webhook source has a valid secret"),
    N_("the webhook source has no valid secret"),
    N_("no bearer token or signature"),
    N_("wrong bearer token"),
    N_("wrong password"),
    N_("wrong {header}"),
    N_("{header} must be {prefix}<64 hexadecimal digits>"),
    N_("webhook-id, webhook-timestamp and webhook-signature must be sent together"),
    N_("webhook-timestamp must be a Unix time in whole seconds"),
    N_("webhook-timestamp is more than 5 minutes off the server clock"),
    N_("source {source} is not allowed to report on {project}"),
    # The body as a whole
    N_("invalid payload: {why}"),
    N_("The body is larger than {size} bytes."),
    N_("The body is shorter than its Content-Length."),
    N_("The body cannot be unpacked as {encoding}."),
    N_("Content-Encoding {encoding} is not supported. Send gzip, deflate, or none."),
    N_("The body is not UTF-8."),
    N_("The body is nested too deeply."),
    N_("The body must be a JSON object."),
    N_("Send JSON, with Content-Type: application/json."),
    # What of an applied body has no effect
    N_('Unknown status "{word}": it claims nothing.'),
    N_("{count} items: only the first {limit} are applied."),
    # One field of the body
    N_("Missing data for required field."),
    N_("Missing or of the wrong type."),
    N_("Required, unless the delivery has a final status and a timestamp."),
    N_("Field may not be null."),
    N_("Invalid input type."),
    N_("Invalid type."),
    N_("Not a valid string."),
    N_("Not a valid integer."),
    N_("Not a valid number."),
    N_("Not a valid list."),
    N_("Number too large."),
    N_("Special numeric values (nan or infinity) are not permitted."),
    N_("Longer than maximum length {max}."),
    N_("Must be greater than or equal to {min} and less than or equal to {max}."),
    N_("Must be at most {max} characters."),
    N_("Must be at most {max} characters as part of a URL."),
    N_("Names of jobs and steps must be at most {max} characters."),
    N_("Must be one of: {words}."),
    N_("Must be a list."),
    N_("Must be an object that maps each step to its status."),
    N_("Must be a string like {example}, or a number of seconds since 1970."),
    N_("Must have a time zone, for example Z for UTC."),
    N_("Not a valid time. Use ISO 8601, like {example}."),
    N_("Must contain a letter or a digit."),
    N_("Must not contain NUL or unpaired surrogates."),
    N_("At most {max} events."),
    N_("At most {max} in one delivery. Send several deliveries."),
    N_("At most {max}."),
    N_("The form must have at most {max} fields."),
    N_("Not an event: {type}."),
    N_("No valid event among {n}. First error: {why}"),
    # Parsed, but not applied
    N_("the parser failed: {error}"),
    N_("internal error: {error}"),
    N_("the idempotency key was already used with a different body"),
    N_("same key and body as delivery {id}"),
    # Ignored events
    N_("unknown event {event}"),
    N_("ping; the webhook works"),
    N_("not about a run"),
    N_("not about a build"),
    N_("not about a pipeline run or a deployed service"),
    N_("no event of the batch is about a run or a service"),
    N_("code event; the runs it starts are reported separately"),
    N_("code event; the pipelines it starts are reported separately"),
    N_("code event; the builds it starts are reported as commit statuses"),
    N_("the run it starts is reported as workflow_run"),
    N_("the run that waits for it is reported as workflow_run"),
    N_("the run that deploys GitHub Pages is reported as workflow_run"),
    N_("its check runs and its workflow run are reported separately"),
    N_("job of GitHub Actions; it is reported as workflow_job"),
    N_("job of Gitea Actions; it is reported as workflow_job"),
    N_("trace of a pipeline; the pipeline is reported as a commit status"),
    N_("build request; the build is reported when it starts"),
    N_("build set; its builds are reported separately"),
    N_("issue, pull request or discussion event, not a run"),
    N_("issue or pull request event, not a build"),
    N_("issue, comment or wiki event, not a pipeline"),
    N_("security event, not a run"),
    N_("security event, not a pipeline"),
    N_("settings event, not a run"),
    N_("settings event, not a pipeline"),
    N_("settings event, not a build"),
    N_("user or permission event, not a run"),
    N_("user or permission event, not a pipeline"),
    N_("billing event, not a run"),
    N_("environment event, not a deployment"),
    N_("only says that the service can be reached"),
    N_("draft event of the specification"),
    N_("custom event, its meaning is not specified"),
    N_("builds deleted in Jenkins stay in the history here"),
    N_("stages without a link to their build"),
    N_("unknown body: neither from the Notification or Generic Event plugin, nor the stages of a build"),
    N_("plain text; the generator needs a MessageFormatterFunction that returns the build"),
)


def _compile(text: str) -> re.Pattern[str]:
    """Return the pattern of a text whose placeholders stand for anything."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(text)), re.DOTALL)


PATTERNS = (
    *((_compile(text), text) for text in TEXTS),
    # Python's own description of the fault stays out: it is in English only.
    (
        re.compile(r"The body is not valid JSON: .*: line (?P<line>\d+) column (?P<column>\d+) .*", re.DOTALL),
        N_("The body is not valid JSON (line {line}, column {column})."),
    ),
    (re.compile(r"The body is not valid JSON: .*", re.DOTALL), N_("The body is not valid JSON.")),
)


def translate_reason(reason: str) -> str:
    """Return a reason in the language of the request; one that matches no text is returned as it is."""
    return _translate(reason) or _translate_fields(reason) or reason


def _translate(text: str) -> str | None:
    for pattern, template in PATTERNS:
        if found := pattern.fullmatch(text):
            translated: str = gettext(template)
            if translated == template:
                return text
            values = found.groupdict()
            if "why" in values:
                values["why"] = translate_reason(values["why"])
            return translated.format(**values)
    return None


def _translate_fields(text: str) -> str | None:
    """Return the translation of `field: message; field: message`; None for anything else."""
    parts = [_translate_field(part) for part in text.split("; ")]
    known = [part for part in parts if part is not None]
    return str(gettext("; ")).join(known) if len(known) == len(parts) else None


def _translate_field(text: str) -> str | None:
    for place in re.finditer(": ", text):
        if message := _translate(text[place.end() :]):
            return str(gettext("{field}: {message}")).format(field=text[: place.start()], message=message)
    return None
