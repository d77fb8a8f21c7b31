"""The dashboard of the tests of the pages."""

import pytest

from tests.support.fixtures import StartDashboard
from tests.support.servers import DashboardServer


@pytest.fixture(scope="module")
def dashboard_server(start_dashboard: StartDashboard) -> DashboardServer:
    """Give a dashboard whose pages refresh over HTTP without delay."""
    return start_dashboard(DASHBOARD_REFRESH_S="1")
