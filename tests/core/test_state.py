"""States and progress."""

import pytest

from dashboard.core import state
from dashboard.core.state import Standing, Tally
from dashboard.core.words import Conclusion, State, Status

QUEUED, RUNNING = Standing(Status.QUEUED), Standing(Status.IN_PROGRESS)
SUCCESS, FAILURE = (Standing(Status.COMPLETED, c) for c in (Conclusion.SUCCESS, Conclusion.FAILURE))


@pytest.mark.parametrize(
    ("done", "total", "is_done", "percent"),
    [(0, 0, False, 0), (0, 0, True, 100), (0, 3, True, 0), (1, 3, False, 33), (2, 3, False, 66), (3, 3, False, 100)],
)
def test_percentages_are_rounded_down(done: int, total: int, is_done: bool, percent: int) -> None:
    assert state.compute_percent(done, total, is_done=is_done) == percent


ENDED_WELL = (Status.COMPLETED, Conclusion.SUCCESS)


@pytest.mark.parametrize(
    ("own", "jobs", "expected"),
    [
        pytest.param(ENDED_WELL, {"success": 2}, State.SUCCESS, id="all well"),
        pytest.param(ENDED_WELL, {}, State.SUCCESS, id="no jobs known"),
        pytest.param(
            (Status.COMPLETED, Conclusion.SUCCESS), {"success": 1, "failure": 1}, State.PARTIAL, id="failed job"
        ),
        pytest.param(ENDED_WELL, {"in_progress": 1}, State.PARTIAL, id="open job"),
        pytest.param(
            (Status.COMPLETED, Conclusion.SUCCESS), {state.IMPLICIT_FAILED: 1}, State.PARTIAL, id="failed step"
        ),
        pytest.param(
            (Status.COMPLETED, Conclusion.SUCCESS), {state.IMPLICIT_IN_PROGRESS: 1}, State.SUCCESS, id="ends with it"
        ),
        pytest.param(
            (Status.COMPLETED, Conclusion.SUCCESS), {"skipped": 1, "neutral": 1}, State.SUCCESS, id="skipped job"
        ),
        pytest.param(ENDED_WELL, {"success": 1, "allowed:failure": 1}, State.SUCCESS, id="a job that may fail failed"),
        pytest.param(ENDED_WELL, {"success": 1, "allowed:queued": 1}, State.SUCCESS, id="a job nobody has to start"),
        pytest.param((None, None), {"allowed:queued": 1}, State.QUEUED, id="which begins nothing either"),
        pytest.param((None, None), {"allowed:in_progress": 1}, State.RUNNING, id="unless somebody started it"),
        pytest.param((Status.COMPLETED, Conclusion.FAILURE), {"success": 1}, State.FAILED, id="sender says failure"),
        pytest.param((Status.COMPLETED, Conclusion.TIMED_OUT), {}, State.FAILED, id="timed out"),
        pytest.param((Status.COMPLETED, Conclusion.CANCELLED), {}, State.CANCELLED, id="cancelled"),
        pytest.param((None, None), {"success": 2}, State.RUNNING, id="jobs alone are never a success"),
        pytest.param((None, None), {"failure": 2}, State.RUNNING, id="nor a failure"),
        pytest.param((None, None), {}, State.QUEUED, id="nothing reported"),
        pytest.param((Status.QUEUED, None), {state.IMPLICIT_IN_PROGRESS: 1}, State.RUNNING, id="a step starts it"),
        pytest.param((Status.QUEUED, None), {state.IMPLICIT_QUEUED: 1}, State.QUEUED, id="a queued step does not"),
    ],
)
def test_the_state_of_a_deployment(own: tuple[Status | None, Conclusion | None], jobs: Tally, expected: State) -> None:
    standing = state.compute_deployment_standing(*own, None, jobs, {})
    assert state.decide_deployment_state(standing, jobs, is_stale=False) == expected


def test_only_an_open_deployment_becomes_stale() -> None:
    assert state.decide_deployment_state(RUNNING, {}, is_stale=True) == State.STALE
    assert state.decide_deployment_state(QUEUED, {}, is_stale=True) == State.STALE
    assert state.decide_deployment_state(SUCCESS, {}, is_stale=True) == State.SUCCESS


@pytest.mark.parametrize("word", ["waiting", "Waiting", "manual"])
def test_a_queued_status_with_a_waiting_word_is_waiting(word: str) -> None:
    assert state.decide_state(state.compute_step_standing(Status.QUEUED, None, word), in_ended=False) == State.WAITING
    job = state.compute_job_standing(Status.QUEUED, None, word, {}, RUNNING)
    assert state.decide_state(job, in_ended=False) == State.WAITING
    deployment = state.compute_deployment_standing(Status.QUEUED, None, word, {"success": 1}, {"success": 2})
    assert state.decide_deployment_state(deployment, {"success": 1}, is_stale=True) == State.WAITING


@pytest.mark.parametrize("standing", [QUEUED, RUNNING])
def test_an_open_part_of_an_ended_whole_is_unknown(standing: Standing) -> None:
    assert state.decide_state(standing, in_ended=True) == State.UNKNOWN


@pytest.mark.parametrize(
    ("steps", "deployment", "expected"),
    [
        pytest.param({"success": 2}, RUNNING, RUNNING, id="open while its deployment is"),
        pytest.param({"queued": 2}, RUNNING, QUEUED, id="nothing begun"),
        pytest.param({"success": 2}, FAILURE, SUCCESS, id="ended as its steps did"),
        pytest.param({"success": 1, "failure": 1}, SUCCESS, FAILURE, id="a failed step"),
        pytest.param({"success": 1, "skipped": 1}, FAILURE, SUCCESS, id="a skipped step"),
        pytest.param({"success": 1, "in_progress": 1}, FAILURE, FAILURE, id="an open step ended as its deployment did"),
        pytest.param({}, SUCCESS, SUCCESS, id="no steps"),
    ],
)
def test_an_implicit_job_ends_with_its_deployment(steps: Tally, deployment: Standing, expected: Standing) -> None:
    assert state.compute_job_standing(None, None, None, steps, deployment) == expected


def test_a_job_with_its_own_status_does_not_end_with_its_deployment() -> None:
    assert state.compute_job_standing(Status.QUEUED, None, None, {"success": 1}, SUCCESS) == RUNNING


@pytest.mark.parametrize(
    ("status", "conclusion", "kind"),
    [
        (Status.QUEUED, None, "allowed:queued"),
        (Status.IN_PROGRESS, None, "allowed:in_progress"),
        (Status.COMPLETED, Conclusion.FAILURE, "allowed:failure"),
        (Status.COMPLETED, Conclusion.CANCELLED, "allowed:cancelled"),
        (Status.COMPLETED, Conclusion.SUCCESS, "success"),
        (Status.COMPLETED, Conclusion.SKIPPED, "skipped"),
    ],
)
def test_a_job_that_may_fail_is_counted_separately(status: Status, conclusion: Conclusion | None, kind: str) -> None:
    assert state.classify_job(status, conclusion, None, {}, allowed_to_fail=True) == kind


def test_jobs_that_may_fail_count_as_done_once_they_ended() -> None:
    jobs = {"success": 2, "allowed:failure": 1, "allowed:queued": 1, "allowed:in_progress": 1}
    assert state.count_done_jobs(jobs, SUCCESS) == 3
    assert state.count_children(jobs) == 5


def test_a_tally_counts_changes_and_drops_zeros() -> None:
    tally = state.add_to_tally({"queued": 1}, [(None, "queued")])
    assert tally == {"queued": 2}
    assert state.add_to_tally(tally, [("queued", "success"), ("queued", "success")]) == {"success": 2}


@pytest.mark.parametrize(
    ("status", "conclusion", "standing"),
    [
        (None, None, QUEUED),
        (Status.QUEUED, None, QUEUED),
        (Status.IN_PROGRESS, None, RUNNING),
        (Status.COMPLETED, Conclusion.FAILURE, FAILURE),
    ],
)
def test_the_standing_of_a_step_is_its_reported_status(
    status: Status | None, conclusion: Conclusion | None, standing: Standing
) -> None:
    assert state.compute_step_standing(status, conclusion, None) == standing


def test_steps_count_as_done_once_they_ended() -> None:
    assert state.count_done_steps({"queued": 1, "in_progress": 2, "success": 3, "failure": 4, "skipped": 5}) == 12


def test_implicit_jobs_count_as_done_once_their_deployment_ended() -> None:
    jobs = {
        "success": 1, "queued": 2, "in_progress": 4, state.IMPLICIT_QUEUED: 8, state.IMPLICIT_IN_PROGRESS: 16,
        state.IMPLICIT_FAILED: 32,
    }  # fmt: skip
    assert state.count_done_jobs(jobs, RUNNING) == 1
    assert state.count_done_jobs(jobs, SUCCESS) == 1 + 8 + 16 + 32


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ({}, state.IMPLICIT_QUEUED),
        ({"queued": 2}, state.IMPLICIT_QUEUED),
        ({"queued": 1, "in_progress": 1}, state.IMPLICIT_IN_PROGRESS),
        ({"queued": 1, "success": 1}, state.IMPLICIT_IN_PROGRESS),
        ({"success": 1, "failure": 1}, state.IMPLICIT_FAILED),
        ({"cancelled": 1}, state.IMPLICIT_FAILED),
        ({"skipped": 1, "action_required": 1}, state.IMPLICIT_IN_PROGRESS),
    ],
)
def test_an_implicit_job_is_counted_by_its_steps(steps: Tally, kind: str) -> None:
    assert state.classify_job(None, None, None, steps) == kind


@pytest.mark.parametrize(
    ("status", "conclusion", "steps", "kind"),
    [
        (Status.QUEUED, None, {}, "queued"),
        (Status.QUEUED, None, {"success": 1}, "in_progress"),
        (Status.COMPLETED, Conclusion.FAILURE, {}, "failure"),
    ],
)
def test_a_job_with_a_status_is_counted_by_that_status(
    status: Status, conclusion: Conclusion | None, steps: Tally, kind: str
) -> None:
    assert state.classify_job(status, conclusion, None, steps) == kind


@pytest.mark.parametrize("conclusion", Conclusion)
def test_a_job_ends_with_its_reported_status(conclusion: Conclusion) -> None:
    assert state.compute_job_standing(Status.COMPLETED, conclusion, None, {"failure": 1}, RUNNING) == Standing(
        Status.COMPLETED, conclusion
    )


@pytest.mark.parametrize(
    ("own", "jobs", "steps", "expected"),
    [
        pytest.param(Status.IN_PROGRESS, {"success": 1, "waiting": 1}, {}, State.WAITING, id="a job, none runs"),
        pytest.param(None, {"success": 1, "waiting": 1}, {}, State.WAITING, id="without a status of its own"),
        pytest.param(Status.IN_PROGRESS, {"in_progress": 1, "waiting": 1}, {}, State.RUNNING, id="another job runs"),
        pytest.param(None, {"allowed:in_progress": 1, "waiting": 1}, {}, State.RUNNING, id="one that may fail runs"),
        pytest.param(Status.IN_PROGRESS, {"queued": 1, "waiting": 1}, {}, State.WAITING, id="others are queued"),
        pytest.param(Status.IN_PROGRESS, {"allowed:waiting": 1}, {}, State.RUNNING, id="a job nobody has to start"),
        pytest.param(Status.IN_PROGRESS, {state.IMPLICIT_WAITING: 1}, {"waiting": 1}, State.WAITING, id="a step"),
        pytest.param(
            Status.IN_PROGRESS, {"waiting": 1}, {"in_progress": 1}, State.RUNNING, id="a step of another runs"
        ),
    ],
)
def test_a_deployment_waits_while_a_part_waits_and_none_runs(
    own: Status | None, jobs: Tally, steps: Tally, expected: State
) -> None:
    standing = state.compute_deployment_standing(own, None, None, jobs, steps)
    assert state.decide_deployment_state(standing, jobs, is_stale=False) == expected


@pytest.mark.parametrize(
    ("status", "word", "steps", "kind"),
    [
        (Status.QUEUED, "waiting", {}, "waiting"),
        (Status.IN_PROGRESS, "running", {"success": 1, "waiting": 1}, "waiting"),
        (Status.QUEUED, "waiting", {"in_progress": 1}, "in_progress"),
        (None, None, {"success": 1, "waiting": 1}, state.IMPLICIT_WAITING),
        (None, None, {"in_progress": 1, "waiting": 1}, state.IMPLICIT_IN_PROGRESS),
        (None, None, {"failure": 1, "waiting": 1}, state.IMPLICIT_FAILED),
    ],
)
def test_a_job_that_waits_is_counted_separately(
    status: Status | None, word: str | None, steps: Tally, kind: str
) -> None:
    assert state.classify_job(status, None, word, steps) == kind
