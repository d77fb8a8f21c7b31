"""Arbitrary reports: few values of each kind, so that they collide, wrong clocks, contradicting states."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from dashboard.core.registers import Node, Outcome, claim_node
from dashboard.core.report import Identity, Report
from dashboard.core.words import Conclusion, Status
from tests.support.parsed_reports import make_identity

START = datetime(2026, 1, 1, tzinfo=UTC)
moments = (
    st.none()
    | st.sampled_from([START + timedelta(seconds=s) for s in (0, 1, 2, 60, 3600)])
    | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
)
texts = st.none() | st.sampled_from(["a", "b", "部署"])
IDENTITIES = [make_identity("native", "shop", ("production", "1", attempt), "1", attempt) for attempt in (1, 2)]


@st.composite
def outcomes(draw: st.DrawFn, generations: tuple[int, ...]) -> Outcome | None:
    status = draw(st.none() | st.sampled_from(Status))
    if status is None:
        return None
    ended = status == Status.COMPLETED
    return Outcome(
        status,
        draw(st.sampled_from(["one", "other"])),
        draw(st.sampled_from(Conclusion)) if ended else None,
        draw(moments) if ended else None,
        draw(st.sampled_from(generations)),
        draw(moments),
    )


@st.composite
def nodes(
    draw: st.DrawFn, fields: tuple[str, ...] = ("name", "message"), generations: tuple[int, ...] = (0, 0, 0, 1, 2)
) -> Node:
    values = {field: draw(texts) for field in fields}
    return claim_node(values, outcome=draw(outcomes(generations)), stamp=draw(moments), started_at=draw(moments))


@st.composite
def reports(draw: st.DrawFn, identity: Identity = IDENTITIES[0]) -> Report:
    steps = draw(
        st.dictionaries(
            st.tuples(st.sampled_from("xy"), st.sampled_from(["1", "2", "deploy_project"])), nodes(generations=(0,))
        )
    )
    jobs = draw(st.dictionaries(st.sampled_from("xyz"), nodes()))
    return Report(identity, draw(nodes(("name",))), draw(nodes(("branch", "message"))), jobs, steps)
