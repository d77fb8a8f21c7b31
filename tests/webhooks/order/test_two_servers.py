"""Two dashboards on one database that receive one sender's deliveries at once, some of them twice."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.delivery_orders import anonymise
from tests.support.fixtures import StartDashboard
from tests.support.sender_deliveries import RUNS, Delivery, Json, renew_key, write_wire
from tests.support.sender_series import make_github_series
from tests.support.servers import DashboardServer

Servers = tuple[DashboardServer, DashboardServer]
ROUNDS = 12


@pytest.fixture(scope="module")
def servers(start_dashboard: StartDashboard) -> Servers:
    """Give two dashboards on one database."""
    first = start_dashboard()
    return first, start_dashboard(first.database_url)


def post_at_once(servers: Servers, deliveries: Sequence[Delivery]) -> list[Json]:
    """Post each delivery from a thread of its own, to one of the servers in turn; return the answers."""
    gate = threading.Barrier(len(deliveries))

    def post(place: int) -> Json:
        wire = write_wire(deliveries[place])
        gate.wait()
        status, answer = servers[place % 2].request(*wire)
        assert status == 200, answer
        parsed: Json = answer
        return parsed

    with ThreadPoolExecutor(len(deliveries)) as pool:
        return list(pool.map(post, range(len(deliveries))))


def shuffle_twice(deliveries: Sequence[Delivery], seed: int) -> list[Delivery]:
    """Return every delivery twice in random order: half of the copies under another key."""
    copies = [renew_key(delivery) if place % 2 else delivery for place, delivery in enumerate(deliveries)]
    return random.Random(seed).sample([*deliveries, *copies], 2 * len(deliveries))


def show_in_order(server: DashboardServer) -> Json:
    run = next(RUNS)
    answers = [server.request(*write_wire(delivery))[1] for delivery in make_github_series(run)]
    return anonymise(server.get(f"/api/deployments/{answers[-1]['deployment_id']}")[1], run)


def test_concurrent_deliveries_to_two_servers_give_the_result_of_their_order(servers: Servers) -> None:
    expected = show_in_order(servers[0])
    for seed in range(ROUNDS):
        run = next(RUNS)
        answers = post_at_once(servers, shuffle_twice(make_github_series(run), seed))
        ids = {answer["deployment_id"] for answer in answers}
        (deployment_id,) = (i for i in ids if servers[0].get(f"/api/deployments/{i}")[1]["run_id"])
        views = [server.get(f"/api/deployments/{deployment_id}")[1] for server in servers]
        assert [anonymise(view, run) for view in views] == [expected, expected]
        events = servers[0].get(f"/api/deployments/{deployment_id}/events")[1]["items"]
        assert [event["seq"] for event in events] == list(range(1, views[0]["seq"] + 1))
        assert [event["prev_seq"] for event in events] == list(range(views[0]["seq"]))


def test_one_of_several_concurrent_copies_at_two_servers_is_applied(servers: Servers) -> None:
    for delivery in make_github_series(next(RUNS)):
        answers = post_at_once(servers, [delivery] * 6)
        assert sorted(answer["verdict"] for answer in answers) == ["applied", *["duplicate"] * 5]
        assert len({answer["seq"] for answer in answers}) == 1
