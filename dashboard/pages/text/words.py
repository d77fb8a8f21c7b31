"""The texts of the pages that depend on data, each defined once, in the language of the request that uses them.

The templates use them directly; the scripts read the same texts from the page (`<template id="words">`). Sentences that
do not depend on data are in the templates. `word` gives a single word a context, because Chinese has different words
for a running deployment and a running service.
"""

from collections.abc import Iterator

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as word

from dashboard.core.steps import KNOWN_STEPS, KnownStep
from dashboard.pages.text.languages import TAGS, get_language
from dashboard.pages.text.plurals import Plural, plural


def get_language_tag() -> str:
    """Return the language tag of the request, for `lang` and Intl."""
    return TAGS[get_language()]


def get_step_name(step: KnownStep) -> str:
    """Return the name of a known step; senders may report its key, or a name in another language."""
    return step.name_zh if get_language() == "zh" else step.name_en


WORDS: dict[str, dict[str, LazyString | Plural]] = {
    "language": {"tag": LazyString(get_language_tag)},
    "step": {key: LazyString(get_step_name, step) for key, step in KNOWN_STEPS.items()},
    "job": {"deploy": word("job", "deploy")},
    "state": {
        "queued": word("state", "queued"),
        "waiting": word("state", "waiting"),
        "running": word("state", "running"),
        "stale": word("state", "stale"),
        "success": word("state", "success"),
        "partial": word("state", "partial"),
        "failed": word("state", "failed"),
        "cancelled": word("state", "cancelled"),
        "skipped": word("state", "skipped"),
        "neutral": word("state", "neutral"),
        "unknown": word("state", "unknown"),
    },
    "conclusion": {
        "success": word("conclusion", "success"),
        "failure": word("conclusion", "failure"),
        "cancelled": word("conclusion", "cancelled"),
        "skipped": word("conclusion", "skipped"),
        "timed_out": word("conclusion", "timed out"),
        "neutral": word("conclusion", "neutral"),
        "action_required": word("conclusion", "action required"),
        "unknown": word("conclusion", "unknown"),
    },
    "verdict": {
        "applied": word("verdict", "applied"),
        "duplicate": word("verdict", "duplicate"),
        "ignored": word("verdict", "ignored"),
        "rejected": word("verdict", "rejected"),
        "failed": word("verdict", "failed"),
    },
    "part": {
        "deployment": word("part", "deployment"),
        "job": word("part", "job"),
        "step": word("part", "step"),
    },
    "size": {"bytes": _("{n} B"), "kib": _("{n} KiB"), "mib": _("{n} MiB")},
    "span": {"moment": _("< 1 ms"), "milliseconds": _("{n} ms"), "seconds": _("{n} s")},
    "service": {
        "running": word("service", "running"),
        "stopped": word("service", "stopped"),
        "unknown": word("service", "unknown"),
    },
    "dialect": {
        "native": word("dialect", "native"),
        "github": _("GitHub"),
        "gitlab": _("GitLab"),
        "gitea": _("Gitea"),
        "bitbucket": _("Bitbucket"),
        "jenkins": _("Jenkins"),
        "cdevents": _("CDEvents"),
        "buildbot": _("Buildbot"),
    },
    "trigger": {
        "manual": word("trigger", "manual"),
        "auto": word("trigger", "automatic"),
        "push": word("trigger", "push"),
        "schedule": word("trigger", "schedule"),
    },
    "kind": {"backend": word("kind", "backend"), "static": word("kind", "static site")},
    "category": {
        "validation": word("category", "validation"),
        "configuration": word("category", "configuration"),
        "build": word("category", "build"),
        "deployment": word("category", "deployment"),
        "service": word("category", "service"),
        "testing": word("category", "testing"),
        "other": word("category", "other"),
    },
    "duration": {
        "moment": _("< 1 s"),
        "seconds": _("{s} s"),
        "minutes": _("{m} min {s} s"),
        "hours": _("{h} h {m} min"),
        "days": _("{d} d {h} h"),
    },
    "rough": {"seconds": _("{n} s"), "minutes": _("{n} min")},
    "left": {
        "between": plural(
            "about {low} to {high} left · based on {n} run", "about {low} to {high} left · based on {n} runs"
        ),
        "about": plural("about {high} left · based on {n} run", "about {high} left · based on {n} runs"),
        "up_to": plural("up to {high} left · based on {n} run", "up to {high} left · based on {n} runs"),
        "overdue": plural("overdue by {time} · based on {n} run", "overdue by {time} · based on {n} runs"),
    },
    "usual": {
        "between": plural("usually {low} to {high} · based on {n} run", "usually {low} to {high} · based on {n} runs"),
        "about": plural("usually {high} · based on {n} run", "usually {high} · based on {n} runs"),
    },
    "pace": {"usual": _("usually {time}"), "slow": _("slow · usually {time}")},
    "remark": {
        "queued": _("not run or not reported"),
        "in_progress": _("end not reported"),
        "completed": _("finished, result not reported"),
    },
    "failures": {
        "some": plural(
            "This step failed in {failed} of the last {n} run.", "This step failed in {failed} of the last {n} runs."
        ),
        "none": plural("First failure in {n} run.", "First failure in {n} runs."),
    },
    "ago": {
        "now": _("just now"),
        "minutes": _("{n} min ago"),
        "hours": _("{n} h ago"),
        "days": plural("{n} day ago", "{n} days ago"),
    },
    "phrase": {
        "attempt": _("attempt {n}"),
        "count": _("{n} of {of}"),
        "steps": plural("{done} of {n} step", "{done} of {n} steps"),
        "jobs": plural("{done} of {n} job", "{done} of {n} jobs"),
        "last_ran": _("last ran in attempt {n}"),
        "raw": _("reported as “{word}”"),
        "unknown_word": _("reported as “{word}”, an unknown status"),
        "failed_at": _("{state} at {step}"),
        "conflict": _("{word} at {time}"),
        "conflict_timeless": _("{word}, time not reported"),
        "semicolon": _("; "),
        "utc": _("{time} UTC"),
        "title_running": _("● {n} running · Deployments"),
        "title_failed": _("✗ {n} failed · Deployments"),
        "title_quiet": _("Deployments"),
        "title_state": _("{mark} {state} · {name}"),
        "finished": _("{name}: {state}"),
        "strip": _("{failed} of the last {n} failed"),
        "projects": plural("{n} project", "{n} projects"),
        "projects_of": plural("{shown} of {n} project", "{shown} of {n} projects"),
        "quiet": plural("{n} inactive project hidden", "{n} inactive projects hidden"),
        "more": _("and {n} more"),
    },
    "group": {
        "state": _("Never deployed"),
        "kind": _("Kind unknown"),
        "environment": _("No environment"),
    },
    "connection": {
        "connecting": _("Connecting"),
        "live": _("Live"),
        "reconnecting": _("Reconnecting"),
        "refreshing": _("Refreshing every {n} s"),
        "stale": _("Out of date"),
    },
}


def list_words() -> Iterator[tuple[str, str]]:
    """Yield (dotted name, text) for every text, as the scripts look it up: `state.running`, `ago.days.one`."""
    for group, words in WORDS.items():
        for name, text in words.items():
            if isinstance(text, Plural):
                for category, form in text.list_forms():
                    yield f"{group}.{name}.{category}", form
            else:
                yield f"{group}.{name}", str(text)
