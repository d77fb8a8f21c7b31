"""`report.sh step`: it reports the result of a command, and does not change how it runs."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.senders.report_harness import SECRET, Receiver, Sender
from tests.support.servers import wait_until

BYTES = bytes(range(256)) * 3
HOSTILE = "部署 🚀 \"quotes\" 'single' back\\slash \\n %s tab\t new\nline \x01\x1b[31m\x7f \ufffd\u2028"
PRINT_BYTES = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3); sys.exit(1)"]


def test_a_step_is_reported_as_running_and_then_as_ended(any_shell: Sender, receiver: Receiver) -> None:
    any_shell.run("step", "Build", "--number", "2", "--job", "deploy", "--message", "hello", "--", "true")
    running, done = receiver.steps
    assert running.keys() == {"name", "job", "number", "status", "started_at", "message"}
    assert (running["name"], running["job"], running["number"], running["status"]) == ("Build", "deploy", 2, "running")
    assert (done["status"], done["started_at"]) == ("success", running["started_at"])
    assert running["started_at"] <= done["completed_at"] <= receiver.deliveries[1].json["timestamp"]
    assert running["started_at"].endswith("Z")


@pytest.mark.parametrize("status", [0, 1, 42, 143])
def test_the_exit_status_is_that_of_the_command(any_shell: Sender, receiver: Receiver, status: int) -> None:
    assert any_shell.run("step", "Build", "--", "sh", "-c", f"exit {status}").returncode == status
    assert receiver.steps[1]["status"] == ("success" if status == 0 else "failed")


def test_a_failed_step_has_its_exit_status_and_the_end_of_its_output(any_shell: Sender, receiver: Receiver) -> None:
    any_shell.run("step", "Build", "--", "sh", "-c", "echo one; exit 42")
    assert receiver.steps[1]["error"] == "exit status 42"
    assert receiver.steps[1]["log"] == "one\n"


def test_a_command_killed_by_a_signal_has_failed(any_shell: Sender, receiver: Receiver) -> None:
    assert any_shell.run("step", "Build", "--", "sh", "-c", "kill -KILL $$").returncode == 137
    assert (receiver.steps[1]["status"], receiver.steps[1]["error"]) == ("failed", "killed by signal 9")


def test_a_command_that_does_not_exist_has_failed(any_shell: Sender, receiver: Receiver) -> None:
    assert any_shell.run("step", "Build", "--", "no-such-command").returncode == 127
    assert "no-such-command" in receiver.steps[1]["log"]


def test_output_passes_through_unchanged(any_shell: Sender) -> None:
    script = "import sys; data = bytes(range(256)) * 3; sys.stdout.buffer.write(data); sys.stderr.buffer.write(data)"
    result = any_shell.run("step", "Build", "--", sys.executable, "-c", script)
    assert (result.stdout, result.stderr) == (BYTES, BYTES)


def test_output_and_errors_to_the_same_file_keep_their_order(any_shell: Sender) -> None:
    script = "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; done"
    wrapped = ["step", "Build", "--", "sh", "-c", script]
    result = any_shell.execute("sh", "-c", '"$@" 2>&1', "sh", *any_shell.command, *wrapped)
    assert result.stdout.decode().split("\n")[:-1] == [f"{name} {n}" for n in range(1, 6) for name in ("out", "err")]


def test_output_and_input_are_passed_while_the_command_runs(any_shell: Sender) -> None:
    with any_shell.start("step", "Build", "--", "sh", "-c", "printf 'name? '; read -r name; echo $name") as process:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 100) == b"name? "
        output, _ = process.communicate(b"wanda\n", timeout=10)
    assert output == b"wanda\n"


def test_input_passes_through_unchanged(any_shell: Sender) -> None:
    assert any_shell.run("step", "Build", "--", "cat", stdin=BYTES * 100).stdout == BYTES * 100


def test_the_command_gets_the_environment_of_the_caller(any_shell: Sender) -> None:
    any_shell.environ |= {"name": "n", "status": "s", "secret": "s", "PORT": "1", "i": "2"}
    every_shell_sets = {"PWD", "SHLVL", "_"}
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    given, direct = (
        json.loads(result.stdout) for result in (any_shell.run("step", "Build", "--", *show), any_shell.execute(*show))
    )
    assert {name: given[name] for name in given.keys() - every_shell_sets} == direct


def test_hostile_text_arrives_unchanged(any_shell: Sender, receiver: Receiver) -> None:
    any_shell.run("step", HOSTILE, "--message", HOSTILE, "--", sys.executable, "-c", f"print({HOSTILE!r}); exit(1)")
    assert receiver.steps[1]["name"] == receiver.steps[1]["message"] == HOSTILE
    assert receiver.steps[1]["log"] == HOSTILE + "\n"


def test_bytes_that_are_not_text_are_dropped(any_shell: Sender, receiver: Receiver) -> None:
    any_shell.run("step", b"a\x80b\xff\xed\xa0\x80\xc0\xafc\xe4\xb8", "--", *PRINT_BYTES)
    assert receiver.steps[0]["name"] == "abc"
    assert receiver.steps[1]["log"] == "".join(map(chr, range(1, 128))) * 3 + "\n"


def test_no_text_is_run_as_a_command(any_shell: Sender, receiver: Receiver) -> None:
    text = "$(touch pwned) `touch pwned` '; touch pwned; ' \"; touch pwned; \" %n *"
    any_shell.environ |= {"DASHBOARD_BRANCH": text, "DASHBOARD_JOB": text}
    any_shell.run("step", text, "--message", text, "--", "true")
    assert not (any_shell.directory / "pwned").exists()
    assert receiver.deliveries[0].json["branch"] == text
    assert {receiver.steps[0][name] for name in ("name", "job", "message")} == {text}


def test_a_long_output_is_sent_from_its_first_whole_line(any_shell: Sender, receiver: Receiver) -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo 第 $i; i=$((i + 1)); done; exit 1"
    any_shell.run("step", "Build", "--", "sh", "-c", script)
    lines = receiver.steps[1]["log"].splitlines()
    assert lines[0].startswith("第 ")
    assert lines == [f"第 {n}" for n in range(20000 - len(lines), 20000)]
    assert 60_000 < len(receiver.steps[1]["log"].encode()) <= 65_536


def test_output_is_sent_with_log_and_withheld_with_no_log(sender: Sender, receiver: Receiver) -> None:
    sender.run("step", "Quiet", "--", "echo", "fine")
    sender.run("step", "Chatty", "--log", "--", "echo", "fine")
    sender.run("step", "Private", "--no-log", "--", "sh", "-c", "echo fine; exit 1")
    assert [step.get("log") for step in receiver.steps] == [None, None, None, "fine\n", None, None]


def test_the_webhook_secret_is_removed_from_the_output(sender: Sender, receiver: Receiver) -> None:
    sender.run("step", "Build", "--", "sh", "-c", f"echo '<{SECRET}><{SECRET}>'; env; exit 1")
    assert "<***><***>" in receiver.steps[1]["log"]
    assert SECRET.encode() not in receiver.deliveries[1].body


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_a_signal_reaches_the_command_and_the_step_is_cancelled(
    any_shell: Sender, receiver: Receiver, name: str
) -> None:
    number = signal.Signals[f"SIG{name}"]
    with any_shell.start("step", "Build", "--", "sh", "-c", "echo ready; exec sleep 60") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        wait_until(lambda: receiver.deliveries)
        process.send_signal(number)
        process.communicate(timeout=10)
    # Without GNU env a background command ignores INT, and gets TERM in its place.
    assert process.returncode in ({128 + number, 143} if name == "INT" else {128 + number})
    assert receiver.steps[-1]["status"] == "cancelled"
    assert receiver.steps[-1]["error"].startswith("stopped by signal ")


def test_a_command_may_end_slowly_after_a_signal(any_shell: Sender, receiver: Receiver) -> None:
    script = "trap 'echo cleaning; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    with any_shell.start("step", "Build", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.communicate(timeout=10)[0] == b"cleaning\n"
    assert process.returncode == 5
    assert receiver.steps[-1]["status"] == "cancelled"


def test_a_background_service_does_not_block_the_step(any_shell: Sender, receiver: Receiver) -> None:
    command = [*any_shell.command, "step", "Up", "--", "sh", "-c", "sleep 60 & echo $!"]
    result = any_shell.execute("sh", "-c", '"$@" >out 2>&1', "sh", *command)
    os.kill(int((any_shell.directory / "out").read_text()), signal.SIGTERM)
    assert result.returncode == 0
    assert receiver.steps[1]["status"] == "success"


def test_two_concurrent_steps_do_not_mix(any_shell: Sender, receiver: Receiver) -> None:
    first = any_shell.start("step", "First", "--log", "--", "cat")
    second = any_shell.start("step", "Second", "--log", "--", "cat")
    wait_until(lambda: len(receiver.deliveries) == 2)
    assert first.communicate(b"1\n", timeout=10)[0] == b"1\n"
    assert second.communicate(b"2\n", timeout=10)[0] == b"2\n"
    assert {step["name"]: step.get("log") for step in receiver.steps} == {"First": "1\n", "Second": "2\n"}
    assert len({delivery.id for delivery in receiver.deliveries}) == 4


def test_a_failed_step_ends_a_script_with_set_e(sender: Sender) -> None:
    script = 'set -eu; "$@"; echo unreachable'
    command = ["sh", "-c", script, "sh", *sender.command, "step", "Build", "--", "sh", "-c", "exit 3"]
    result = sender.execute(*command)
    assert (result.returncode, result.stdout) == (3, b"")


def test_an_interrupted_report_leaves_no_files_behind(any_shell: Sender, receiver: Receiver) -> None:
    receiver.gate.clear()
    with any_shell.start("start") as process:
        wait_until(lambda: receiver.deliveries)
        process.terminate()
        receiver.gate.set()
        process.communicate(timeout=10)
    assert process.returncode in {143, 0}
    assert list(Path(any_shell.environ["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_caller_may_have_closed_its_file_descriptors(sender: Sender, receiver: Receiver, closed: str) -> None:
    command = [*sender.command, "step", "Build", "--", "sh", "-c", "echo built >built"]
    assert sender.execute("sh", "-c", f'"$@" {closed}', "sh", *command).returncode == 0
    assert (sender.directory / "built").read_text() == "built\n"
    assert [step["status"] for step in receiver.steps] == ["running", "success"]


def test_without_named_pipes_the_command_runs_without_a_log(sender: Sender, receiver: Receiver) -> None:
    (sender.directory / "mkfifo").write_text("#!/bin/sh\nexit 1\n")
    (sender.directory / "mkfifo").chmod(0o755)
    sender.environ["PATH"] = f"{sender.directory}:{sender.environ['PATH']}"
    result = sender.run("step", "Build", "--", "sh", "-c", "echo built; exit 3")
    assert (result.returncode, result.stdout) == (3, b"built\n")
    assert "log" not in receiver.steps[1]
