"""The configuration of the Buildbot that test_buildbot.py starts: read by Buildbot, in an environment of its own.

Addresses, secrets and the gate, a fifo that holds the second step until something is written to it, come as variables.
"""

import os
from collections.abc import Generator
from typing import Any, ClassVar

from buildbot.plugins import changes, reporters, schedulers, steps, util, worker
from twisted.internet import defer

STEP_EVENTS = [("steps", None, "started"), ("steps", None, "finished")]


class EveryStep(reporters.BuildStartEndStatusGenerator):
    """Reports a build when it starts and ends, however that is, and when one of its steps does."""

    wanted_event_keys: ClassVar = [*reporters.BuildStartEndStatusGenerator.wanted_event_keys, *STEP_EVENTS]

    @defer.inlineCallbacks
    def generate(self, master: Any, reporter: Any, key: tuple[str, ...], about: Any) -> Generator[Any, Any, Any]:
        if key[0] == "steps":
            about = yield master.data.get(("builds", about["buildid"]))
        return (yield super().generate(master, reporter, key, about))


whole_build = reporters.MessageFormatterFunction(lambda context: context["build"], "json", want_steps=True)
push = reporters.HttpStatusPush(
    os.environ["DASHBOARD_URL"] + "/api/webhook/deployment/buildbot",
    headers={"Authorization": "Bearer " + os.environ["DASHBOARD_WEBHOOK_SECRET"]},
    generators=[EveryStep(start_formatter=whole_build, end_formatter=whole_build)],
)
deployment = util.BuildFactory(
    [
        steps.ShellCommand(name="Build", command=["echo", "built"]),
        steps.ShellCommand(name="Deploy", command=["sh", "-c", 'read -r _ <"$0"', os.environ["GATE"]]),
        steps.ShellCommand(name="Migrate", command=["true"], doStepIf=False),
        steps.ShellCommand(
            name="测试网站", command=["sh", "-c", "exit 3"], descriptionDone="answered 502", haltOnFailure=True
        ),
        steps.ShellCommand(name="Announce", command=["true"]),
        steps.ShellCommand(name="Tidy up", command=["true"], alwaysRun=True),
    ]
)
BuildmasterConfig = {
    "buildbotNetUsageData": None,
    "buildbotURL": "https://bot.example.org/",
    "db": {"db_url": "sqlite:///state.sqlite"},
    "protocols": {"pb": {"port": f"tcp:{os.environ['BUILDBOT_PORT']}:interface=127.0.0.1"}},
    "workers": [worker.LocalWorker("w1")],
    "change_source": [changes.PBChangeSource(user="change", passwd="changes")],
    "schedulers": [schedulers.AnyBranchScheduler(name="on-push", builderNames=["Shop CI"])],
    "builders": [util.BuilderConfig(name="Shop CI", workernames=["w1"], factory=deployment)],
    "services": [push],
}
