"""Web processes that are killed or stopped under load."""

from tests.conftest import StartDashboard
from tests.faults.conftest import Watch
from tests.faults.load import sending
from tests.faults.processes import kill_workers
from tests.faults.truth import check_truth


def test_kill_9_of_workers(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(3):
            load.wait_for_more()
            kill_workers(server)
        load.wait_for_more()
    assert load.broken, "no sender noticed"
    check_truth(server, load, viewers)
    assert all(viewer.connections == 4 for viewer in viewers)
