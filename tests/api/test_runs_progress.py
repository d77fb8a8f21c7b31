"""Progress of GitHub's runs in `/api/cicd/runs/<run_id>/`: jobs by their steps, the run by its jobs."""

import itertools
import os
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.bodies.github import Json, make_job, make_run, make_step
from tests.support.delivery_orders import deliver
from tests.support.sender_deliveries import Delivery, make_series, write_wire
from tests.support.servers import DashboardServer

RUNS = itertools.count(7_000_001)
OPEN = {"queued", "waiting", "in_progress"}
WORDS = {
    "C": ("completed", "success"),
    "F": ("completed", "failure"),
    "S": ("completed", "skipped"),
    "X": ("completed", "cancelled"),
    "I": ("in_progress", None),
    "Q": ("queued", None),
}
"""Status and conclusion of a step by its letter."""

JobSpec = tuple[str, str, str]
"""A job: its name, how it stands, and a letter for each of its steps."""


def read_status(word: str) -> tuple[str, str | None]:
    """Return status and conclusion that GitHub sends."""
    return (word, None) if word in OPEN else ("completed", word)


def job_event(run: int, number: int, job: JobSpec) -> tuple[str, Json]:
    """Return the delivery on a job; jobs began one after the other."""
    name, word, letters = job
    steps = [make_step(place, *WORDS[letter]) for place, letter in enumerate(letters, 1)]
    fields: Json = {"id": run * 10 + number, "run_id": run, "name": name, "steps": steps}
    return "workflow_job", make_job(*read_status(word), **fields, started_at=f"2026-03-01T10:00:{number:02}Z")


def run_events(run: int, word: str, jobs: Sequence[JobSpec]) -> list[Delivery]:
    """Return the deliveries on a run and its jobs."""
    events = [job_event(run, number, job) for number, job in enumerate(jobs)]
    return make_series("github", run, ("workflow_run", make_run(*read_status(word), id=run)), *events)


def read_run(client: FlaskClient, run: int) -> Json:
    """Return the answer, the same from both URLs of a run."""
    answers = [client.get(f"/api/cicd/runs/{run}{slash}") for slash in ("/", "")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].get_json() == answers[1].get_json()
    view: Json = answers[0].get_json()
    return view


def count_jobs(view: Json) -> tuple[int, int, int]:
    return view["run_progress_pct"], view["completed_jobs"], view["total_jobs_visible"]


def count_steps(job: Json) -> tuple[Any, ...]:
    counts = ("job_name", "status", "job_progress_pct", "completed_steps", "total_steps", "current_step_index")
    return tuple(job[name] for name in counts)


# By case: the run's word, its jobs; the run's percent, done and visible jobs; of each job name, status, percent, done
# and total steps, index of the current one.
CASES: dict[str, tuple[str, list[JobSpec], tuple[int, int, int], list[tuple[Any, ...]]]] = {
    "no job is visible yet": ("queued", [], (0, 0, 0), []),
    "a run that ended without jobs": ("success", [], (100, 0, 0), []),
    "a job in the queue has no steps": (
        "queued", [("alpha", "queued", "")], (0, 0, 1), [("alpha", "queued", 0, 0, 0, None)],
    ),
    "a job that waits for an approval": (
        "waiting", [("alpha", "waiting", "")], (0, 0, 1), [("alpha", "queued", 0, 0, 0, None)],
    ),
    "a job that began and has no steps yet": (
        "in_progress", [("alpha", "in_progress", "")], (0, 0, 1), [("alpha", "in_progress", 0, 0, 0, None)],
    ),
    "the first of three steps runs": (
        "in_progress", [("alpha", "in_progress", "IQQ")], (0, 0, 1), [("alpha", "in_progress", 0, 0, 3, 0)],
    ),
    "one of three steps is 33 percent": (
        "in_progress", [("alpha", "in_progress", "CIQ")], (0, 0, 1), [("alpha", "in_progress", 33, 1, 3, 1)],
    ),
    "two of three steps are 66 percent": (
        "in_progress", [("alpha", "in_progress", "CCI")], (0, 0, 1), [("alpha", "in_progress", 66, 2, 3, 2)],
    ),
    "six of seven steps are 85 percent": (
        "in_progress", [("alpha", "in_progress", "CCCCCCI")], (0, 0, 1), [("alpha", "in_progress", 85, 6, 7, 6)],
    ),
    "199 of 200 steps are 99 percent": (
        "in_progress", [("alpha", "in_progress", "C" * 199 + "I")], (0, 0, 1),
        [("alpha", "in_progress", 99, 199, 200, 199)],
    ),
    "between two steps none is current": (
        "in_progress", [("alpha", "in_progress", "CQ")], (0, 0, 1), [("alpha", "in_progress", 50, 1, 2, None)],
    ),
    "of two steps in progress the first is current": (
        "in_progress", [("alpha", "in_progress", "CII")], (0, 0, 1), [("alpha", "in_progress", 33, 1, 3, 1)],
    ),
    "all steps done do not end their job": (
        "in_progress", [("alpha", "in_progress", "CCC")], (0, 0, 1), [("alpha", "in_progress", 100, 3, 3, None)],
    ),
    "a failed step is done, and those skipped behind it": (
        "in_progress", [("alpha", "failure", "CFSS")], (100, 1, 1), [("alpha", "completed", 100, 4, 4, None)],
    ),
    "a cancelled job with a step that was still running": (
        "in_progress", [("alpha", "cancelled", "CXI")], (100, 1, 1), [("alpha", "completed", 66, 2, 3, None)],
    ),
    "a skipped job without steps is done": (
        "in_progress", [("alpha", "skipped", "")], (100, 1, 1), [("alpha", "completed", 100, 0, 0, None)],
    ),
    "a cancelled job without steps is done": (
        "cancelled", [("alpha", "cancelled", "")], (100, 1, 1), [("alpha", "completed", 100, 0, 0, None)],
    ),
    "one of three jobs is 33 percent": (
        "in_progress", [("alpha", "success", "CC"), ("beta", "in_progress", "CI"), ("gamma", "queued", "")], (33, 1, 3),
        [
            ("alpha", "completed", 100, 2, 2, None),
            ("beta", "in_progress", 50, 1, 2, 1),
            ("gamma", "queued", 0, 0, 0, None),
        ],
    ),
    "two of three jobs, one of them skipped, are 66 percent": (
        "in_progress", [("alpha", "success", "C"), ("beta", "skipped", ""), ("gamma", "in_progress", "I")], (66, 2, 3),
        [
            ("alpha", "completed", 100, 1, 1, None),
            ("beta", "completed", 100, 0, 0, None),
            ("gamma", "in_progress", 0, 0, 1, 0),
        ],
    ),
    "a job left open by a run that ended is not done": (
        "success", [("alpha", "success", "CC"), ("beta", "in_progress", "CI")], (50, 1, 2),
        [("alpha", "completed", 100, 2, 2, None), ("beta", "in_progress", 50, 1, 2, None)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_progress_of_a_run_and_of_its_jobs(shared_client: FlaskClient, case: str) -> None:
    word, jobs, of_run, of_jobs = CASES[case]
    run = next(RUNS)
    for delivery in run_events(run, word, jobs):
        deliver(shared_client, delivery)
    view = read_run(shared_client, run)
    assert (view["run_id"], count_jobs(view)) == (str(run), of_run)
    assert [count_steps(job) for job in view["jobs"]] == of_jobs


def test_steps_are_marked_current_and_done(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    for delivery in run_events(run, "in_progress", [("alpha", "in_progress", "CSIQ")]):
        deliver(shared_client, delivery)
    (job,) = read_run(shared_client, run)["jobs"]
    assert [(step["name"], step["status"], step["is_current"], step["is_done"]) for step in job["steps"]] == [
        ("Step 1", "completed", False, True),
        ("Step 2", "completed", False, True),
        ("Step 3", "in_progress", True, False),
        ("Step 4", "queued", False, False),
    ]


def test_a_fourth_job_lowers_the_percentage_until_it_ends(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    three: list[JobSpec] = [("alpha", "success", "C"), ("beta", "success", "C"), ("gamma", "in_progress", "I")]
    seen = []
    for jobs in (
        three,
        [*three[:2], ("gamma", "success", "C")],
        [*three[:2], ("gamma", "success", "C"), ("integration", "queued", "")],
        [*three[:2], ("gamma", "success", "C"), ("integration", "in_progress", "CI")],
        [*three[:2], ("gamma", "success", "C"), ("integration", "success", "CC")],
    ):
        events = [job_event(run, *job) for job in enumerate(jobs)]
        for delivery in make_series("github", next(RUNS), *events):
            deliver(shared_client, delivery)
        seen.append(count_jobs(read_run(shared_client, run)))
    assert seen == [(66, 2, 3), (100, 3, 3), (75, 3, 4), (75, 3, 4), (100, 4, 4)]


WATCH_LINE = r"""
watch -n 2 "curl -s http://127.0.0.1:8000/api/cicd/runs/$RUN_ID/ \
| jq -r 'def repeat(n;s): reduce range(0;n) as \$i (\"\"; .+s);
         def bar(p): (if p<0 then 0 elif p>100 then 100 else p end) as \$p
                      | (\$p/5|floor) as \$f
                      | (20-\$f) as \$r
                      | \"[\"+repeat(\$f;\"#\")+repeat(\$r;\"-\")+\"] \"+(\$p|tostring)+\"%\";
         \"RUN  \" + bar(.run_progress_pct) + \" (\" + (.completed_jobs|tostring) + \"/\" + (.total_jobs_visible|tostring) + \" jobs)\",
         (.jobs[] | \" - \" + .job_name + \" \" + bar(.job_progress_pct) + \" [\" + .status + \"]\" +
                    (if .current_step_index != null then
                       \" step: \" + (.steps[.current_step_index].name)
                     else \"\"
                     end))'"
"""  # noqa: E501
"""What people type to watch a run: it must keep working."""

BARS = """\
RUN  [######--------------] 33% (1/3 jobs)
 - alpha [####################] 100% [completed]
 - beta [#############-------] 66% [in_progress] step: Step 3
 - 集成测试 [--------------------] 0% [queued]
"""


def test_the_documented_watch_command_prints_its_bars(dashboard_server: DashboardServer) -> None:
    run = next(RUNS)
    jobs: list[JobSpec] = [("alpha", "success", "CC"), ("beta", "in_progress", "CCI"), ("集成测试", "queued", "")]
    for delivery in run_events(run, "in_progress", jobs):
        assert dashboard_server.request(*write_wire(delivery))[0] == 200
    once = WATCH_LINE.replace("watch -n 2", "sh -c").replace("http://127.0.0.1:8000", dashboard_server.url)
    environ = {**os.environ, "RUN_ID": str(run), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    printed = subprocess.run(["sh", "-c", once], env=environ, capture_output=True, text=True, timeout=30, check=True)
    assert (printed.stdout, printed.stderr) == (BARS, "")
