"""Shared readings: each begins after all who get it have asked."""

import itertools
from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event

from dashboard.live.single_flight import InterruptedReadingError, SingleFlight


def make_reader() -> tuple[Callable[[], int], Event]:
    """Return a function that counts its calls from 1, and the event that it waits for."""
    numbers, may_end = itertools.count(1), Event()

    def read() -> int:
        number = next(numbers)
        may_end.wait(10)
        return number

    return read, may_end


def test_callers_during_a_reading_share_the_next_one() -> None:
    readings = SingleFlight(max_concurrent=1)
    read, may_end = make_reader()
    askers = []
    for _ in range(100):
        askers.append(gevent.spawn(readings.read, "overview", read))
        gevent.sleep(0)
    may_end.set()
    assert [asker.get(timeout=10) for asker in askers] == [1, *[2] * 99]


def test_a_finished_reading_is_not_cached() -> None:
    readings = SingleFlight(max_concurrent=1)
    read, may_end = make_reader()
    may_end.set()
    assert [readings.read("overview", read) for _ in range(3)] == [1, 2, 3]


def test_readings_are_limited_and_each_key_has_its_own() -> None:
    readings = SingleFlight(max_concurrent=2)
    read, may_end = make_reader()
    askers = [gevent.spawn(readings.read, question, read) for question in "abc"]
    gevent.sleep(0)
    late = gevent.spawn(readings.read, "c", read)
    gevent.sleep(0)
    may_end.set()
    assert [asker.get(timeout=10) for asker in (*askers, late)] == [1, 2, 3, 3]


def test_an_error_is_shared_and_the_next_reading_is_tried() -> None:
    readings = SingleFlight(max_concurrent=1)
    may_fail = Event()

    def fail() -> None:
        may_fail.wait(10)
        raise LookupError("no such topic")

    askers = []
    for _ in range(3):
        askers.append(gevent.spawn(readings.read, "x", fail))
        gevent.sleep(0)
    may_fail.set()
    for asker in askers:
        with pytest.raises(LookupError, match="no such topic"):
            asker.get(timeout=10)
    assert readings.read("x", lambda: "there") == "there"


@pytest.mark.parametrize("has_begun", [True, False])
def test_waiting_callers_get_an_error_when_the_reading_greenlet_is_killed(has_begun: bool) -> None:
    readings = SingleFlight(max_concurrent=1)
    read, may_end = make_reader()
    busy = None if has_begun else gevent.spawn(readings.read, "other", read)
    gevent.sleep(0)
    ended = gevent.spawn(readings.read, "x", read)
    waits = gevent.spawn(ask_in_vain, readings)
    gevent.sleep(0)
    ended.kill()
    may_end.set()
    assert waits.get(timeout=10) is not has_begun
    assert busy is None or busy.get(timeout=10)
    assert readings.read("x", lambda: "there") == "there"


def ask_in_vain(readings: SingleFlight) -> bool:
    """Return whether the reading was interrupted."""
    try:
        readings.read("x", lambda: "there")
    except InterruptedReadingError:
        return True
    return False
