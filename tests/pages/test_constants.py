"""The constants that the scripts read from the page."""

import json

from flask.testing import FlaskClient

from dashboard.pages.constants import CONSTANTS_JSON
from tests.support.servers import REPOSITORY


def test_scripts_are_tested_with_the_constants_of_the_pages() -> None:
    assert json.loads((REPOSITORY / "tests" / "js" / "constants.json").read_text()) == json.loads(CONSTANTS_JSON)


def test_every_page_with_a_script_has_the_constants(client: FlaskClient) -> None:
    opened = '<script type="application/json" id="constants">'
    for path in ("/", "/deployments"):
        assert f"{opened}{CONSTANTS_JSON}</script>" in client.get(path).text
