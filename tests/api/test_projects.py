"""`/api/projects`."""

from flask.testing import FlaskClient

from tests.api.shapes import PROJECT, SUMMARY, assert_shape
from tests.support.webhook_client import apply


def test_project_has_every_documented_field(client: FlaskClient) -> None:
    apply(
        client, project="Shop API", deploy_type="backend", port=8080, test_url="https://shop", service_status="running"
    )
    project = client.get("/api/projects/shop-api").get_json()
    assert_shape(project, PROJECT)
    assert_shape(project["last_deployment"], SUMMARY)
    shown = {name: project[name] for name in ("name", "kind", "url", "port", "service_status", "page_url")}
    assert shown == {
        "name": "Shop API",
        "kind": "backend",
        "url": "https://shop",
        "port": 8080,
        "service_status": "running",
        "page_url": "http://localhost/projects/shop-api",
    }


def test_last_deployment_is_the_newest_by_its_start(client: FlaskClient) -> None:
    apply(client, run_id="new", started_at="2026-01-02T00:00:00Z", status="running")
    apply(client, run_id="old", started_at="2026-01-01T00:00:00Z", status="running")
    newest = client.get("/api/projects/shop").get_json()["last_deployment"]
    assert newest["run_id"] == "new"
    assert newest["url"] == f"http://localhost/deployments/{newest['id']}"


def test_page_url_of_a_chinese_project_is_encoded(client: FlaskClient) -> None:
    apply(client, project="项目")
    project = client.get("/api/projects/项目").get_json()
    assert project["page_url"] == "http://localhost/projects/%E9%A1%B9%E7%9B%AE"
    assert client.get(project["page_url"]).status_code == 200


def test_a_project_has_its_latest_values(client: FlaskClient) -> None:
    apply(client, run_id="2", timestamp="2026-01-02T00:00:00Z", port=2, service_status="stopped")
    apply(client, run_id="1", timestamp="2026-01-01T00:00:00Z", port=1, service_status="running")
    project = client.get("/api/projects/shop").get_json()
    assert (project["port"], project["service_status"]) == (2, "stopped")


def test_pages_show_each_project_once_in_the_order_of_slugs(client: FlaskClient) -> None:
    names = ["b", "B-2", "a", "项目", "_z", "z.1", "é"]
    for name in names:
        apply(client, project=name)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/api/projects", query_string={"limit": 2, "cursor": cursor}).get_json()
        assert len(page["items"]) <= 2
        seen += [item["slug"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(["b", "b-2", "a", "项目", "_z", "z.1", "é"])


def test_unknown_project_is_a_404_document(client: FlaskClient) -> None:
    response = client.get("/api/projects/nobody")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_an_unauthenticated_delivery_creates_no_project(client: FlaskClient) -> None:
    client.post("/api/webhook/deployment", json={"project": "ghost", "run_id": "1"})
    assert client.get("/api/projects").get_json() == {"items": [], "next_cursor": None}
