"""Readings that are shared: each began after everyone who gets it had asked."""

import itertools
from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event

from dashboard.live.sharing import SharedReadings


def make_reader() -> tuple[Callable[[], int], Event]:
    """Return a reading, numbered from 1, and what lets it go on."""
    numbers, may_end = itertools.count(1), Event()

    def read() -> int:
        number = next(numbers)
        may_end.wait(10)
        return number

    return read, may_end


def test_those_who_ask_while_it_is_being_read_share_the_next_reading() -> None:
    readings = SharedReadings(most_at_once=1)
    read, may_end = make_reader()
    askers = []
    for _ in range(100):
        askers.append(gevent.spawn(readings.read, "overview", read))
        gevent.sleep(0)
    may_end.set()
    assert [asker.get(timeout=10) for asker in askers] == [1, *[2] * 99]


def test_a_reading_that_ended_is_not_kept() -> None:
    readings = SharedReadings(most_at_once=1)
    read, may_end = make_reader()
    may_end.set()
    assert [readings.read("overview", read) for _ in range(3)] == [1, 2, 3]


def test_few_readings_run_at_once_and_each_question_has_its_own() -> None:
    readings = SharedReadings(most_at_once=2)
    read, may_end = make_reader()
    askers = [gevent.spawn(readings.read, question, read) for question in "abc"]
    gevent.sleep(0)
    late = gevent.spawn(readings.read, "c", read)
    gevent.sleep(0)
    may_end.set()
    assert [asker.get(timeout=10) for asker in (*askers, late)] == [1, 2, 3, 3]


def test_an_error_is_shared_and_the_next_reading_is_tried() -> None:
    readings = SharedReadings(most_at_once=1)
    may_fail = Event()

    def fail() -> None:
        may_fail.wait(10)
        raise LookupError("no such topic")

    def ask() -> bool:
        with pytest.raises(LookupError, match="no such topic"):
            readings.read("x", fail)
        return True

    askers = [gevent.spawn(ask) for _ in range(3)]
    gevent.sleep(0)
    may_fail.set()
    assert all(asker.get(timeout=10) for asker in askers)
    assert readings.read("x", lambda: "there") == "there"
