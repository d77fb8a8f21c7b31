"""What must hold after every fault: nothing acknowledged is missing, nothing was applied twice, every page is right."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from dashboard.ingest.delivery import decompress_body
from tests.faults.database import fetch
from tests.faults.load import RUNS, Load, run_id_of
from tests.faults.viewer import Viewer
from tests.support.servers import DashboardServer
from tests.support.views import View, patch_deployment, sort_parts


def check_truth(server: DashboardServer, load: Load, viewers: Iterable[Viewer] = ()) -> None:
    """Compare what the server has and shows with what its senders were answered."""
    assert load.acknowledged, "there was no load"
    assert set(load.statuses) <= {200, 503}
    assert None not in load.retry_after, "an answer 503 must say when to come again"
    check_deliveries(server, load)
    views = [check_deployment(server, load, run) for run in map(str, range(RUNS))]
    seqs = {view["id"]: view["seq"] for view in views}
    for viewer in viewers:
        viewer.expect_converged(seqs)


def check_deliveries(server: DashboardServer, load: Load) -> None:
    """Every acknowledged delivery is kept with the verdict that was answered, and was applied once, under some id."""
    rows = fetch(server.database_url, "SELECT id::text, verdict, body FROM deliveries")
    kept = {
        delivery_id: (verdict, json.loads(decompress_body(body)).get("step_name"))
        for delivery_id, verdict, body in rows
    }
    for key, answer in load.acknowledged.items():
        assert kept.get(answer["delivery_id"]) == (answer["verdict"], key)
    applied = Counter(key for verdict, key in kept.values() if verdict == "applied" and key is not None)
    assert applied == dict.fromkeys(load.acknowledged, 1)
    assert {verdict for verdict, _ in kept.values()} <= {"applied", "duplicate"}


def check_deployment(server: DashboardServer, load: Load, run: str) -> View:
    """A run has the steps that were acknowledged, each in one of its events, whose seqs have no gap."""
    names = sorted(key for key in load.acknowledged if run_id_of(key) == run)
    ((deployment_id,),) = fetch(server.database_url, "SELECT id FROM deployments WHERE run_id = %s", run)
    view: View = server.get(f"/api/deployments/{deployment_id}")[1]
    steps = list(itertools.chain.from_iterable(job["steps"] for job in view["jobs"]))
    assert sorted(step["name"] for step in steps) == names
    assert {step["status"] for step in steps} == {"completed"}
    events = read_events(server, deployment_id)
    assert [event["seq"] for event in events] == list(range(1, view["seq"] + 1))
    assert sorted(step["name"] for event in events for step in event["steps"]) == names
    replayed: View = {"id": deployment_id, "seq": 0, "jobs": {}}
    for event in events:
        patch_deployment(replayed, event)
    assert find_differences(replayed, sort_parts(view)) == []
    return view


def read_events(server: DashboardServer, deployment_id: int) -> list[View]:
    """Return the events of a deployment as frames of one event each."""
    events: list[View] = []
    cursor = ""
    while cursor is not None:
        page = server.get(f"/api/deployments/{deployment_id}/events?limit=500{cursor and f'&cursor={cursor}'}")[1]
        events += page["items"]
        cursor = page["next_cursor"]
    return events


def find_differences(replayed: Any, fresh: Any, path: str = "") -> list[str]:
    """Return where the replayed events differ from a fresh view; fields that only one of them has are not compared."""
    if isinstance(replayed, dict) and isinstance(fresh, dict):
        return [
            difference
            for key in replayed.keys() & fresh.keys() - {"project"}
            for difference in find_differences(replayed[key], fresh[key], f"{path}/{key}")
        ]
    return [] if replayed == fresh else [f"{path}: replayed {replayed!r}, shown {fresh!r}"]
