"""The words of the pages that depend on data, each in one place.

The templates take them from here; the scripts read the very same ones from the page (`<template id="words">`), so that
a translation is one table. Sentences that never change live in the templates.
"""

from collections.abc import Iterator

WORDS: dict[str, dict[str, str]] = {
    "state": {
        "queued": "queued",
        "waiting": "waiting",
        "running": "running",
        "stale": "stale",
        "success": "success",
        "partial": "partial",
        "failed": "failed",
        "cancelled": "cancelled",
        "skipped": "skipped",
        "neutral": "neutral",
        "unknown": "unknown",
    },
    "conclusion": {
        "success": "success",
        "failure": "failure",
        "cancelled": "cancelled",
        "skipped": "skipped",
        "timed_out": "timed out",
        "neutral": "neutral",
        "action_required": "action required",
        "unknown": "unknown",
    },
    "service": {"running": "running", "stopped": "stopped", "unknown": "unknown"},
    "kind": {"backend": "backend", "static": "static"},
    "category": {
        "validation": "validation",
        "configuration": "configuration",
        "build": "build",
        "deployment": "deployment",
        "service": "service",
        "testing": "testing",
        "other": "other",
    },
    "duration": {
        "seconds": "{s} s",
        "minutes": "{m} min {s} s",
        "hours": "{h} h {m} min",
        "days": "{d} d {h} h",
    },
    "ago": {
        "now": "just now",
        "minutes": "{n} min ago",
        "hours": "{n} h ago",
        "day": "1 day ago",
        "days": "{n} days ago",
    },
    "phrase": {
        "attempt": "attempt {n}",
        "count": "{n} of {of}",
        "raw": "reported as “{word}”",
        "conflict": "{word} at {time}",
        "conflict_timeless": "{word} without a time",
        "utc": "{time} UTC",
        "title_running": "{n} running · Deployments",
        "title_quiet": "Deployments",
        "title_state": "{state} · {name}",
        "finished": "{name}: {state}",
    },
    "connection": {
        "connecting": "Connecting",
        "live": "Live",
        "reconnecting": "Reconnecting",
        "refreshing": "Refreshing every {n} s",
        "stale": "Stale data",
    },
}


def list_words() -> Iterator[tuple[str, str]]:
    """Yield every word with its dotted name, as the scripts look it up: `state.running`."""
    for group, words in WORDS.items():
        for name, word in words.items():
            yield f"{group}.{name}", word
