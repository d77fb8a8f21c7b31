"""A page that received all frames equals a fresh page."""

import random

from tests.support.fixtures import ConnectClient
from tests.support.servers import DashboardServer
from tests.support.socketio_client import SocketIOClient
from tests.support.views import View, patch_deployment, share_projects, sort_parts

STEPS = ("checkout", "build", "deploy_project", "test_website")
WORDS = ("pending", "running", "success", "failed", "skipped", "no such word")


def make_report(chance: random.Random) -> View:
    """Return some report on one of three runs of two projects."""
    run = chance.randrange(3)
    report: View = {"project": ("shop", "网站", "shop")[run], "run_id": str(run)}
    if chance.random() < 0.8:
        step = {"name": chance.choice(STEPS), "status": chance.choice(WORDS), "job": chance.choice(("deploy", "check"))}
        report["step"] = step | chance.choice(({}, {"number": 1}, {"message": "hm"}, {"error": "oh", "log": "tail"}))
    if chance.random() < 0.4:
        report |= {"status": chance.choice(WORDS), "message": chance.choice(("one", "two"))}
    if chance.random() < 0.3:
        report |= {"service_status": chance.choice(("running", "stopped")), "port": chance.randrange(8000, 8003)}
    if chance.random() < 0.5:
        report["timestamp"] = f"2024-01-01T00:00:{chance.randrange(60):02}Z"
    return report


def live_through(page: SocketIOClient, views: dict[int, View], seqs: dict[int, int]) -> None:
    """Apply frames until all deployments have reached these seqs."""
    while any(views.get(key, {"seq": 0})["seq"] < seq for key, seq in seqs.items()):
        _, frame = page.take_frame()
        view = views.setdefault(frame["deployment_id"], {"id": frame["deployment_id"], "seq": 0, "jobs": {}})
        if frame["seq"] > view["seq"]:
            patch_deployment(view, frame)


def test_a_page_that_received_all_frames_equals_a_fresh_one(
    dashboard_server: DashboardServer, connect_client: ConnectClient
) -> None:
    chance = random.Random(2)
    first = dashboard_server.post({"project": "shop", "run_id": "0", "status": "running"})[1]
    watched = first["deployment_id"]
    own, overview = connect_client(), connect_client()
    one = {watched: sort_parts(own.subscribe(f"deployment:{watched}")["snapshot"])}
    everything = {row["id"]: {**row, "jobs": {}} for row in overview.subscribe("overview")["snapshot"]["deployments"]}
    seqs = {watched: first["seq"]}
    for _ in range(120):
        status, answer = dashboard_server.post(make_report(chance))
        assert status == 200, answer
        seqs[answer["deployment_id"]] = answer["seq"]
    live_through(own, one, {watched: seqs[watched]})
    live_through(overview, everything, seqs)

    fresh = connect_client()
    whole = sort_parts(fresh.subscribe(f"deployment:{watched}")["snapshot"])
    assert {**one[watched], "project": None} == whole
    rows = {row["id"]: row for row in fresh.subscribe("overview")["snapshot"]["deployments"]}
    assert share_projects(everything) == share_projects(rows)
