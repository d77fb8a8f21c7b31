"""`dashboard sources`, as an operator uses it, on a real database."""

import base64
from pathlib import Path

import pytest

from tests.support.command_line import Operator
from tests.support.databases import MakeDatabase


@pytest.fixture
def operator(make_database: MakeDatabase, tmp_path: Path) -> Operator:
    return Operator("sources", make_database(), tmp_path)


def test_the_secret_of_the_first_start_is_the_first_source(operator: Operator) -> None:
    assert operator.succeed("list") == "default\tall dialects\tall repositories\t1 secret"


def test_a_source_is_added_listed_and_removed(operator: Operator) -> None:
    secret = operator.succeed("add", "GitHub 主站", "--dialect", "github", "--allow", "octo/*", "--allow", "other/shop")
    assert len(secret) == 43
    listed = operator.succeed("list")
    assert "GitHub 主站\tgithub\tocto/*, other/shop\t1 secret" in listed.splitlines()
    assert secret not in listed
    operator.succeed("remove", "GitHub 主站")
    assert operator.succeed("list").count("\n") == 0


def test_a_given_secret_is_read_from_standard_input(operator: Operator) -> None:
    printed = operator.succeed("add", "mine", "--secret-stdin", given="chosen by me\n")
    assert "chosen by me" not in printed
    refused = operator.run("add", "other", "--secret-stdin", given="chosen by me\n")
    assert refused.exit_code == 1
    assert "source mine already has this secret" in refused.output


def test_secrets_are_not_readable_in_the_database(operator: Operator) -> None:
    secret = operator.succeed("add", "github")
    ((stored,),) = operator.query("SELECT secrets::text FROM webhook_sources")
    assert secret not in stored
    assert base64.b64encode(secret.encode()).decode() not in stored


def test_after_rotation_both_secrets_are_accepted_for_a_while(operator: Operator) -> None:
    operator.succeed("add", "github")
    operator.succeed("rotate", "github")
    assert "github\tall dialects\tall repositories\t2 secrets" in operator.succeed("list")
    operator.succeed("rotate", "github", "--overlap-h", "0")
    assert "github\tall dialects\tall repositories\t1 secret" in operator.succeed("list").splitlines()


def test_rotating_the_default_replaces_the_file_that_the_next_start_reads(operator: Operator) -> None:
    operator.succeed("list")
    before = (operator.data_dir / "webhook-secret").read_text()
    secret = operator.succeed("rotate", "default", "--overlap-h", "0")
    path = operator.data_dir / "webhook-secret"
    assert path.read_text() == secret + "\n" != before
    assert path.stat().st_mode & 0o777 == 0o600
    assert operator.succeed("list") == "default\tall dialects\tall repositories\t1 secret"


def test_a_rotated_out_secret_of_the_settings_is_no_longer_accepted(operator: Operator) -> None:
    operator.succeed("rotate", "default", "--overlap-h", "0", DASHBOARD_WEBHOOK_SECRET="the first one")
    listed = operator.succeed("list", DASHBOARD_WEBHOOK_SECRET="the first one")
    assert listed == "default\tall dialects\tall repositories\t1 secret"


def test_with_another_secret_key_a_rotated_out_secret_stays_refused(operator: Operator) -> None:
    leaked = {"DASHBOARD_WEBHOOK_SECRET": "the first one"}
    operator.succeed("rotate", "default", "--overlap-h", "0", **leaked)
    listed = operator.succeed("list", SECRET_KEY="another", **leaked)
    assert listed == "default\tall dialects\tall repositories\tno valid secret: rotate it"


def test_with_another_secret_key_lost_secrets_are_reported_in_the_list(operator: Operator) -> None:
    operator.succeed("add", "github")
    assert "no valid secret: rotate it" in operator.succeed("list", SECRET_KEY="another")
    operator.succeed("rotate", "github", SECRET_KEY="another")
    assert "github\tall dialects\tall repositories\t1 secret" in operator.succeed("list", SECRET_KEY="another")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["remove", "none"], "source none does not exist"),
        (["rotate", "none"], "source none does not exist"),
        (["remove", "default"], "rotate its secret instead"),
        (["add", "default"], "source default already exists"),
        (["add", " "], "the name must be 1 to 100 printable characters"),
        (["add", "x", "--dialect", "klingon"], "'klingon' is not one of"),
    ],
)
def test_a_mistake_is_reported_without_a_traceback(operator: Operator, arguments: list[str], words: str) -> None:
    assert words in operator.fail(*arguments)


def test_a_database_without_tables_is_reported_in_one_line(operator: Operator) -> None:
    operator.query("DROP TABLE webhook_sources")
    result = operator.run("list")
    assert result.exit_code == 1
    assert "start the dashboard once" in result.output


@pytest.mark.parametrize("pasted", ["v1,pw5150", "\ufeffpw5150", " pw5150", '"pw5150"', "whsec_", "whsec_AA=="])
def test_a_secret_that_no_sender_can_have_is_refused_with_a_reason(operator: Operator, pasted: str) -> None:
    operator.succeed("add", "mine")
    for command in (("add", "other"), ("rotate", "mine")):
        refused = operator.run(*command, "--secret-stdin", given=f"{pasted}\n")
        assert refused.exit_code == 1
        assert "the secret from standard input " in refused.output
        assert "5150" not in refused.output
    assert "other" not in operator.succeed("list")


def test_a_source_for_forgejo_has_the_dialect_gitea(operator: Operator) -> None:
    operator.succeed("add", "forge", "--dialect", "forgejo")
    assert "forge\tgitea\t" in operator.succeed("list")
