"""Names of deliveries of CDEvents, by which repetitions are recognised."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.cdevents import name_delivery
from tests.support.bodies.cdevents import make_pipeline_run, wrap


@pytest.mark.parametrize("carry", [dict, wrap])
def test_a_delivery_is_named_by_source_id_and_type(carry: Any) -> None:
    body = carry(make_pipeline_run("started"))
    assert name_delivery("pipelinerun.started", body) == "/tekton/blue f1b2 dev.cdevents.pipelinerun.started.0.2.0"


def test_a_delivery_with_a_long_source_has_a_short_name() -> None:
    body = make_pipeline_run("started", source="/" + "x" * 2000)
    name = name_delivery("pipelinerun.started", body)
    assert len(name or "") == 64
    assert name != name_delivery("pipelinerun.started", make_pipeline_run("started", source="/" + "y" * 2000))


def test_a_delivery_with_a_name_of_255_characters_keeps_it() -> None:
    rest = " f1b2 dev.cdevents.pipelinerun.started.0.2.0"
    source = "/" + "x" * (254 - len(rest))
    assert name_delivery("pipelinerun.started", make_pipeline_run("started", source=source)) == source + rest
    assert (
        name_delivery("pipelinerun.started", make_pipeline_run("started", source=source + "x")) != source + "x" + rest
    )


def test_parts_of_a_name_missing_from_the_context_come_from_the_cloud_event() -> None:
    around = {"id": "1", "source": "/" + "x" * 200, "type": "dev.cdevents.pipelinerun.started.0.2.0"}
    body = {**around, "data": {"context": {}, "subject": {}}}
    assert name_delivery("pipelinerun.started", body) == " ".join((around["source"], "1", around["type"]))
    assert name_delivery("batch", {"id": "1", "source": "s", "type": "batch"}) == "s 1 batch"


@pytest.mark.parametrize("carry", [dict, wrap])
def test_deliveries_whose_long_sources_end_differently_have_different_names(carry: Any) -> None:
    bodies = [carry(make_pipeline_run("started", source="/" + "x" * 2000 + end)) for end in "ab"]
    assert len({name_delivery("pipelinerun.started", body) for body in bodies}) == 2
    longer = [carry(make_pipeline_run("started", source="/" + "x" * 3000 + end)) for end in "ab"]
    assert len({name_delivery("pipelinerun.started", body) for body in longer}) == 1


@pytest.mark.parametrize("body", [None, {}, make_pipeline_run("started", id=None), make_pipeline_run("started", id="")])
def test_a_delivery_without_an_id_has_no_name(body: Any) -> None:
    assert name_delivery("pipelinerun.started", body) is None
