"""Merging whole reports."""

import functools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.report import Report, merge_reports
from tests.support.arbitrary_reports import IDENTITIES, reports
from tests.support.parsed_reports import make_identity


@given(st.lists(reports(), min_size=1, max_size=5), st.randoms())
def test_any_order_and_repetition_gives_the_same_report(series: list[Report], random: Random) -> None:
    shuffled = series + random.choices(series, k=3)
    random.shuffle(shuffled)
    assert functools.reduce(merge_reports, shuffled) == functools.reduce(merge_reports, series)


@given(reports(), reports(), reports())
def test_merging_reports_is_associative(one: Report, two: Report, three: Report) -> None:
    assert merge_reports(merge_reports(one, two), three) == merge_reports(one, merge_reports(two, three))


@given(reports(), reports())
def test_merging_keeps_every_job_and_step(left: Report, right: Report) -> None:
    merged = merge_reports(left, right)
    assert set(merged.jobs) == {*left.jobs, *right.jobs}
    assert set(merged.steps) == {*left.steps, *right.steps}


def test_reports_on_different_attempts_do_not_merge() -> None:
    with pytest.raises(ValueError, match=r"^reports on different deployments do not merge$"):
        merge_reports(Report(IDENTITIES[0]), Report(IDENTITIES[1]))


def test_a_digest_distinguishes_neighbouring_parts() -> None:
    assert make_identity("native", "a", ("a", "bc")).digest != make_identity("native", "a", ("ab", "c")).digest
