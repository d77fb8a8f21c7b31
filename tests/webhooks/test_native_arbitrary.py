"""Any JSON in the fields of the native dialect is accepted or refused, without an error."""

from typing import Any

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.webhooks.schemas import DeploymentPayload, JobPayload, StepPayload
from tests.support.webhook_client import post

WORDS = [
    "success",
    "failed",
    "running",
    "deploy_project",
    "部署项目",
    "backend",
    "stopped",
    "production",
    "a",
    "#2",
    "|",
]
TIMES = ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00"]
texts = st.sampled_from([*WORDS, *TIMES, "", " ", "\x00", "\ud800", "ﷺ" * 255, "x" * 300]) | st.text(max_size=20)
numbers = st.sampled_from([0, 1, -1, 80, 65536, 2**31, 2**63, 10**400, 1.5, 1e308]) | st.integers()
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


def objects(fields: list[str], **shaped: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of the fields, each of the right shape or of any."""
    return st.fixed_dictionaries(
        {}, optional={name: (shaped[name] | values if name in shaped else texts | values) for name in fields}
    )


steps = objects(list(StepPayload().fields))
step_lists = st.lists(steps, max_size=3)
jobs = objects(list(JobPayload().fields), steps=step_lists)
payloads = objects(
    [*DeploymentPayload().fields, "unknown"],
    project=st.just("shop"),
    run_id=st.sampled_from(["1", "2"]),
    step_details=st.dictionaries(texts, texts | steps, max_size=4),
    steps=step_lists,
    step=steps,
    jobs=st.lists(jobs, max_size=3),
)


@settings(max_examples=150)
@given(payloads, st.booleans())
def test_any_value_in_any_field_is_answered_200_or_422(
    shared_client: FlaskClient, payload: dict[str, Any], likely: bool
) -> None:
    response = post(shared_client, {**payload, "project": "shop", "run_id": "1"} if likely else payload)
    assert response.status_code in {200, 422}, response.text
    if response.status_code == 200:
        number = response.get_json()["deployment_id"]
        assert shared_client.get(f"/api/deployments/{number}").status_code == 200
        assert shared_client.get(f"/api/deployments/{number}/events").status_code == 200
    else:
        assert response.get_json()["errors"]


@settings(max_examples=100)
@given(st.binary(max_size=200) | st.text(st.characters(codec="utf-8"), max_size=100).map(str.encode))
def test_any_bytes_are_answered_400_or_422(shared_client: FlaskClient, body: bytes) -> None:
    assert post(shared_client, body).status_code in {400, 422}
