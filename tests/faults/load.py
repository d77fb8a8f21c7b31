"""Senders that keep sending, and remember what was acknowledged: the reference for the checks."""

import contextlib
import http.client
import itertools
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tests.support.servers import SECRET, wait_until

SENDERS, MAX_SENDERS = 6, 2000
RUNS = 3
"""All senders report on the same few runs, so that they meet in the same rows."""
PAUSE_S = 0.05
"""What a sender that was turned away waits before it tries again. A real one would obey Retry-After."""
PACE_S = 0.04
"""What a sender waits before the next delivery: a real one does not keep a processor busy."""
FINISHED_WITHIN_S = 30
TIMEOUT_S = 60
"""For one answer; that none takes nearly as long is for the tests to say."""

Answer = dict[str, Any]


def run_id_of(key: str) -> str:
    """Return the id of the run that a delivery is about."""
    _, sender, number = key.split()
    return f"{(int(sender) + int(number)) % RUNS}"


class Load:
    """Each delivery is a step of its own with a key of its own, and is sent until it is acknowledged."""

    def __init__(self, *ports: int, max_deliveries: int | None = None) -> None:
        self._ports, self._max_deliveries = ports, max_deliveries
        self._stopping = threading.Event()
        self._give_up_at = math.inf
        self._pool = ThreadPoolExecutor(MAX_SENDERS)
        self._sent: list[Future[None]] = []
        self.acknowledged: dict[str, Answer] = {}
        """The answers that were a 2xx, by key."""
        self.statuses: Counter[int] = Counter()
        self.broken: list[BaseException] = []
        """The errors that senders got instead of an answer."""
        self.retry_after: set[str | None] = set()
        """The Retry-After headers of the refusals."""
        self.in_flight: set[str] = set()
        """The keys of those that wait for an answer."""
        self.longest_s = 0.0
        """How long the slowest answer took, or its absence."""

    def add_sender(self) -> None:
        """Let one more sender begin."""
        self._sent.append(self._pool.submit(self._send, len(self._sent)))

    def stop(self, within_s: float) -> None:
        """Stop the senders, and wait up to this long for the deliveries that they have begun."""
        self._give_up_at = time.monotonic() + within_s
        self._stopping.set()

    def finish(self) -> None:
        """Wait for the end of all senders; re-raise the first sender's error."""
        with self._pool:
            for sent in self._sent:
                sent.result()

    def _send(self, sender: int) -> None:
        port = self._ports[sender % len(self._ports)]
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)) as connection:
            for number in itertools.takewhile(self._goes_on, itertools.count()):
                key = f"step {sender} {number}"
                while (answer := self._post(connection, key)) is None:
                    assert time.monotonic() < self._give_up_at, f"{key} was not acknowledged"
                    time.sleep(PAUSE_S)
                self.acknowledged[key] = answer
                self._stopping.wait(PACE_S)

    def wait_for_more(self, count: int = 30, within_s: float = 15) -> None:
        """Wait until so many further deliveries were acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= wanted, within_s, f"{count} further acknowledgements")

    def wait_for_refusals(self, count: int = 10) -> None:
        """Wait until so many further deliveries got another answer, or none."""
        wanted = self.count_refusals() + count
        wait_until(lambda: self.count_refusals() >= wanted, what=f"{count} further refusals")

    def _goes_on(self, number: int) -> bool:
        return not self._stopping.is_set() and (self._max_deliveries is None or number < self._max_deliveries)

    def count_refusals(self) -> int:
        """Return how many deliveries got another answer, or none."""
        return sum(count for status, count in self.statuses.items() if status != 200) + len(self.broken)

    def _post(self, connection: http.client.HTTPConnection, key: str) -> Answer | None:
        """Return the answer if it was acknowledged."""
        report = {"project": "load", "run_id": run_id_of(key), "step_name": key, "step_status": "success"}
        headers = {
            "Authorization": f"Bearer {SECRET}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        began_at = time.monotonic()
        self.in_flight.add(key)
        try:
            connection.request("POST", "/api/webhook/deployment", json.dumps(report), headers)
            response = connection.getresponse()
            answer: Answer = json.load(response)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.broken.append(error)
            return None
        finally:
            self.in_flight.discard(key)
            self.longest_s = max(self.longest_s, time.monotonic() - began_at)
        self.statuses[response.status] += 1
        if response.status == 200:
            return answer
        self.retry_after.add(response.headers["Retry-After"])
        return None


@contextlib.contextmanager
def sending(*ports: int, senders: int = SENDERS, max_deliveries: int | None = None) -> Iterator[Load]:
    """Send for the length of the block, and until all that was begun is acknowledged."""
    load = Load(*ports, max_deliveries=max_deliveries)
    for _ in range(senders):
        load.add_sender()
    try:
        yield load
    except BaseException:
        load.stop(within_s=0)
        raise
    load.stop(FINISHED_WITHIN_S)
    load.finish()
