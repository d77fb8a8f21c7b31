"""The clock of the web server jumps under load: an operator sets it, a virtual machine wakes up."""

from pathlib import Path

import pytest

from tests.faults.conftest import Watch
from tests.faults.database import fetch
from tests.faults.load import sending
from tests.faults.truth import check_truth
from tests.support.fixtures import StartDashboard

ANSWER_WITHIN_S = 5
HOUR_S, DAY_S = 3600, 24 * 3600
JUMPS_S = (HOUR_S, -HOUR_S, DAY_S, 0)
"""How far the clock is from the true time, one after the other."""
SPAN = "SELECT extract(epoch FROM max(received_at) - min(received_at)) FROM deliveries"
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.mark.skipif(LIBRARY is None, reason="needs the package libfaketime")
def test_a_clock_that_jumps(start_dashboard: StartDashboard, watch: Watch, tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    server = start_dashboard(
        LD_PRELOAD=str(LIBRARY),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        # What a clock that is set leaves alone, as the kernel does.
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
        PYTHONPATH=str(Path(__file__).parent / "clock"),
    )
    viewers = watch(server)
    with sending(server.port) as load:
        load.wait_for_more()
        for jump_s in JUMPS_S:
            offset.write_text(f"{jump_s:+}")
            load.wait_for_more(50)
    check_truth(server, load, viewers)
    ((span_s,),) = fetch(server.database_url, SPAN)
    assert span_s > DAY_S, "the clock did not jump"
    assert load.statuses.keys() == {200}
    assert load.longest_s < ANSWER_WITHIN_S
