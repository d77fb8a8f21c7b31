"""Series of deliveries on one run each, as senders make them from queued to completed."""

from collections.abc import Mapping

from tests.support.bodies import (
    bitbucket,
    buildbot,
    cdevents,
    gitea,
    github,
    gitlab,
    jenkins,
)
from tests.support.sender_deliveries import Delivery, Json, Series, make_series


def clock(time: str) -> str:
    """Return a time of the first of March 2026."""
    return f"2026-03-01T{time}Z"


def make_github_series(run: int) -> list[Delivery]:
    """Return a run of two jobs, of which the second deploys and fails at its second step."""
    step = github.make_step
    whole: Json = {"id": run, "html_url": f"https://github.com/Octo/Shop/actions/runs/{run}"}
    build: Json = {"run_id": run, "id": run * 10 + 1, "name": "build"}
    deploy: Json = {"run_id": run, "id": run * 10 + 2, "name": "deploy"}
    begun, ended = {"started_at": clock("10:00:30")}, {"completed_at": clock("10:02:00")}
    moved = {"created_at": clock("10:02:01"), "started_at": clock("10:02:10")}
    built = [step(1, name="Checkout"), step(2, name="Compile"), step(3)]
    compiling = [built[0], step(2, "in_progress", None, name="Compile"), step(3, "queued", None, started_at=None)]
    deployed = [step(1), step(2, "completed", "failure", name="Roll out"), step(3, "completed", "skipped")]
    named = {"workflow_run": {"id": run, "run_attempt": 1}}
    placed = github.make_deployment("in_progress", updated_at=clock("10:02:12")) | named
    placed["deployment"]["id"] = run
    return make_series(
        "github",
        run,
        ("workflow_run", github.make_run("queued", **whole, updated_at=clock("10:00:00"))),
        ("workflow_job", github.make_job("queued", **build, started_at=clock("10:00:10"))),
        ("workflow_job", github.make_job("in_progress", **build, **begun, steps=compiling)),
        ("workflow_job", github.make_job("completed", "success", **build, **begun, **ended, steps=built)),
        (
            "workflow_job",
            github.make_job("in_progress", **deploy, **moved, steps=[step(1, "in_progress", None)]),
        ),
        ("deployment_status", placed),
        (
            "workflow_job",
            github.make_job("completed", "failure", **deploy, **moved, completed_at=clock("10:04:50"), steps=deployed),
        ),
        ("workflow_run", github.make_run("completed", "failure", **whole, updated_at=clock("10:05:00"))),
    )


def make_gitea_series(run: int) -> list[Delivery]:
    """Return a run of two jobs that succeed."""
    make_run, make_job = gitea.make_run, gitea.make_job
    build: Json = {"run_id": run, "id": run * 10 + 1, "name": "build", "started_at": clock("10:00:05")}
    test: Json = {"run_id": run, "id": run * 10 + 2, "name": "test", "started_at": clock("10:04:02")}
    never = gitea.NEVER
    compiling = [
        {
            "name": "Checkout",
            "number": 0,
            "status": "completed",
            "conclusion": "success",
            "started_at": clock("10:00:05"),
        },
        {"name": "Compile", "number": 1, "status": "in_progress", "conclusion": "", "started_at": clock("10:00:09")},
    ]
    built = [{**step, "status": "completed", "conclusion": "success"} for step in compiling]
    tested = [{"name": "Unit", "number": 0, "status": "completed", "conclusion": "success", "started_at": never}]
    return make_series(
        "gitea",
        run,
        ("workflow_run", make_run("requested", id=run, started_at=gitea.EPOCH)),
        ("workflow_job", make_job("queued", **{**build, "started_at": never}, steps=[])),
        ("workflow_job", make_job("in_progress", **build, steps=compiling)),
        ("workflow_job", make_job("completed", "success", **build, steps=built)),
        ("workflow_job", make_job("in_progress", **test, steps=[])),
        ("workflow_job", make_job("completed", "success", **test, completed_at=clock("10:04:50"), steps=tested)),
        ("workflow_run", make_run("completed", "success", id=run)),
    )


def make_gitea_retry_series(run: int) -> list[Delivery]:
    """Return a run that fails, runs again and succeeds; Gitea numbers the attempts of its job, not its own."""

    def whole(status: str, conclusion: str, start: str, end: str) -> tuple[str, Json]:
        times = {"started_at": clock(start), "completed_at": clock(end) if conclusion else gitea.EPOCH}
        return "workflow_run", gitea.make_run(status, conclusion, id=run, run_attempt=0, **times)

    def job(status: str, conclusion: str, attempt: int, start: str, end: str) -> tuple[str, Json]:
        times = {"started_at": clock(start), "completed_at": clock(end) if conclusion else gitea.NEVER}
        fields = {"id": run * 10 + 1, "run_id": run, "run_attempt": attempt, "steps": []}
        return "workflow_job", gitea.make_job(status, conclusion, **times, **fields)

    return make_series(
        "gitea",
        run,
        whole("in_progress", "", "09:00:00", ""),
        job("completed", "failure", 1, "09:00:00", "09:05:00"),
        whole("completed", "failure", "09:00:00", "09:05:00"),
        job("in_progress", "", 2, "10:00:00", ""),
        whole("in_progress", "", "10:00:00", ""),
        job("completed", "success", 2, "10:00:00", "10:04:00"),
        whole("completed", "success", "10:00:00", "10:04:00"),
    )


def make_forgejo_series(run: int) -> list[Delivery]:
    """Return a run of two jobs, of which the second fails first, runs again and then succeeds, as its run does."""
    build, test = {"run_id": run, "id": run * 10 + 1}, {"run_id": run, "id": run * 10 + 2, "name": "test"}
    first, then = {"id": run}, {"id": run, "started": clock("11:00:00"), "updated": clock("11:00:01")}
    events: list[tuple[str, Json]] = [
        (f"workflow_job_{status}", gitea.make_forgejo_job(status, whole, **job, attempt=attempt))
        for status, whole, job, attempt in (
            ("running", first, build, 1),
            ("success", first, build, 1),
            ("failure", first, test, 1),
            ("running", then, test, 2),
            ("success", then, test, 2),
        )
    ]
    again = {**then, "stopped": clock("11:03:00"), "updated": clock("11:03:00")}
    events.insert(3, ("action_run_failure", gitea.make_forgejo_run("failure", id=run)))
    return make_series("forgejo", run, *events, ("action_run_recover", gitea.make_forgejo_run("success", **again)))


def make_gitlab_series(run: int) -> list[Delivery]:
    """Return a pipeline of two jobs, of which the second fails first and succeeds when it is run again."""
    make_build, make_job = gitlab.make_build, gitlab.make_job
    compile_id, unit_id, again_id = run * 10 + 1, run * 10 + 2, run * 10 + 3
    begun = {"started_at": "2026-03-01 10:01:00 UTC"}
    ended = {**begun, "finished_at": "2026-03-01 10:02:00 UTC", "duration": 60.0}
    tested = {"started_at": "2026-03-01 10:02:05 UTC"}
    failed = {**tested, "finished_at": "2026-03-01 10:03:00 UTC", "failure_reason": "script_failure"}
    again = {"created_at": "2026-03-01 10:10:00 UTC", "started_at": "2026-03-01 10:11:00 UTC"}
    again_ended = {**again, "finished_at": "2026-03-01 10:12:00 UTC", "duration": 60.0}
    compiled = make_build(compile_id, "compile", "success", stage="build", **ended)

    def pipeline(status: str, *builds: Json, **fields: object) -> tuple[str, Json]:
        return "Pipeline Hook", gitlab.make_pipeline(status, *builds, id=run, **fields)

    def job(number: int, name: str, status: str, times: Json) -> tuple[str, Json]:
        prefixed = {f"build_{field}": value for field, value in times.items()}
        return "Job Hook", make_job(number, name, status, pipeline_id=run, **prefixed)

    return make_series(
        "gitlab",
        run,
        pipeline("pending", make_build(compile_id, "compile", "pending", stage="build")),
        job(compile_id, "compile", "running", begun),
        pipeline("running", compiled, make_build(unit_id, "unit", "running", **tested)),
        job(unit_id, "unit", "failed", failed),
        pipeline("failed", compiled, make_build(unit_id, "unit", "failed", **failed), finished_at=clock("10:03:01")),
        job(again_id, "unit", "running", again),
        pipeline(
            "success",
            compiled,
            make_build(again_id, "unit", "success", **again_ended),
            finished_at=clock("10:12:01"),
            duration=121,
        ),
    )


def make_jenkins_series(run: int) -> list[Delivery]:
    """Return a build as reported by both plugins and by a script that posts its stages."""
    stage, stages = jenkins.make_stage, jenkins.make_stages
    address = {
        "full_url": f"https://ci.example.org/jenkins/job/Team/job/shop/{run}/",
        "url": f"job/Team/job/shop/{run}/",
    }
    build: Json = {"number": run, **address}
    ended: Json = {**build, "duration": 90_500}
    link: Json = {"_links": {"self": {"href": f"/jenkins/job/Team/job/shop/{run}/wfapi/describe"}}}
    compiled = stage("Build", took_ms=30_000)
    half = [compiled, stage("Deploy", "IN_PROGRESS", from_ms=30_000, took_ms=5_000)]
    whole = [compiled, stage("Deploy", "FAILED", from_ms=30_000, took_ms=60_000, error={"message": "exit code 1"})]
    notify, make_run = jenkins.make_notification, jenkins.make_run
    return make_series(
        "jenkins",
        run,
        ("notification", notify("QUEUED", after_ms=-4_000, **build)),
        ("notification", notify("STARTED", **build)),
        ("generic", make_run("started", number=run, id=f"e-{run}-1")),
        ("stages", stages("IN_PROGRESS", *half, ended_ms=35_000, **link)),
        ("notification", notify("COMPLETED", "FAILURE", after_ms=90_500, **ended)),
        ("stages", stages("FAILED", *whole, **link)),
        ("notification", notify("FINALIZED", "FAILURE", after_ms=91_000, **ended)),
        ("generic", make_run("completed", "FAILURE", time="11:01:31.000", number=run, id=f"e-{run}-2")),
    )


def make_cdevents_series(run: int) -> list[Delivery]:
    """Return a run of two tasks; every other event is in a CloudEvent, the others are one in headers."""

    def make_cdevent(number: int, kind: str, subject: str, at: str, **content: object) -> tuple[str, Json]:
        context = {"id": f"{run}-{number}", "timestamp": clock(at)}
        event = cdevents.make_event(kind, subject, dict(content), **context)
        return kind, cdevents.wrap(event) if number % 2 else event

    name, within = f"ship-{run}", {"id": f"ship-{run}"}
    return make_series(
        "cdevents",
        run,
        make_cdevent(1, "pipelinerun.queued", name, "11:00:00", pipelineName="ship"),
        make_cdevent(2, "pipelinerun.started", name, "11:00:05", pipelineName="ship"),
        make_cdevent(3, "taskrun.started", f"{name}-pack", "11:00:06", taskName="Pack", pipelineRun=within),
        make_cdevent(
            4, "taskrun.finished", f"{name}-pack", "11:01:00", taskName="Pack", pipelineRun=within, outcome="success"
        ),
        make_cdevent(5, "taskrun.started", f"{name}-send", "11:01:01", taskName="Send", pipelineRun=within),
        make_cdevent(
            6, "taskrun.finished", f"{name}-send", "11:02:00", taskName="Send", pipelineRun=within, outcome="failure"
        ),
        make_cdevent(
            7, "pipelinerun.finished", name, "11:02:01", pipelineName="ship", outcome="failure", errors="Send: 503"
        ),
    )


def make_buildbot_series(run: int) -> list[Delivery]:
    """Return a build that is posted whole, with the steps so far, each time that one begins or ends."""
    make_build, bodies = buildbot.make_build, buildbot
    steps = [bodies.PREPARED, bodies.BUILT, bodies.TEST_FAILED, bodies.TIDIED]
    ended = bodies.end_build(2, *steps, text="failed 2 of 9 failed", buildid=run)
    events = [
        make_build(buildid=run),
        make_build(bodies.PREPARED, bodies.BUILDING, buildid=run),
        make_build(bodies.PREPARED, bodies.BUILT, buildid=run),
        make_build(bodies.PREPARED, bodies.BUILT, bodies.TESTING, buildid=run),
        make_build(*steps[:3], buildid=run),
        ended,
    ]
    return make_series("buildbot", run, *(("build", body) for body in events))


def make_bitbucket_series(run: int) -> list[Delivery]:
    """Return what a CI server says of a commit, each time with another address: that it failed, later succeeded."""
    statuses = [
        ("INPROGRESS", "10:00:00", "queued"),
        ("INPROGRESS", "10:01:00", "building"),
        ("FAILED", "10:05:00", "2 of 12 tests failed"),
        ("INPROGRESS", "10:10:00", "building again"),
        ("SUCCESSFUL", "10:15:00", "12 tests"),
    ]
    commit = {"commit": {"hash": f"{run}{'a' * 33}", "message": "Pay by card\n"}}
    events = ["repo:commit_status_created", *["repo:commit_status_updated"] * 4]
    bodies = [
        bitbucket.make_status(
            state, description=text, updated_on=clock(at), url=f"https://ci.example.org/{place}", **commit
        )
        for place, (state, at, text) in enumerate(statuses)
    ]
    return make_series("bitbucket", run, *zip(events, bodies, strict=True))


def make_gitea_status_series(run: int) -> list[Delivery]:
    """Return what another CI server says of a commit in Gitea, in two runs of it, each time with another address."""
    statuses = [
        ("pending", "13:00:00", "queued"),
        ("pending", "13:00:05", "building"),
        ("failure", "13:02:00", "2 of 12 tests failed"),
        ("pending", "13:10:00", "building again"),
        ("success", "13:12:00", "12 tests"),
    ]
    bodies = [
        gitea.make_status(
            state,
            sha=f"{run}{'a' * 33}",
            description=text,
            target_url=f"https://ci.example.org/{place}",
            created_at=clock(at),
            updated_at=clock(at),
        )
        for place, (state, at, text) in enumerate(statuses)
    ]
    return make_series("gitea", run, *(("status", body) for body in bodies))


SERIES: Mapping[str, Series] = {
    "GitHub: run, jobs and deployment": make_github_series,
    "Gitea: run and jobs": make_gitea_series,
    "Gitea: run and job, both again": make_gitea_retry_series,
    "Forgejo: run and jobs, one again": make_forgejo_series,
    "GitLab: pipeline and jobs, one again": make_gitlab_series,
    "Jenkins: notifications, events and stages": make_jenkins_series,
    "CDEvents: pipeline and tasks": make_cdevents_series,
    "Buildbot: build with its steps": make_buildbot_series,
    "Bitbucket: commit status": make_bitbucket_series,
    "Gitea: commit status": make_gitea_status_series,
}
