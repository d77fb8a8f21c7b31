"""A receiver in place of the dashboard, and report.sh run against it in every installed shell.

No assertions here. The receiver speaks HTTP over a real socket and checks signatures with Python's hmac.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[2] / "senders" / "report.sh"
SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
    "sh": ["sh"],
}
INSTALLED = [name for name, command in SHELLS.items() if shutil.which(command[0]) and name != "sh"] or ["sh"]
SECRET = "the secret of this test"
ACCEPTED: "Answer" = (200, {}, {"delivery_id": 1, "verdict": "applied", "url": "http://dashboard.test/deployments/1"})
DEADLINE_S = 10.0
Answer = tuple[int, dict[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Delivery:
    """One POST as it was received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, key: bytes) -> bool:
        """Return whether the signature is right and the timestamp is of this minute."""
        at = self.headers["webhook-timestamp"]
        digest = hmac.new(key, f"{self.id}.{at}.".encode() + self.body, hashlib.sha256).digest()
        return self.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}" and (
            abs(time.time() - int(at)) < 60
        )


@dataclass
class Receiver:
    """Keeps what arrives; answers from `answers` as long as there are some, then with 200."""

    answers: list[Answer] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """No request is answered before this is set."""

    def __post_init__(self) -> None:
        self.gate.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [delivery.json["step"] for delivery in self.deliveries]


def _make_handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.deliveries.append(Delivery(self.path, headers, body))
            status, extra, document = receiver.answers.pop(0) if receiver.answers else ACCEPTED
            receiver.gate.wait(DEADLINE_S)
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@dataclass
class Sender:
    """report.sh in one shell, with nothing in its environment but what is in `environ`."""

    shell: str
    directory: Path
    environ: dict[str, str]

    @property
    def command(self) -> list[str]:
        return [*SHELLS[self.shell], str(SCRIPT)]

    def run(
        self, *arguments: str | bytes, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run report.sh to its end."""
        return self.execute(*self.command, *arguments, stdin=stdin, cwd=cwd)

    def execute(
        self, *command: str | bytes, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run any command where and as report.sh would run."""
        return subprocess.run(
            command,
            input=stdin,
            cwd=cwd or self.directory,
            env=self.environ,
            capture_output=True,
            check=False,
            timeout=3 * DEADLINE_S,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start report.sh with pipes for its input, output and errors."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*self.command, *arguments], cwd=self.directory, env=self.environ, stdin=pipe, stdout=pipe, stderr=pipe
        )


def make_sender(shell: str, directory: Path, url: str) -> Sender:
    """Return a sender that knows the dashboard, its project and its run; it tries again without a pause."""
    (directory / "tmp").mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "DASHBOARD_URL": url,
        "DASHBOARD_WEBHOOK_SECRET": SECRET,
        "DASHBOARD_PROJECT": "shop",
        "DASHBOARD_RUN_ID": "r1",
        "DASHBOARD_RETRY_S": "0",
    }
    if shell == "busybox":
        environ["PATH"] = f"{_link_applets(directory / 'applets')}:{environ['PATH']}"
    return Sender(shell, directory, environ)


def _link_applets(directory: Path) -> Path:
    """Fill `directory` with busybox's tools, so that no GNU tool is used where busybox has its own."""
    directory.mkdir()
    busybox = shutil.which("busybox") or ""
    listing = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout
    for applet in set(listing.split()) - {"busybox", "openssl", "curl"}:
        (directory / applet).symlink_to(busybox)
    return directory
