"""`dashboard projects`, as an operator uses it, on a real database."""

from pathlib import Path

import pytest

from tests.support.command_line import Operator
from tests.support.databases import MakeDatabase


@pytest.fixture
def operator(make_database: MakeDatabase, tmp_path: Path) -> Operator:
    """Give the command on a database with two projects."""
    operator = Operator("projects", make_database(), tmp_path)
    operator.query(
        "INSERT INTO projects (identity, slug, name, stamps, seq, created_at)"
        " VALUES ('1', 'shop', 'Shop', '{}', 0, now()), ('2', '报表', '报表', '{}', 0, now())"
    )
    return operator


def list_projects(operator: Operator, **settings: str) -> list[str]:
    """Return the printed lines."""
    return operator.succeed("list", **settings).splitlines()


def test_projects_keep_everything_by_default(operator: Operator) -> None:
    assert list_projects(operator) == ["shop\tShop\teverything\tdefault", "报表\t报表\teverything\tdefault"]
    settings = {"DASHBOARD_DEPLOYMENTS_DAYS": "365", "DASHBOARD_DEPLOYMENTS_PER_PROJECT": "1000"}
    assert list_projects(operator, **settings)[0] == "shop\tShop\t365 days, 1000 deployments\tdefault"


def test_a_project_can_keep_less_or_more_than_the_others(operator: Operator) -> None:
    assert operator.run("keep", "shop", "--days", "90").exit_code == 0
    assert operator.run("keep", "报表", "--days", "0", "--count", "50").exit_code == 0
    shop, reports = list_projects(operator, DASHBOARD_DEPLOYMENTS_DAYS="365")
    assert (shop, reports) == ("shop\tShop\t90 days\tcustom", "报表\t报表\t50 deployments\tcustom")
    assert operator.run("keep", "shop").exit_code == 0
    assert list_projects(operator)[0] == "shop\tShop\teverything\tdefault"


def test_a_renamed_project_is_also_found_by_its_former_slug(operator: Operator) -> None:
    operator.query("INSERT INTO former_slugs SELECT 'old-shop', id FROM projects WHERE slug = 'shop'")
    assert operator.run("keep", "old-shop", "--days", "90").exit_code == 0
    assert [line.rpartition("\t")[2] for line in list_projects(operator)] == ["custom", "default"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["keep", "none", "--days", "1"], "project none does not exist"),
        (["keep", "shop", "--days", "-1"], "-1 is not in the range"),
        (["keep", "shop", "--count", "many"], "'many' is not a valid integer"),
    ],
)
def test_a_mistake_is_reported_without_a_traceback(operator: Operator, arguments: list[str], words: str) -> None:
    assert words in operator.fail(*arguments)
