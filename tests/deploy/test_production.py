"""The shape of production, as a sender, a page and an operator see it: through nginx, below a prefix."""

import urllib.request
from collections.abc import Iterator

import pytest

from tests.conftest import StartProduction
from tests.live.browser import Browser
from tests.production import ProductionShape

PREFIX = "/project-dashboard"


@pytest.fixture(scope="module")
def shape(start_production: StartProduction) -> ProductionShape:
    """Give a shape that all tests here share: each leaves everything running."""
    return start_production(DASHBOARD_URL_PREFIX=PREFIX)


@pytest.fixture
def page_at_each(shape: ProductionShape) -> Iterator[list[Browser]]:
    """Give two pages, each connected to another live process."""
    pages = [Browser(shape.url), Browser(shape.url)]
    yield pages
    for page in pages:
        page.close()


def make_payload(**fields: object) -> dict[str, object]:
    """Return a delivery of one deployment."""
    return {"project": "shop", "run_id": "1", "status": "running", **fields}


def read_metric(text: str, name: str) -> float:
    """Return the value of a metric, its labels being part of the name."""
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name + " "))


def read_metrics(shape: ProductionShape) -> str:
    """Return what Prometheus scrapes."""
    with urllib.request.urlopen(f"{shape.url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text: str = answer.read().decode()
        return text


def test_what_is_posted_reaches_a_page_at_each_live_process(
    shape: ProductionShape, page_at_each: list[Browser]
) -> None:
    for page in page_at_each:
        page.subscribe("overview")
    assert [read_metric(read_metrics(shape), "dashboard_sockets")] == [2]
    for number in range(20):
        status, receipt = shape.post(make_payload(run_id=f"live {number}"))
        assert status == 200
        assert receipt["url"] == f"{shape.url}/deployments/{receipt['deployment_id']}"
    for page in page_at_each:
        frames = page.take_frames_until(receipt["deployment_id"], receipt["seq"])
        assert frames[-1]["deployment"]["status"] == "in_progress"
