"""Builders of bodies as Buildbot's HttpStatusPush sends them."""

from typing import Any

from tests.support.parsed_reports import at

MASTER = "https://bot.example.org/ci/"
SHA = "4be1c9d70f24a5e88ef5b3a6c1d2e3f405162738"
SOURCE = {
    "ssid": 3,
    "branch": "main",
    "revision": SHA,
    "project": "octo/shop",
    "repository": "https://git.example.org/octo/shop.git",
    "codebase": "",
}


def unix(clock: str) -> int:
    """Return a time of the first of March 2026 as Buildbot sends it."""
    return int(at(clock).timestamp())


def make_step(number: int, name: str, began: str | None, ended: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a step that ran from one time to another, or still does, or has yet to start."""
    begins = began and unix(began)
    times = {"started_at": begins, "locks_acquired_at": begins, "complete_at": ended and unix(ended)}
    known = {"complete": ended is not None, "results": 0 if ended else None, "state_string": "pending"}
    return {"stepid": 500 + number, "number": number, "name": name, "hidden": False, **times, **known, **fields}


def make_build(*steps: dict[str, Any], source: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return the body on a build that started at 10:00:00."""
    return {
        "buildid": 71,
        "number": 12,
        "builderid": 4,
        "builder": {"builderid": 4, "name": "Shop CI", "tags": []},
        "url": f"{MASTER}#/builders/4/builds/12",
        "started_at": unix("10:00:00"),
        "complete": False,
        "complete_at": None,
        "results": None,
        "state_string": "building",
        "properties": {"scheduler": ["on-push", "Scheduler"], "owners": [["Grace <grace@example.org>"], "Build"]},
        "buildset": {"bsid": 9, "results": -1, "sourcestamps": [{**SOURCE, **(source or {})}]},
        "steps": list(steps),
        **fields,
    }


def end_build(results: int, *steps: dict[str, Any], text: str = "build successful", **fields: Any) -> dict[str, Any]:
    """Return the body on the build after it ended at 10:01:00."""
    ended: dict[str, Any] = {"complete": True, "complete_at": unix("10:01:00"), "state_string": text}
    return make_build(*steps, results=results, **ended, **fields)


PREPARED = make_step(0, "worker_preparation", "10:00:00", "10:00:01", state_string="worker w1 ready")
BUILDING = make_step(1, "Build", "10:00:01")
BUILT = make_step(1, "Build", "10:00:01", "10:00:20", state_string="'make'")
TESTING = make_step(2, "测试网站", "10:00:20")
TEST_FAILED = make_step(2, "测试网站", "10:00:20", "10:00:40", results=2, state_string="2 of 9 failed")
TIDIED = make_step(3, "Tidy up", "10:00:40", "10:00:40", results=3, state_string="'rm' (skipped)")
FAILED = end_build(2, PREPARED, BUILT, TEST_FAILED, TIDIED, text="failed 2 of 9 failed")
