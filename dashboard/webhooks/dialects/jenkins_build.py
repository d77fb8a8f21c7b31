"""What reports on a build of Jenkins are made of: its address, times, revision and log, and the report itself. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from dashboard.core.registers import Node, Outcome, Scalar, claim_node
from dashboard.core.report import Report, StepKey
from dashboard.webhooks.dialects.payload import (
    NAME_LENGTH,
    TEXT_LENGTH,
    UNSTORABLE,
    Body,
    from_unix,
    identify,
    parse_time,
    read_int,
    read_value,
)

JOB = "build"
"""Key and name of the only job of a build; its steps are the stages."""
REMOTES = ("refs/remotes/origin/", "refs/heads/", "remotes/origin/", "origin/")
"""What Git puts before the name of a branch."""


class Build(NamedTuple):
    """Which build a body is about."""

    job: str
    """The job's full name: those of its folders and its own, with / between them."""
    number: str


class Times(NamedTuple):
    """What a body says of when: its own time, when the build began, and how long it took if it has ended."""

    stamp: datetime | None
    started_at: datetime | None
    duration_s: float | None


def locate(address: str | None) -> tuple[str, str | None]:
    """Return a job's full name and a build's number, as far as an address such as `/ci/job/a/job/b/12/` has them.

    Parts of a matrix (`os=linux`) and of a Maven project (`group$module`) are addressed without `job/`.
    """
    names: list[str] = []
    segments = iter((address or "").split("/"))
    for segment in segments:
        if segment == "job":
            names.append(decode(next(segments, "")))
        elif names and ("=" in segment or "$" in segment):
            names.append(decode(segment))
        elif names:
            number = read_int({"number": segment}, "number")
            return "/".join(names), None if number is None else str(number)
    return "/".join(names), None


def decode(segment: str) -> str:
    """Return a segment of an address as the name that it is."""
    return UNSTORABLE.sub("\ufffd", unquote(segment)).strip()


def shorten_repository(address: str | None) -> str | None:
    """Return the path of a repository's address, `owner/name`: without host, user and password."""
    text = (address or "").split("?")[0].split("#")[0]
    _, scheme, rest = text.partition("://")
    if scheme:
        path = rest.partition("/")[2]
    else:
        host, colon, behind = text.partition(":")
        path = behind if colon and "/" not in host else text
    return path.strip("/").removesuffix(".git")[:NAME_LENGTH] or None


def shorten_branch(name: str | None) -> str | None:
    """Return a branch without its remote; None for a checkout that is on none."""
    if name is None or name == "detached":
        return None
    prefix = next((prefix for prefix in REMOTES if name.startswith(prefix)), "")
    return name.removeprefix(prefix) or None


def read_moment(body: Any, name: str) -> datetime | None:  # noqa: ANN401
    """Return the moment in that field: milliseconds since 1970, or as text, as old versions of the plugin wrote it."""
    millis = read_int(body, name)
    if millis is not None:
        return from_unix(millis / 1000)
    value = read_value(body, name)
    return parse_time(value) if isinstance(value, str) else None


def read_duration(body: Any, name: str = "duration") -> float | None:  # noqa: ANN401
    """Return the milliseconds in that field as seconds; None for 0, which is what Jenkins says until it knows."""
    millis = read_int(body, name, least=1)
    return None if millis is None else millis / 1000


def shift(moment: datetime | None, seconds: float | None) -> datetime | None:
    """Return the moment so many seconds later; None if one of both is unknown or the sum is no time."""
    if moment is None or seconds is None:
        return None
    return from_unix(round(moment.timestamp() + seconds, 3))


def read_log(build: Body) -> str | None:
    """Return the end of the log, which is a text or a list of lines."""
    log = read_value(build, "log")
    if isinstance(log, list):
        log = "\n".join(line for line in log if isinstance(line, str))
    if not isinstance(log, str):
        return None
    return UNSTORABLE.sub("\ufffd", log.rstrip()[-TEXT_LENGTH:]).strip() or None


def report_build(
    build: Build,
    outcome: Outcome | None,
    times: Times,
    values: Mapping[str, Scalar | None],
    steps: Mapping[StepKey, Node] | None = None,
) -> Report:
    """Return the report; of the deployment, `values` are what is claimed besides its duration."""
    # The Generic Event plugin and the stages name no host, so the identity has none.
    job = build.job.lower()
    identity = identify("jenkins", job, ("", job, "run", build.number), build.number)
    project = {"name": build.job[:NAME_LENGTH], "repository": values.get("repository")}
    measured = {"duration_s": times.duration_s}
    stamp, started_at = times.stamp, times.started_at
    return Report(
        identity,
        claim_node(project, stamp=stamp),
        claim_node({**values, **measured}, outcome=outcome, stamp=stamp, started_at=started_at),
        {JOB: claim_node({"name": JOB, **measured}, outcome=outcome, stamp=stamp, started_at=started_at)},
        steps or {},
    )
