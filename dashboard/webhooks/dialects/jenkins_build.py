"""The parts of a report on a Jenkins build: its URL, times, revision and log, and the report itself. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dashboard.core.registers import Node, Outcome, Scalar, claim_node, merge_nodes
from dashboard.core.report import Report, StepKey
from dashboard.core.storable import UNSTORABLE
from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    Body,
    decode_name,
    from_unix,
    identify,
    read_int,
    read_value,
)

JOB = "build"
"""Key and name of the only job of a build; its steps are the stages."""
REMOTES = ("refs/remotes/origin/", "refs/heads/", "remotes/origin/", "origin/")
"""The prefixes that Git puts before the name of a branch."""
BRANCH_JOB = re.compile(
    r".*%.*|main|master|trunk|develop|development"
    r"|[A-Z][A-Z0-9]*-[0-9]+(?:[-_].*)?"  # PR-12, PR-12-merge, SHOP-77-cards
    r"|(?:v|release|hotfix)?[-_]?[0-9]+(?:\.(?:[0-9]+|x))+",  # v1.2, release-1.x
    re.DOTALL,
)
"""The name of a job that is a branch of a multibranch project: an encoded one, as only these are, or a typical one."""


class Build(NamedTuple):
    """The build that a body is about."""

    job: str
    """The job's full name as in its URL, decoded once: the names of its folders and its own, separated by /.

    Jenkins encodes the name of a branch for the name of its job: `feature%2F%234` for `feature/#4`.
    """
    number: str

    @property
    def project(self) -> str:
        """The job, or of a branch's job the multibranch project.

        It follows from the job's name alone, because it must be the same in every body on a build, and the body that
        is sent when a build is queued, and that of its stages, say nothing else.
        """
        project, _, name = self.job.rpartition("/")
        return decode_name(project if project and BRANCH_JOB.fullmatch(name) else self.job) or self.job

    @property
    def branch(self) -> str | None:
        """The branch whose job in a multibranch project this is, else None."""
        project, _, name = self.job.rpartition("/")
        return decode_name(name) or None if project and BRANCH_JOB.fullmatch(name) else None


class Times(NamedTuple):
    """The times in a body: its own, the start of the build, and its duration if it has ended."""

    stamp: datetime | None
    started_at: datetime | None
    duration_s: float | None


def locate_build(address: str | None) -> tuple[str, str | None]:
    """Return the job's full name and the build's number in a URL such as `/ci/job/a/job/b/12/`.

    The name is empty if the URL contains no job, the number None if it contains none. Parts of a matrix (`os=linux`)
    and of a Maven project (`group$module`) follow the job without `job/`. A / within a name stays encoded.
    """
    names: list[str] = []
    segments = iter((address or "").split("/"))
    for segment in segments:
        if segment == "job":
            names.append(_decode_segment(next(segments, "")))
        elif names and ("=" in segment or "$" in segment):
            names.append(_decode_segment(segment))
        elif names:
            number = read_int({"number": segment}, "number")
            return "/".join(names), None if number is None else str(number)
    return "/".join(names), None


def _decode_segment(segment: str) -> str:
    return decode_name(segment).replace("/", "%2F")


def shorten_branch(name: str | None) -> str | None:
    """Return the name of a branch without its remote; None for a detached checkout."""
    if name is None or name == "detached":
        return None
    shortened = (name.removeprefix(prefix) for prefix in REMOTES if name.startswith(prefix))
    return next(shortened, name) or None


def read_duration(body: Any, name: str = "duration") -> float | None:  # noqa: ANN401
    """Return the milliseconds in a field as seconds; None for 0, which Jenkins sends as long as it does not know."""
    millis = read_int(body, name, minimum=1)
    return None if millis is None else millis / 1000


def add_seconds(moment: datetime | None, seconds: float | None) -> datetime | None:
    """Return the time that many seconds later; None if either is unknown or the result is out of range."""
    if moment is None or seconds is None:
        return None
    return from_unix(round(moment.timestamp() + seconds, 3))


def read_log(build: Body) -> str | None:
    """Return the end of the log, which is a text or a list of lines; None if there is none."""
    log = read_value(build, "log")
    if isinstance(log, list):
        log = "\n".join(line for line in log if isinstance(line, str))
    if not isinstance(log, str):
        return None
    return UNSTORABLE.sub("\ufffd", log.rstrip()[-MAX_TEXT_LENGTH:]).strip() or None


def report_build(
    build: Build,
    outcome: Outcome | None,
    times: Times,
    values: Mapping[str, Scalar | None],
    steps: Mapping[StepKey, Node] | None = None,
) -> Report:
    """Return the report of a build; `values` are the deployment's fields without its duration."""
    # The Generic Event plugin and the stages contain no host, so the identity has none.
    parts = ("", build.job.lower(), "run", build.number)
    identity = identify("jenkins", build.project.lower(), parts, build.number)
    project = {"name": build.project[:MAX_NAME_LENGTH], "repository": values.get("repository")}
    measured = {"duration_s": times.duration_s}
    stamp, started_at = times.stamp, times.started_at
    branch = build.branch and build.branch[:MAX_NAME_LENGTH]
    if "%" in build.job.rpartition("/")[2]:
        # What was checked out may be the branch of a library.
        values = {**values, "branch": branch or values.get("branch")}
    deployment = claim_node({**values, **measured}, outcome=outcome, stamp=stamp, started_at=started_at)
    return Report(
        identity,
        claim_node(project, stamp=stamp),
        # A plain job may have the name of a branch: a claim without a time loses to a branch that was checked out.
        merge_nodes(claim_node({"branch": branch}), deployment),
        {JOB: claim_node({"name": JOB, **measured}, outcome=outcome, stamp=stamp, started_at=started_at)},
        steps or {},
    )
