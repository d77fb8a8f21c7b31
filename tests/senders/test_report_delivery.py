"""How report.sh sends: signatures, retries, warnings, secrets. The receiver is real; nothing is mocked."""

import base64
import shutil
import stat
from pathlib import Path

import pytest

from tests.senders.report_harness import SCRIPT, SECRET, Receiver, Sender
from tests.support.servers import wait_until

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEYS = {
    SECRET: SECRET.encode(),
    WHSEC: base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "密码 66666\\0 %s%d \\\\ '\"$(id)`id`": "密码 66666\\0 %s%d \\\\ '\"$(id)`id`".encode(),
    "longer than one block " * 5: b"longer than one block " * 5,
}


@pytest.mark.parametrize("secret", KEYS)
def test_every_form_of_secret_signs_as_in_standard_webhooks(any_shell: Sender, receiver: Receiver, secret: str) -> None:
    any_shell.environ["DASHBOARD_WEBHOOK_SECRET"] = secret
    any_shell.run("start", "--message", "部署开始")
    [delivery] = receiver.deliveries
    assert delivery.is_signed_with(KEYS[secret])
    assert delivery.headers["content-type"] == "application/json"


@pytest.mark.parametrize("ending", ["", "/", "//", "/api/webhook/deployment", "/api/webhook/deployment/"])
@pytest.mark.parametrize("prefix", ["", "/project-dashboard"])
def test_base_url_and_webhook_url_are_equivalent(sender: Sender, receiver: Receiver, prefix: str, ending: str) -> None:
    sender.environ["DASHBOARD_URL"] += prefix + ending
    sender.run("start")
    assert [delivery.path for delivery in receiver.deliveries] == [prefix + "/api/webhook/deployment"]


def test_a_delivery_to_a_busy_dashboard_is_retried_unchanged(any_shell: Sender, receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "1"}, {}), (429, {}, {}), (500, {}, {})]
    result = any_shell.run("start")
    assert result.returncode == 0
    assert len(receiver.deliveries) == 4
    assert len({(delivery.id, delivery.body) for delivery in receiver.deliveries}) == 1
    assert all(delivery.is_signed_with(SECRET.encode()) for delivery in receiver.deliveries)
    first, second = (int(delivery.headers["webhook-timestamp"]) for delivery in receiver.deliveries[:2])
    assert second > first
    assert result.stderr == b"report.sh: this deployment is at http://dashboard.test/deployments/1\n"


def test_a_wait_beyond_the_time_limit_is_not_started(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "3600"}, {"title": "Busy"})]
    result = sender.run("finish", "success")
    assert result.returncode == 0
    assert result.stderr == b"report.sh: the deployment (success) was not reported: the dashboard answered 503: Busy\n"
    assert len(receiver.deliveries) == 1


def test_a_refusal_is_explained_in_one_line_and_not_repeated(any_shell: Sender, receiver: Receiver) -> None:
    problem = {"title": "Unprocessable", "detail": 'send "run_id"\n\x1b[31m', "errors": {"port": ["Not a number."]}}
    receiver.answers = [(422, {}, problem), (401, {}, {"title": "Unauthorized", "detail": "The signature is wrong."})]
    result = any_shell.run("start", "--port", "eighty")
    assert result.returncode == 0
    [line] = result.stderr.decode().splitlines()
    assert line.startswith(
        'report.sh: the deployment (running) was not reported: the dashboard answered 422: Unprocessable: send "run_id"'
    )
    assert "Not a number." in line
    result = any_shell.run("finish", "failed")
    assert result.returncode == 0
    assert result.stderr.decode() == (
        "report.sh: the deployment (failed) was not reported: "
        "the dashboard answered 401: Unauthorized: The signature is wrong.\n"
    )
    assert len(receiver.deliveries) == 2


def test_the_beginning_of_an_answer_that_is_no_problem_document_is_shown(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [(404, {}, {"nginx": "not found"})]
    assert b'answered 404: {"nginx": "not found"}\n' in sender.run("start").stderr


def test_an_absent_dashboard_gives_a_warning_and_keeps_the_exit_status(any_shell: Sender, receiver: Receiver) -> None:
    receiver.close()
    result = any_shell.run("step", "Build", "--", "sh", "-c", "echo built; exit 3")
    assert (result.returncode, result.stdout) == (3, b"built\n")
    # The report of the start adds its own line only if it gave up while the command ran.
    *earlier, line = result.stderr.decode().splitlines()
    assert len(earlier) <= 1
    assert line.startswith('report.sh: step "Build" (failed) was not reported: the dashboard cannot be reached: curl: ')


def test_an_absent_dashboard_does_not_fail_start_or_finish(sender: Sender, receiver: Receiver) -> None:
    receiver.close()
    assert sender.run("start").returncode == 0
    assert sender.run("finish", "success").returncode == 0


def test_a_hanging_dashboard_is_abandoned_at_the_time_limit(sender: Sender, receiver: Receiver) -> None:
    receiver.gate.clear()
    sender.environ["DASHBOARD_TIMEOUT_S"] = "1"
    result = sender.run("finish", "success")
    assert result.returncode == 0
    assert b"the dashboard cannot be reached" in result.stderr


MISSING = {
    "DASHBOARD_URL": "DASHBOARD_URL is not set",
    "DASHBOARD_WEBHOOK_SECRET": "DASHBOARD_WEBHOOK_SECRET is not set",
    "DASHBOARD_RUN_ID": "the run is unknown: set --run-id or DASHBOARD_RUN_ID",
    "DASHBOARD_PROJECT": "the project is unknown: set --project",
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_variable_gives_one_warning_and_the_command_runs(
    sender: Sender, receiver: Receiver, name: str
) -> None:
    del sender.environ[name]
    result = sender.run("step", "Build", "--", "sh", "-c", "echo built; exit 3")
    assert (result.returncode, result.stdout) == (3, b"built\n")
    [line] = result.stderr.decode().splitlines()
    assert line.startswith(f"report.sh: not reporting: {MISSING[name]}")
    assert receiver.deliveries == []


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org", 'http://x"\nurl = "file:///etc/passwd'])
def test_an_invalid_url_is_refused(sender: Sender, url: str) -> None:
    sender.environ["DASHBOARD_URL"] = url
    result = sender.run("start")
    assert result.returncode == 0
    assert b"not reporting: DASHBOARD_URL" in result.stderr


@pytest.mark.parametrize("secret", [SECRET, WHSEC])
def test_the_secret_is_in_no_argument_of_a_program(any_shell: Sender, secret: str) -> None:
    log = _record_arguments(any_shell, ["curl", "openssl", "awk", "od", "tr", "sed", "cat"])
    any_shell.environ["DASHBOARD_WEBHOOK_SECRET"] = secret
    any_shell.run("step", "Build", "--", "false")
    arguments = log.read_text()
    assert "openssl dgst" in arguments
    assert "curl -q" in arguments
    for form in (secret, secret.removeprefix("whsec_"), KEYS[secret].hex(), "v1,"):
        assert form not in arguments


def test_the_secret_is_in_no_command_line_during_a_report(any_shell: Sender, receiver: Receiver) -> None:
    receiver.gate.clear()
    process = any_shell.start("step", "Build", "--", "true")
    wait_until(lambda: receiver.deliveries)
    shown = b"".join(_read_command_lines())
    receiver.gate.set()
    process.communicate(timeout=10)
    assert str(SCRIPT).encode() in shown
    assert SECRET.encode() not in shown


def test_a_trace_does_not_show_the_secret(any_shell: Sender) -> None:
    shell, *options = any_shell.command[:-1]
    result = any_shell.execute(shell, *options, "-x", any_shell.command[-1], "start")
    assert SECRET.encode() not in result.stderr


def _record_arguments(sender: Sender, programs: list[str]) -> Path:
    """Put wrappers that record their arguments, and then run the real programs, first in the path."""
    directory = sender.directory / "recorders"
    directory.mkdir()
    log = sender.directory / "arguments"
    for program in programs:
        real = shutil.which(program, path=sender.environ["PATH"])
        recorder = directory / program
        recorder.write_text(f"#!/bin/sh\nprintf '%s\\n' \"{program} $*\" >>'{log}'\nexec '{real}' \"$@\"\n")
        recorder.chmod(stat.S_IRWXU)
    sender.environ["PATH"] = f"{directory}:{sender.environ['PATH']}"
    return log


def _read_command_lines() -> list[bytes]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:  # The process has ended since.
            continue
    return lines
