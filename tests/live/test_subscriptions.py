"""Validation of messages from browsers."""

import pytest

from dashboard.live.subscriptions import RefusedMessageError, Topic, parse_subscribe, parse_unsubscribe

REFUSED = [
    (),
    (None,),
    ("overview",),
    (["overview"],),
    (1,),
    ({},),
    ({"topic": "overview"}, "more"),
    ({"topic": "overview", "other": 1},),
    ({"topic": None},),
    ({"topic": 7},),
    ({"topic": ["overview"]},),
    ({"topic": ""},),
    ({"topic": "Overview"},),
    ({"topic": "overview\n"},),
    ({"topic": "deployment"},),
    ({"topic": "deployment:"},),
    ({"topic": "deployment:0"},),
    ({"topic": "deployment:-1"},),
    ({"topic": "deployment:01"},),
    ({"topic": "deployment:1.0"},),
    ({"topic": "deployment:1\n"},),
    ({"topic": "deployment:١"},),
    ({"topic": "deployment:9223372036854775808"},),
    ({"topic": "deployment:" + "9" * 10_000},),
    ({"topic": "project:"},),
    ({"topic": "project:" + "x" * 301},),
    ({"topic": "project:a\x00b"},),
    ({"topic": "project:\ud800"},),
    ({"topic": "deployment:1", "since": "1"},),
    ({"topic": "deployment:1", "since": 1.0},),
    ({"topic": "deployment:1", "since": True},),
    ({"topic": "deployment:1", "since": -1},),
    ({"topic": "deployment:1", "since": 2**31},),
    ({"topic": "deployment:1", "since": 10**100},),
    ({"topic": "deployment:1", "since": [1]},),
    ({"topic": "deployment:1", "since": {}},),
]


@pytest.mark.parametrize("arguments", REFUSED)
def test_a_malformed_subscription_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(RefusedMessageError):
        parse_subscribe(arguments)


@pytest.mark.parametrize("arguments", [(), (None,), ({},), ({"topic": "x"},), ({"topic": "overview", "since": 1},)])
def test_a_malformed_unsubscription_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(RefusedMessageError):
        parse_unsubscribe(arguments)


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("overview", Topic("overview")),
        ("deployment:1", Topic("deployment:1", deployment_id=1)),
        ("deployment:9223372036854775807", Topic("deployment:9223372036854775807", deployment_id=2**63 - 1)),
        ("project:shop", Topic("project:shop", slug="shop")),
        ("project:网站", Topic("project:网站", slug="网站")),
        ("project:deployment:1", Topic("project:deployment:1", slug="deployment:1")),
    ],
)
def test_a_topic_is_read_from_its_name(name: str, topic: Topic) -> None:
    assert parse_subscribe(({"topic": name, "since": None},)) == (topic, None)
    assert parse_unsubscribe(({"topic": name},)) == topic


def test_since_may_be_any_seq() -> None:
    assert parse_subscribe(({"topic": "deployment:1", "since": 0},)) == (Topic("deployment:1", deployment_id=1), 0)
    assert parse_subscribe(({"topic": "deployment:1", "since": 2**31 - 1},))[1] == 2**31 - 1
