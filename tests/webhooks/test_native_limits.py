"""Types and limits of the native payload: which values are accepted, cut, dropped or refused."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import apply, list_steps, make_payload, post, refuse, show

NAMES = ["environment", "branch", "commit_hash", "triggered_by", "trigger_type", "job", "step_name", "step_status"]
PLACES = ["repository", "deploy_path", "test_url", "run_url"]
NOTES = ["commit_message", "message", "error"]
TEXTS = [*NAMES, *PLACES, *NOTES, "log", "project", "status", "run_id", "deploy_type", "service_status", "timestamp"]
NOW = "2026-01-01T00:00:00Z"
TIMES = ["timestamp", "started_at", "completed_at"]
NUMBERS = ["port", "run_attempt", "duration_s"]


@pytest.mark.parametrize(
    ("field", "limit"),
    [*((name, 255) for name in NAMES), *((name, 2048) for name in PLACES), *((name, 65536) for name in NOTES)],
)
def test_text_up_to_its_limit_is_accepted_and_a_longer_one_refused(
    shared_client: FlaskClient, field: str, limit: int
) -> None:
    apply(shared_client, run_id="length", **{"step_name": "s", field: "部" * limit})
    assert set(refuse(shared_client, run_id="length", **{field: "x" * (limit + 1)})) == {field}


def test_the_end_of_a_long_log_is_kept(shared_client: FlaskClient) -> None:
    view = show(shared_client, run_id="log", log="start" + "x" * 65533 + "end", step={"name": "s", "log": "日" * 70000})
    assert view["log"] == "x" * 65533 + "end"
    assert list_steps(view)[0]["log"] == "日" * 65536


@pytest.mark.parametrize("port", [1, 8080, 65535, "8080", " 8080 "])
def test_port_is_a_number_or_its_digits(shared_client: FlaskClient, port: Any) -> None:
    assert show(shared_client, run_id=f"port {port!r}", port=port)["port"] == int(port)


@pytest.mark.parametrize(
    "port",
    [0, -1, 65536, 8080.0, 80.5, True, False, "x", "-80", "8_0", "0x50", "８０", "80.0", [80], {}, "9" * 5000, 10**400],
)
def test_other_ports_are_refused(shared_client: FlaskClient, port: Any) -> None:
    assert set(refuse(shared_client, port=port)) == {"port"}


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "one", 2**31, 2**63, 10**30])
def test_attempts_are_whole_numbers_from_one(shared_client: FlaskClient, value: Any) -> None:
    assert set(refuse(shared_client, run_attempt=value)) == {"run_attempt"}


@pytest.mark.parametrize("value", [0, 1.5, "12.5", 86400])
def test_duration_is_in_seconds(shared_client: FlaskClient, value: Any) -> None:
    view = show(shared_client, run_id=f"duration {value!r}", status="success", timestamp=NOW, duration_s=value)
    assert view["duration_s"] == float(value)


@pytest.mark.parametrize("value", [-1, True, "soon", "nan", "inf", 1e300, 2**31, 10**400, []])
def test_other_durations_are_refused(shared_client: FlaskClient, value: Any) -> None:
    assert set(refuse(shared_client, duration_s=value)) == {"duration_s"}


def test_number_too_large_for_a_float_is_refused(shared_client: FlaskClient) -> None:
    response = post(shared_client, b'{"project": "x", "run_id": "1", "duration_s": 1e999, "port": 1e999}')
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {"duration_s", "port"})


@pytest.mark.parametrize("value", [True, False, 1.5, [], {}, ["1"]])
def test_run_id_is_a_text_or_a_whole_number(shared_client: FlaskClient, value: Any) -> None:
    assert set(refuse(shared_client, run_id=value)) == {"run_id"}


def test_run_id_has_a_limit(shared_client: FlaskClient) -> None:
    assert set(refuse(shared_client, run_id="1" * 256)) == {"run_id"}
    assert set(refuse(shared_client, run_id=10**300)) == {"run_id"}


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["x"]])
@pytest.mark.parametrize("field", ["branch", "status", "message", "log", "step_name", "deploy_type"])
def test_text_fields_accept_only_texts(shared_client: FlaskClient, field: str, value: Any) -> None:
    assert set(refuse(shared_client, **{field: value})) == {field}


@pytest.mark.parametrize(
    ("field", "words"), [("deploy_type", ["backend", "static"]), ("service_status", ["running", "stopped"])]
)
def test_enumerations_accept_only_their_words(shared_client: FlaskClient, field: str, words: list[str]) -> None:
    for word in words:
        assert show(shared_client, run_id=f"choice {word}", **{field: word.upper()})[field] == word
    assert set(refuse(shared_client, **{field: "other"})) == {field}


@pytest.mark.parametrize("nothing", [None, "", "   ", "\n\t"])
@pytest.mark.parametrize("field", [*sorted(set(TEXTS) - {"project", "run_id"}), *NUMBERS, *TIMES])
def test_null_and_blank_claim_nothing(shared_client: FlaskClient, field: str, nothing: str | None) -> None:
    apply(shared_client, run_id="nothing", status="running", branch="main", port=80, message="m", job="j", log="l")
    before = apply(shared_client, run_id="nothing", timestamp="2026-01-01T00:00:00Z")
    after = apply(shared_client, run_id="nothing", **{field: nothing})
    assert after == {**before, "delivery_id": after["delivery_id"]}


@pytest.mark.parametrize("field", ["step_details", "steps", "jobs", "step"])
def test_null_for_a_list_claims_nothing(shared_client: FlaskClient, field: str) -> None:
    assert show(shared_client, run_id=f"null {field}", **{field: None})["jobs"] == []


@pytest.mark.parametrize("value", [1, "x", True, ["x"], [1], [None], [[]]])
@pytest.mark.parametrize("field", ["step_details", "steps", "jobs", "step"])
def test_lists_and_maps_of_wrong_types_are_refused(shared_client: FlaskClient, field: str, value: Any) -> None:
    errors = refuse(shared_client, **{field: value})
    assert {path.split(".")[0] for path in errors} == {field}


@pytest.mark.parametrize("value", [1, True, ["ok"], [{}]])
def test_status_of_a_step_in_a_map_is_a_text_or_an_object(shared_client: FlaskClient, value: Any) -> None:
    assert set(refuse(shared_client, step_details={"a": value})) == {"step_details.a.status"}


def test_ten_thousand_steps_are_accepted_and_one_more_is_refused(shared_client: FlaskClient) -> None:
    details = {f"step {number}": "ok" for number in range(10_000)}
    too_many_steps = {"steps": ["At most 10000 in one delivery. Send several deliveries."]}
    assert show(shared_client, run_id="many", step_details=details)["completed_steps"] == 10_000
    assert refuse(shared_client, step_details={**details, "one more": "ok"}) == too_many_steps
    assert refuse(shared_client, steps=[{"name": "a"}] * 10_001) == too_many_steps
    jobs = [{"name": str(number), "steps": [{"name": "a"}] * 101} for number in range(100)]
    assert refuse(shared_client, jobs=jobs) == too_many_steps
    too_many_jobs = {"jobs": ["At most 1000 in one delivery. Send several deliveries."]}
    assert refuse(shared_client, jobs=[{"name": "a"}] * 1_001) == too_many_jobs


NAIVE = ["2026-01-01T00:00:00", "2026-01-01 00:00:00", "2026-01-01", "20260101T000000"]
NO_TIMES = [
    "soon",
    "2026",
    "20260101",
    "20260101000000",
    "1767225600,5",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
]
BEYOND = ["10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z"]
EARLY = ["1999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2000-01-01T00:00:00+00:01"]
ZERO = ["0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00", "0000-00-00 00:00:00", "1970-01-01", "0", 0, 0.0, -1, 1.5]
FAR = ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-08:00", "9999-12-31T23:59:59+14:00", 10**30, 1e300]


@pytest.mark.parametrize("value", [*NAIVE, *NO_TIMES, *BEYOND, True, [1767225600]])
@pytest.mark.parametrize("field", TIMES)
def test_times_without_a_zone_and_invalid_times_are_refused(shared_client: FlaskClient, field: str, value: Any) -> None:
    assert set(refuse(shared_client, **{field: value})) == {field}


def test_the_error_of_a_naive_time_asks_for_a_zone(shared_client: FlaskClient) -> None:
    assert "time zone" in refuse(shared_client, timestamp="2026-01-01T00:00:00")["timestamp"][0]


@pytest.mark.parametrize("value", [*EARLY, *ZERO, *FAR])
def test_times_before_2000_and_in_the_far_future_are_null(shared_client: FlaskClient, value: str | float) -> None:
    times = dict.fromkeys(TIMES, value)
    step = {"name": "s", "status": "ok", "started_at": value, "completed_at": value}
    view = show(shared_client, run_id=f"early {value}", status="success", **times, step=step)
    assert (view["completed_at"], list_steps(view)[0]["completed_at"]) == (None, None)
    assert view["started_observed"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z"),
        (" 2026-01-01T00:00:00.000001Z ", "2026-01-01T00:00:00.000001Z"),
        (1767225600, "2026-01-01T00:00:00Z"),
        (1767225600.5, "2026-01-01T00:00:00.500000Z"),
        (1767225600123, "2026-01-01T00:00:00.123000Z"),
        (" 1767225600 ", "2026-01-01T00:00:00Z"),
        ("1767225600.25", "2026-01-01T00:00:00.250000Z"),
        ("1767225600123", "2026-01-01T00:00:00.123000Z"),
        (946684800, "2000-01-01T00:00:00Z"),
    ],
)
def test_times_are_shown_in_utc(shared_client: FlaskClient, value: str | float, shown: str) -> None:
    times = {"started_at": value, "completed_at": value}
    view = show(shared_client, run_id=f"utc {value}", status="success", **times)
    assert (view["started_at"], view["completed_at"], view["duration_s"]) == (shown, shown, 0)


def test_an_end_before_the_start_gives_no_negative_duration(shared_client: FlaskClient) -> None:
    times = {"started_at": "2026-01-01T00:00:10Z", "completed_at": "2026-01-01T00:00:00Z"}
    assert show(shared_client, run_id="backwards", status="skipped", **times)["duration_s"] == 0


BODIES: dict[str, Any] = {
    **{field: {field: "a{}b"} for field in TEXTS},
    "step_details": {"step_details": {"a{}b": "ok"}},
    "step_details status": {"step_details": {"a": "{}"}},
    "step_details object": {"step_details": {"a": {"message": "{}"}}},
    "step_details key of an object": {"step_details": {"a{}b": {"status": "ok"}}},
    **{
        f"steps {field}": {"steps": [{"name": "a", field: "{}"}]} for field in ("status", "error", "log", "job", "name")
    },
    "step": {"step": {"name": "{}"}},
    **{f"jobs {field}": {"jobs": [{"name": "a", field: "{}"}]} for field in ("name", "status", "message", "log")},
    "steps of jobs": {"jobs": [{"name": "a", "steps": [{"name": "{}"}]}]},
}


@pytest.mark.parametrize("poison", ["\\u0000", "\\ud800", "\\udfff", "\\udc00\\ud800"])
@pytest.mark.parametrize("fields", BODIES.values(), ids=BODIES)
def test_nul_and_lone_surrogates_are_refused_in_every_field(
    shared_client: FlaskClient, fields: dict[str, Any], poison: str
) -> None:
    body = json.dumps(make_payload(**fields)).replace("{}", poison).encode()
    response = post(shared_client, body)
    assert response.status_code == 422, response.text
    (path,) = response.get_json()["errors"]
    assert path.split(".")[0] == next(iter(fields))


def test_nul_in_an_unknown_field_is_ignored(shared_client: FlaskClient) -> None:
    assert post(shared_client, make_payload(note="\x00", **{"\ud800": "\udfff"})).status_code == 200


def test_a_surrogate_pair_is_one_character(shared_client: FlaskClient) -> None:
    response = post(shared_client, b'{"project": "shop", "run_id": "pair", "message": "\\ud83d\\ude80"}')
    view = shared_client.get(f"/api/deployments/{response.get_json()['deployment_id']}").get_json()
    assert view["message"] == "🚀"


def test_names_that_are_too_long_when_normalised_are_refused(shared_client: FlaskClient) -> None:
    grows = "\ufdfa" * 100
    assert set(refuse(shared_client, project=grows)) == {"project"}
    assert set(refuse(shared_client, step_name=grows)) == {"steps"}
    assert set(refuse(shared_client, job=grows, step_name="build")) == {"steps"}
    assert show(shared_client, environment=grows, run_id=grows)["environment"] == grows
