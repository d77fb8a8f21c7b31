"""Folding events into frames."""

import itertools
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.view_types.events import Changes
from dashboard.database.listener import Event
from dashboard.live.frames import KINDS, fold_events

State = dict[str, Any]

fields = st.dictionaries(
    st.sampled_from(["state", "message", "completed_at"]), st.none() | st.integers(0, 3), max_size=3
)
PLACE = (7, "shop", "native", "1", 1)
keys = st.sampled_from(["a", "b"])
jobs = st.lists(st.builds(lambda key, values: {**values, "key": key}, keys, fields), max_size=3)
steps = st.lists(st.builds(lambda job, key, values: {**values, "job": job, "key": key}, keys, keys, fields), max_size=3)
changes = st.fixed_dictionaries({"deployment": fields, "jobs": jobs, "steps": steps})


@st.composite
def event_series(draw: st.DrawFn) -> list[Event]:
    """Draw the gap-free events of one deployment, beginning anywhere."""
    first = draw(st.integers(1, 5))
    kinds = st.sampled_from(KINDS)
    drawn = draw(st.lists(st.tuples(kinds, changes), min_size=1, max_size=8))
    return [Event(*PLACE, first + index, kind, change) for index, (kind, change) in enumerate(drawn)]


def apply_frame(state: State, frame: Mapping[str, Any]) -> State:
    """Do what a page does with a frame."""
    state = {**state, "deployment": {**state.get("deployment", {}), **frame["deployment"]}}
    for name, key_of in (("jobs", lambda job: job["key"]), ("steps", lambda step: (step["job"], step["key"]))):
        rows = dict(state.get(name, {}))
        for row in frame[name]:
            rows[key_of(row)] = {**rows.get(key_of(row), {}), **row}
        state[name] = rows
    return {**state, "seq": frame["seq"]}


@given(event_series())
def test_one_frame_for_all_events_equals_one_frame_for_each(events: list[Event]) -> None:
    page: State = {}
    for event in events:
        page = apply_frame(page, fold_events([event])[1])
    assert apply_frame({}, fold_events(events)[1]) == page


@given(event_series(), st.data())
def test_a_frame_may_repeat_events_that_a_page_already_has(events: list[Event], data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, len(events)))
    fresh = apply_frame({}, fold_events(events)[1])
    page: State = apply_frame({}, fold_events(events[:seen])[1]) if seen else {}
    assert apply_frame(page, fold_events(events)[1]) == fresh


@given(event_series(), st.data())
def test_frames_chain_without_a_gap(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    parts = [fold_events(part)[1] for part in (events[:cut], events[cut:]) if part]
    assert parts[0]["prev_seq"] == events[0].seq - 1
    assert parts[-1]["seq"] == events[-1].seq
    assert all(later["prev_seq"] == earlier["seq"] for earlier, later in itertools.pairwise(parts))


def test_a_frame_has_the_last_value_of_each_changed_field() -> None:
    events = [
        Event(
            *PLACE,
            3,
            "step.updated",
            {"deployment": {}, "jobs": [], "steps": [{"job": "deploy", "key": "build", "state": "running"}]},
        ),
        Event(
            *PLACE,
            4,
            "deployment.updated",
            {
                "deployment": {"message": "on it"},
                "jobs": [{"key": "deploy", "state": "running"}],
                "steps": [{"job": "deploy", "key": "build", "state": "success", "is_done": True}],
            },
        ),
    ]
    assert fold_events(events) == (
        "deployment.updated",
        {
            "deployment_id": 7,
            "prev_seq": 2,
            "seq": 4,
            "deployment": {"message": "on it"},
            "jobs": [{"key": "deploy", "state": "running"}],
            "steps": [{"job": "deploy", "key": "build", "state": "success", "is_done": True}],
        },
    )


def test_a_frame_with_creation_and_completion_is_named_created() -> None:
    kinds = ["deployment.created", "step.updated", "deployment.completed"]
    nothing: Changes = {"deployment": {}, "jobs": [], "steps": []}
    events = [Event(*PLACE, seq, kind, nothing) for seq, kind in enumerate(kinds, 1)]
    assert fold_events(events)[0] == "deployment.created"
