"""The composite action and the reusable workflow, run as GitHub's runner would run their scripts."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.senders.report_harness import SCRIPT, SECRET, Receiver, Sender

GITHUB = SCRIPT.parents[1] / ".github"
ACTION = GITHUB / "actions" / "report-step"
WORKFLOW = GITHUB / "workflows" / "webhook-notification.yml"
TEXT = "$(touch pwned) `touch pwned` '; touch pwned; ' \"; touch pwned; \""


def test_the_action_runs_a_command_as_a_step(sender: Sender, receiver: Receiver) -> None:
    result = _run_action(sender, name="Build", run="echo $((1 + 1))\nfalse | true\necho unreachable", number="3")
    assert (result, [step["status"] for step in receiver.steps]) == ((1, b"2\n"), ["running", "failed"])
    assert (receiver.steps[1]["log"], receiver.steps[1]["number"]) == ("2\n", 3)


def test_the_action_reports_a_status_alone(sender: Sender, receiver: Receiver) -> None:
    _run_action(sender, name="Build", status="skipped", project="shop", environment="staging")
    assert receiver.steps[0]["status"] == "skipped"
    assert receiver.deliveries[0].json["environment"] == "staging"


def test_the_action_without_a_name_reports_the_deployment(sender: Sender, receiver: Receiver) -> None:
    _run_action(sender, status="running")
    _run_action(sender, status="failure")
    assert [delivery.json["status"] for delivery in receiver.deliveries] == ["running", "failure"]


def test_the_action_executes_no_input_except_the_command(sender: Sender, receiver: Receiver) -> None:
    _run_action(sender, name=TEXT, message=TEXT, job=TEXT, environment=TEXT, run="true")
    assert not list(sender.directory.rglob("pwned"))
    assert receiver.steps[0]["name"] == receiver.steps[0]["job"] == TEXT


def test_the_workflow_reports_a_step_and_the_deployment(sender: Sender, receiver: Receiver) -> None:
    _run_workflow(sender, step_status="running")
    _run_workflow(sender, status="running", deploy_type="static")
    _run_workflow(sender, step_name=TEXT, step_status="failure", status="failure", message=TEXT)
    first, start, step, end = (delivery.json for delivery in receiver.deliveries)
    assert (first["step"]["name"], first["step"]["status"]) == ("deploy_project", "running")
    assert (start["status"], start["deploy_type"]) == ("running", "static")
    assert (step["step"]["name"], step["step"]["status"]) == (TEXT, "failure")
    assert (end["status"], end["message"]) == ("failure", TEXT)
    assert not list(sender.directory.rglob("pwned"))


def _run_action(sender: Sender, **inputs: str) -> tuple[int, bytes]:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    [step] = action["runs"]["steps"]
    sender.environ["GITHUB_ACTION_PATH"] = str(ACTION)
    return _run_script(sender, step, action["inputs"], inputs)


def _run_workflow(sender: Sender, **inputs: str) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    step = workflow["jobs"]["report"]["steps"][-1]
    call = workflow[True]["workflow_call"]  # YAML 1.1 reads `on` as a truth value.
    given = {"dashboard_url": sender.environ["DASHBOARD_URL"], "project": "shop"} | inputs
    assert (_run_script(sender, step, call["inputs"], given))[0] == 0


def _run_script(
    sender: Sender, step: dict[str, Any], known: dict[str, Any], inputs: dict[str, str]
) -> tuple[int, bytes]:
    """Fill in the expressions of `env`, the only place where there are any, and run the script."""
    assert inputs.keys() <= known.keys()
    assert "${{" not in step["run"]
    values = {f"inputs.{name}": str(about.get("default", "")) for name, about in known.items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()} | {"secrets.webhook_secret": SECRET}
    environ = {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], text) for name, text in step["env"].items()
    }
    (sender.directory / "runner").mkdir(exist_ok=True)
    environ["RUNNER_TEMP"] = str(sender.directory / "runner")
    script = sender.directory / "script"
    script.write_text(step["run"])
    caller = Sender(sender.shell, sender.directory, sender.environ | environ)
    result = caller.execute(
        "bash", "--noprofile", "--norc", "-eo", "pipefail", str(script), cwd=_working_directory(step)
    )
    return result.returncode, result.stdout


def _working_directory(step: dict[str, Any]) -> Path | None:
    """The workflow runs where its checkout is, the action where it is called."""
    return None if "working-directory" in step else SCRIPT.parents[1]
