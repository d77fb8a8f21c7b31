"""Which deliveries belong to the same deployment, and the slug of its project."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import apply, post, read, refuse, show

SUMMARY = {
    "project": "summaries",
    "run_id": None,
    "repository": "acme/shop",
    "environment": "production",
    "branch": "main",
    "commit_hash": "abc",
    "status": "success",
    "timestamp": "2026-01-01T00:00:00Z",
}


def test_same_run_is_one_deployment(shared_client: FlaskClient) -> None:
    first = apply(shared_client, run_id="same", status="running")
    second = apply(shared_client, run_id="same", status="success")
    assert first["deployment_id"] == second["deployment_id"]


@pytest.mark.parametrize(
    ("field", "other"), [("run_attempt", 2), ("environment", "staging"), ("project", "other"), ("run_id", "other")]
)
def test_other_run_attempt_environment_or_project_is_another_deployment(
    shared_client: FlaskClient, field: str, other: Any
) -> None:
    first = apply(shared_client, run_id="others")
    second = apply(shared_client, **{"run_id": "others", field: other})
    assert first["deployment_id"] != second["deployment_id"]


def test_the_defaults_are_attempt_one_and_environment_production(shared_client: FlaskClient) -> None:
    silent = apply(shared_client, run_id="defaults")
    spelled_out = apply(shared_client, run_id="defaults", run_attempt=1, environment="production")
    blank = apply(shared_client, run_id="defaults", run_attempt=None, environment=" ")
    assert silent["deployment_id"] == spelled_out["deployment_id"] == blank["deployment_id"]
    view = read(shared_client, silent)
    assert (view["attempt"], view["environment"]) == (1, "production")


@pytest.mark.parametrize("field", ["repository", "branch", "commit_hash", "deploy_path", "run_url", "triggered_by"])
def test_other_values_do_not_make_another_deployment(shared_client: FlaskClient, field: str) -> None:
    first = apply(shared_client, run_id=f"attribute {field}", **{field: "a"})
    second = apply(shared_client, run_id=f"attribute {field}", **{field: "b"})
    assert first["deployment_id"] == second["deployment_id"]


@pytest.mark.parametrize("run_id", [12345678901, "12345678901", " 12345678901 "])
def test_run_id_as_number_and_as_text_are_the_same(shared_client: FlaskClient, run_id: Any) -> None:
    view = show(shared_client, project="numbers", run_id=run_id)
    assert view["run_id"] == "12345678901"
    assert shared_client.get("/api/projects/numbers").get_json()["last_deployment"]["id"] == view["id"]
    assert len(shared_client.get("/api/deployments?project=numbers").get_json()["items"]) == 1


def test_a_repeated_summary_without_run_id_is_one_deployment(shared_client: FlaskClient) -> None:
    first = apply(shared_client, **SUMMARY)
    again = apply(shared_client, **SUMMARY)
    elsewhere = apply(shared_client, **{**SUMMARY, "timestamp": "2026-01-01T08:00:00+08:00"})
    assert first["deployment_id"] == again["deployment_id"] == elsewhere["deployment_id"]
    assert (again["verdict"], again["seq"]) == ("applied", first["seq"])


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("repository", "acme/other"),
        ("environment", "staging"),
        ("branch", "dev"),
        ("commit_hash", "def"),
        ("timestamp", "2026-01-01T00:00:01Z"),
        ("project", "summaries 2"),
    ],
)
def test_a_different_summary_without_run_id_is_another_deployment(
    shared_client: FlaskClient, field: str, other: str
) -> None:
    first = apply(shared_client, **SUMMARY)
    second = apply(shared_client, **{**SUMMARY, field: other})
    assert first["deployment_id"] != second["deployment_id"]


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "1970-01-01T00:00:00Z"},
        {"status": None},
        {"status": "running"},
        {"status": "queued"},
        {"status": "deployed, I think"},
        {"status": "success|running"},
        {"status": None, "step_name": "a", "step_status": "success"},
    ],
)
@pytest.mark.parametrize("run_id", [None, "", "  "])
def test_other_payloads_without_run_id_are_refused(
    shared_client: FlaskClient, changed: dict[str, Any], run_id: str | None
) -> None:
    errors = refuse(shared_client, **{**SUMMARY, "run_id": run_id, **changed})
    assert errors == {"run_id": ["Required, unless the delivery has a final status and a timestamp."]}


SLUGS = [
    ("shop-api", "shop-api"),
    ("Shop API", "shop-api"),
    ("  shop   api  ", "shop-api"),
    ("acme/shop", "acme-shop"),
    ("shop_api.v2", "shop_api.v2"),
    ("项目名称", "项目名称"),
    ("Straße", "strasse"),
    ("ｆｕｌｌ　ｗｉｄｔｈ", "full-width"),
    ("Cafe\u0301", "café"),
    ("🚀 rocket 🚀", "rocket"),
    ("❤️ shop", "shop"),
    ("..", None),
    (".", None),
    ("../../etc/passwd", "etc-passwd"),
    ("a/../b", "a-..-b"),
    ("/", None),
    ("%2e%2e", "2e-2e"),
    ("🚀", None),
    ("❤️", None),
    ("---", None),
    ("___", None),
    ("?!#&", None),
    ("\u200b", None),
    ("<script>", "script"),
    ("a\nb", "a-b"),
]


@pytest.mark.parametrize(("name", "slug"), [pair for pair in SLUGS if pair[1]])
def test_project_is_found_under_its_slug(shared_client: FlaskClient, name: str, slug: str) -> None:
    view = show(shared_client, project=name, run_id="slug")
    assert view["project"]["slug"] == slug
    assert shared_client.get(f"/api/projects/{slug}").get_json()["slug"] == slug


def test_project_keeps_the_name_that_was_sent(shared_client: FlaskClient) -> None:
    assert show(shared_client, project=" The Café/Shop 🚀 ")["project"]["name"] == "The Café/Shop 🚀"


@pytest.mark.parametrize("name", [name for name, slug in SLUGS if slug is None] + ["", "   ", None])
def test_project_without_letter_or_digit_is_refused(shared_client: FlaskClient, name: str | None) -> None:
    assert set(refuse(shared_client, project=name)) == {"project"}


@pytest.mark.parametrize(("one", "other"), [("กิน", "กัน"), ("कि", "का")])
def test_names_that_differ_in_a_vowel_sign_are_two_projects(shared_client: FlaskClient, one: str, other: str) -> None:
    first, second = apply(shared_client, project=one), apply(shared_client, project=other)
    assert first["deployment_id"] != second["deployment_id"]


def test_project_is_required(shared_client: FlaskClient) -> None:
    response = post(shared_client, {"run_id": "1"})
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {"project"})


def test_unknown_fields_are_ignored(shared_client: FlaskClient) -> None:
    view = show(
        shared_client,
        run_id="unknown fields",
        id=5,
        seq=99,
        state="success",
        __proto__={"a": 1},
        deep={"er": [{"x": None}]},
        steps=[{"name": "a", "is_done": True, "category": "service"}],
    )
    assert view["state"] == "queued"
    assert (view["jobs"][0]["steps"][0]["is_done"], view["jobs"][0]["steps"][0]["category"]) == (False, "other")
