"""The clients of the soak: senders that record what was acknowledged, and viewers of the overview."""

import http.client
import itertools
import json
import random
import threading
import time
from datetime import UTC, datetime
from typing import Any

from simple_websocket import Client, ConnectionClosed

from benchmarks.payloads import LAST_STAGE, make_payload
from tests.support.servers import SECRET

PROJECTS = 50
REDELIVERED_SHARE = 0.05
"""The share of deliveries that are sent again although they were acknowledged."""
RETRY_S = 0.5
"""How long a sender waits before it sends an unacknowledged delivery again."""
ANSWER_TIMEOUT_S = 30
MAX_TRIES = 100
"""How often a sender tries to send a delivery before it gives up."""


class Sender(threading.Thread):
    """Reports one deployment after the other, stage by stage, at a fixed pace."""

    def __init__(self, name: str, port: int, begin: float, every_s: float, ending: threading.Event) -> None:
        super().__init__(name=name)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
        self._begin, self._every_s, self._ending = begin, every_s, ending
        self._choose = random.Random(name)
        self.acknowledged: dict[str, str] = {}
        """The ids of acknowledged deliveries by idempotency key."""
        self.finished: list[str] = []
        """The ids of the runs whose reports were all acknowledged."""
        self.times_s: list[float] = []
        """How long each acknowledgement took, including retries."""
        self.has_given_up = True
        """Whether it ended before it was stopped."""
        self.retries = self.redelivered = self.unrecognised = 0
        """Tries that were not acknowledged; deliveries sent again; of these, those without the verdict `duplicate`."""

    def run(self) -> None:
        """Report until it is stopped, then finish the current deployment."""
        steps = itertools.count()
        for number in itertools.count():
            if self._ending.is_set():
                self.has_given_up = False
                return
            run_id = f"{self.name}-{number}"
            for stage in range(LAST_STAGE + 1):
                time.sleep(max(0.0, self._begin + next(steps) * self._every_s - time.monotonic()))
                self._report(run_id, stage, f"soak-{number % PROJECTS:02}")
            self.finished.append(run_id)

    def _report(self, run_id: str, stage: int, project: str) -> None:
        key, at = f"{run_id}-{stage}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = json.dumps(make_payload(stage, project, run_id, at))
        begun = time.monotonic()
        self.acknowledged[key] = self._post_until_acknowledged(key, body)["delivery_id"]
        self.times_s.append(time.monotonic() - begun)
        if self._choose.random() < REDELIVERED_SHARE:
            answer = self._post_until_acknowledged(key, body)
            self.redelivered += 1
            self.unrecognised += answer["verdict"] != "duplicate"

    def _post_until_acknowledged(self, key: str, body: str) -> dict[str, Any]:
        for _ in range(MAX_TRIES):
            if answer := self._post(key, body):
                return answer
            self.retries += 1
            time.sleep(RETRY_S)
        raise RuntimeError(f"{key} was not acknowledged in {MAX_TRIES} tries")

    def _post(self, key: str, body: str) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "Idempotency-Key": key}
        try:
            self._connection.request("POST", "/api/webhook/deployment", body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None
        if response.status == http.client.OK:
            answer: dict[str, Any] = json.loads(text)
            return answer
        if response.status < http.client.INTERNAL_SERVER_ERROR and response.status != http.client.TOO_MANY_REQUESTS:
            raise RuntimeError(f"answered {response.status}: {text!r}")
        return None


class Viewer(threading.Thread):
    """An open overview that records the newest seq of each deployment."""

    def __init__(self, port: int, ending: threading.Event) -> None:
        super().__init__()
        self._url, self._ending = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", ending
        self.seqs: dict[int, int] = {}
        self.messages = 0
        self.was_disconnected = False
        """Whether the server ended the connection."""

    def run(self) -> None:
        """Watch until it is stopped."""
        client = Client.connect(self._url)
        client.send("40/live,")
        client.send('42/live,1["subscribe",{"topic":"overview","since":null}]')
        try:
            while not self._ending.is_set():
                self._take(client, client.receive(timeout=1))
            client.close()
        except ConnectionClosed:
            self.was_disconnected = True

    def _take(self, client: Client, packet: str | None) -> None:
        if packet == "2":
            client.send("3")
        elif packet and packet.startswith("42/live,["):
            _, message = json.loads(packet.removeprefix("42/live,"))
            self.messages += 1
            if "deployment_id" in message:
                self.seqs[message["deployment_id"]] = message["seq"]
