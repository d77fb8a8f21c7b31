"""Difficult series that GitHub has sent, with odd orders and times, in every order."""

import itertools
from collections.abc import Iterable
from typing import Any

from flask.testing import FlaskClient

from tests.support.bodies.github import make_deployment, make_job, make_run, make_step
from tests.support.delivery_orders import anonymise, deliver, read_deployment, show, show_in_any_order
from tests.support.ingest import NOW, read_view
from tests.support.sender_deliveries import RUNS, Delivery, Json, make_series
from tests.support.sender_series import clock


def run_event(run: int, status: str, conclusion: str | None = None, **fields: Any) -> tuple[str, Json]:
    return "workflow_run", make_run(status, conclusion, id=run, **fields)


def job_event(run: int, status: str, conclusion: str | None = None, job: int = 1, **fields: Any) -> tuple[str, Json]:
    return "workflow_job", make_job(status, conclusion, run_id=run, id=run * 10 + job, **fields)


def test_completed_then_in_progress_then_queued_is_completed(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "github",
            run,
            run_event(run, "completed", "success", updated_at=clock("10:05:00")),
            run_event(run, "in_progress", updated_at=clock("10:00:09")),
            run_event(run, "queued", updated_at=clock("10:00:00")),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["status"], view["conclusion"]) == ("success", "completed", "success")
    assert (view["started_at"], view["completed_at"]) == (clock("10:00:00"), clock("10:05:00"))


def test_a_job_completed_then_in_progress_then_queued_is_completed(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        steps = [make_step(1), make_step(2, "completed", "failure")]
        begun = [make_step(1, "in_progress", None), make_step(2, "queued", None, started_at=None)]
        return make_series(
            "github",
            run,
            job_event(run, "completed", "failure", completed_at=clock("10:03:00"), steps=steps),
            job_event(run, "in_progress", steps=begun),
            job_event(run, "queued", started_at=clock("10:00:10")),
        )

    (job,) = show_in_any_order(shared_client, series)["jobs"]
    assert (job["state"], job["started_at"], job["completed_at"]) == ("failed", clock("10:00:30"), clock("10:03:00"))
    assert [step["state"] for step in job["steps"]] == ["success", "failed"]
    assert (job["job_progress_pct"], job["current_step_index"]) == (100, None)


def test_queued_then_waiting_then_queued_has_not_started(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "github",
            run,
            job_event(run, "queued", started_at=clock("10:00:10")),
            job_event(run, "waiting", started_at=clock("10:00:20")),
            job_event(run, "queued", started_at=clock("10:00:30"), completed_at=None),
        )

    view = show_in_any_order(shared_client, series)
    (job,) = view["jobs"]
    assert (view["status"], view["run_progress_pct"]) == ("queued", 0)
    assert (job["status"], job["started_at"], job["job_progress_pct"]) == ("queued", None, 0)


def test_the_creation_of_a_queued_job_is_not_its_start(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "github",
            run,
            job_event(run, "queued", created_at=clock("10:00:10"), started_at=clock("10:00:10")),
            job_event(run, "in_progress", created_at=clock("10:00:10"), started_at=clock("10:02:00")),
        )

    (job,) = show_in_any_order(shared_client, series)["jobs"]
    assert (job["state"], job["started_at"]) == ("running", clock("10:02:00"))


def test_an_end_before_the_start_gives_no_negative_duration(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        step = make_step(1, "completed", "cancelled", started_at=clock("10:09:00"), completed_at=clock("10:08:00"))
        times: Json = {"started_at": clock("10:09:00"), "completed_at": clock("10:08:59")}
        run_times = {"run_started_at": clock("10:09:10"), "updated_at": clock("10:09:00")}
        return make_series(
            "github",
            run,
            job_event(run, "completed", "cancelled", **times, steps=[step]),
            job_event(run, "completed", "skipped", job=2, **times),
            run_event(run, "completed", "cancelled", **run_times),
        )

    view = show_in_any_order(shared_client, series)
    cancelled, skipped = view["jobs"]
    assert (view["duration_s"], cancelled["duration_s"], skipped["duration_s"]) == (0, 0, 0)
    assert cancelled["steps"][0]["duration_s"] == 0


def test_success_while_a_job_is_open_is_partial_until_the_job_is_reported(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        steps = [make_step(1), make_step(2, "in_progress", None)]
        return make_series(
            "github", run, job_event(run, "in_progress", steps=steps), run_event(run, "completed", "success")
        )

    view = show_in_any_order(shared_client, series)
    (job,) = view["jobs"]
    assert (view["state"], view["conclusion"], view["run_progress_pct"]) == ("partial", "success", 0)
    assert (job["state"], job["steps"][1]["state"], job["current_step_index"]) == ("unknown", "unknown", None)

    def with_late_report(run: int) -> list[Delivery]:
        ended: Json = {"completed_at": clock("10:03:00"), "steps": [make_step(1), make_step(2)]}
        return series(run) + make_series("github", -run, job_event(run, "completed", "success", **ended))

    corrected = show_in_any_order(shared_client, with_late_report)
    assert (corrected["state"], corrected["run_progress_pct"]) == ("success", 100)
    assert (corrected["jobs"][0]["state"], corrected["jobs"][0]["job_progress_pct"]) == ("success", 100)


def test_a_late_report_on_a_job_raises_the_seq_of_an_ended_run(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    ended = make_series("github", run, job_event(run, "in_progress"), run_event(run, "completed", "success"))
    seq = show(shared_client, ended)["seq"]
    (late,) = make_series("github", -run, job_event(run, "completed", "success", completed_at=clock("10:03:00")))
    assert deliver(shared_client, late)["seq"] == seq + 1


def test_success_while_a_job_failed_is_partial(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "github",
            run,
            job_event(run, "completed", "failure", completed_at=clock("10:03:00")),
            job_event(run, "completed", "success", job=2, completed_at=clock("10:03:00")),
            run_event(run, "completed", "success"),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["conclusion"], view["run_progress_pct"]) == ("partial", "success", 100)
    assert [job["state"] for job in view["jobs"]] == ["failed", "success"]


def test_a_deployment_of_another_tool_ends_with_its_last_status(shared_client: FlaskClient) -> None:
    def status_event(run: int, state: str | None, time: str, **fields: Any) -> tuple[str, Json]:
        body = make_deployment(state, created_at=clock(time), updated_at=clock(time), **fields)
        return "deployment_status" if state else "deployment", {**body, "deployment": {**body["deployment"], "id": run}}

    def series(run: int) -> list[Delivery]:
        return make_series(
            "github",
            run,
            status_event(run, None, "11:00:00"),
            status_event(run, "queued", "11:00:05"),
            status_event(run, "in_progress", "11:00:10"),
            status_event(run, "success", "11:02:00", description="Version 12 is live"),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["environment"], view["message"]) == ("success", "production", "Version 12 is live")
    assert (view["started_at"], view["completed_at"]) == (clock("11:00:10"), clock("11:02:00"))
    assert [(job["name"], job["state"]) for job in view["jobs"]] == [("deploy", "success")]


class TestAttempts:
    """A run of two jobs, one of which failed, and its second attempt."""

    FIRST_ENDED = clock("10:04:00")

    def first(self, run: int) -> list[Delivery]:
        """Return the deliveries on the first attempt, the last of which is that it is completed."""
        done: Json = {"completed_at": clock("10:03:00")}
        return make_series(
            "github",
            run,
            job_event(run, "completed", "success", name="build", steps=[make_step(1)], **done),
            job_event(run, "completed", "failure", job=2, name="deploy", **done),
            run_event(run, "completed", "failure", updated_at=self.FIRST_ENDED),
        )

    def second(self, run: int) -> list[Delivery]:
        """Return the deliveries on the second: the job that had succeeded is reported again, the other one runs."""
        again: Json = {"run_attempt": 2}
        times = {"run_started_at": clock("10:10:00"), "updated_at": clock("10:10:01")}
        done: Json = {"completed_at": clock("10:03:00")}
        return make_series(
            "github",
            -run,
            run_event(run, "in_progress", **again, **times),
            job_event(run, "completed", "success", job=3, name="build", steps=[make_step(1)], **done, **again),
            job_event(run, "in_progress", job=4, name="deploy", started_at=clock("10:10:05"), **again),
        )

    def post(self, client: FlaskClient, deliveries: Iterable[Delivery]) -> dict[int, Json]:
        """Post deliveries on both attempts; return their deployments by attempt."""
        ids = {deliver(client, delivery)["deployment_id"] for delivery in deliveries}
        views = [read_deployment(client, number) for number in ids]
        return {view["attempt"]: view for view in views}

    def test_a_late_completed_event_changes_only_its_own_attempt(self, shared_client: FlaskClient) -> None:
        run = next(RUNS)
        *jobs, late = self.first(run)
        before = self.post(shared_client, [*jobs, *self.second(run)])
        after = self.post(shared_client, [late, *self.second(run)])
        assert (before[1]["state"], before[2]["state"]) == ("running", "running")
        assert (after[1]["state"], after[1]["completed_at"]) == ("failed", self.FIRST_ENDED)
        assert anonymise(after[2], run) == anonymise(before[2], run)
        assert after[2]["seq"] == before[2]["seq"]

    def test_a_late_completed_event_of_the_old_attempt_keeps_the_jobs_that_the_new_one_inherits(
        self, shared_client: FlaskClient
    ) -> None:
        run = next(RUNS)
        *jobs, late = self.first(run)
        old, new = (view["id"] for _, view in sorted(self.post(shared_client, [*jobs, *self.second(run)]).items()))
        with shared_client.application.app_context():
            before = read_view(new, NOW)["related"]
        deliver(shared_client, late)
        with shared_client.application.app_context():
            after = read_view(new, NOW)["related"]
        assert after["attempts"] == before["attempts"] == [{"id": old, "attempt": 1}]
        assert after["earlier"] == before["earlier"]
        assert [(job["name"], job["state"], job["attempt"]) for job in after["earlier"]] == [
            ("build", "success", 1),
            ("deploy", "failed", 1),
        ]

    def test_a_rerun_of_failed_jobs_reports_the_others_again_and_counts_them_once(
        self, shared_client: FlaskClient
    ) -> None:
        views = self.post(shared_client, [*self.first(run := next(RUNS)), *self.second(run)])
        assert [(job["name"], job["state"]) for job in views[1]["jobs"]] == [("build", "success"), ("deploy", "failed")]
        assert [(job["name"], job["state"]) for job in views[2]["jobs"]] == [
            ("build", "success"),
            ("deploy", "running"),
        ]
        assert (views[1]["run_progress_pct"], views[2]["run_progress_pct"]) == (100, 50)
        assert (views[2]["completed_jobs"], views[2]["total_jobs_visible"]) == (1, 2)

    def test_deliveries_on_two_attempts_may_mix_in_any_order(self, shared_client: FlaskClient) -> None:
        seen = set()
        for places in itertools.permutations(range(4)):
            run = next(RUNS)
            chosen = [*self.first(run)[1:], *self.second(run)[::2]]
            views = self.post(shared_client, (chosen[place] for place in places))
            jobs = {attempt: tuple(job["state"] for job in view["jobs"]) for attempt, view in views.items()}
            seen.add((views[1]["state"], views[2]["state"], jobs[1], jobs[2]))
        assert seen == {("failed", "running", ("failed",), ("running",))}
