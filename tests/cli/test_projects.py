"""`dashboard projects`, as an operator uses it, on a real database."""

from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner, Result

from dashboard.cli.main import main
from tests.support.databases import MakeDatabase


class Operator:
    """Runs `dashboard projects …` with the settings of one installation that has two projects."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.environ = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": str(data_dir), "SECRET_KEY": "k"}
        connection = psycopg2.connect(database_url)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO projects (slug, name, stamps, seq, created_at)"
                " VALUES ('shop', 'Shop', '{}', 0, now()), ('报表', '报表', '{}', 0, now())"
            )
        connection.close()

    def run(self, *arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(main, ["projects", *arguments], env=self.environ | settings)

    def list(self, **settings: str) -> list[str]:
        return self.run("list", **settings).output.splitlines()


@pytest.fixture
def operator(make_database: MakeDatabase, tmp_path: Path) -> Operator:
    return Operator(make_database(), tmp_path)


def test_projects_keep_everything_by_default(operator: Operator) -> None:
    assert operator.list() == ["shop\tShop\teverything\tdefault", "报表\t报表\teverything\tdefault"]
    settings = {"DASHBOARD_DEPLOYMENTS_DAYS": "365", "DASHBOARD_DEPLOYMENTS_PER_PROJECT": "1000"}
    assert operator.list(**settings)[0] == "shop\tShop\t365 days, 1000 deployments\tdefault"


def test_a_project_can_keep_less_or_more_than_the_others(operator: Operator) -> None:
    assert operator.run("keep", "shop", "--days", "90").exit_code == 0
    assert operator.run("keep", "报表", "--days", "0", "--count", "50").exit_code == 0
    shop, reports = operator.list(DASHBOARD_DEPLOYMENTS_DAYS="365")
    assert (shop, reports) == ("shop\tShop\t90 days\tcustom", "报表\t报表\t50 deployments\tcustom")
    assert operator.run("keep", "shop").exit_code == 0
    assert operator.list()[0] == "shop\tShop\teverything\tdefault"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["keep", "none", "--days", "1"], "project none does not exist"),
        (["keep", "shop", "--days", "-1"], "-1 is not in the range"),
        (["keep", "shop", "--count", "many"], "'many' is not a valid integer"),
    ],
)
def test_a_mistake_is_reported_without_a_traceback(operator: Operator, arguments: list[str], words: str) -> None:
    result = operator.run(*arguments)
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output
