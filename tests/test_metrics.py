"""The metrics of one process that has both roles."""

from flask.testing import FlaskClient

from tests.support.servers import SECRET


def read(client: FlaskClient) -> dict[str, float]:
    """Return the metrics by name and labels."""
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def post(client: FlaskClient, secret: str = SECRET, **payload: object) -> int:
    """Post a delivery; return the status."""
    return client.post(
        "/api/webhook/deployment", json={"project": "shop", **payload}, headers={"Authorization": f"Bearer {secret}"}
    ).status_code


def test_deliveries_are_counted_by_dialect_and_verdict(client: FlaskClient) -> None:
    assert client.get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8"
    before = read(client)
    assert post(client, run_id="1", status="running") == 200
    assert post(client, run_id="1", status="success") == 200
    assert post(client, secret="wrong") == 401
    after = read(client)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown['dashboard_deliveries_total{dialect="native",verdict="applied"}'] == 2
    assert grown['dashboard_deliveries_total{dialect="native",verdict="rejected"}'] == 1
    assert grown["dashboard_batch_deliveries_sum"] == 3
    assert grown["dashboard_delivery_seconds_count"] == 3
    assert 0 < grown["dashboard_batch_seconds_sum"] < grown["dashboard_delivery_seconds_sum"]


def test_pool_metrics_are_its_size_and_the_connections_in_use(client: FlaskClient) -> None:
    client.get("/api/projects")
    metrics = read(client)
    assert (metrics["dashboard_pool_size"], metrics["dashboard_pool_in_use"]) == (10, 0)
