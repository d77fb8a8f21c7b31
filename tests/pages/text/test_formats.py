"""The texts of the pages: the same table that the scripts are tested against."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for

from dashboard.pages.text import formats, languages
from tests.support.message_catalogs import translate_words

TABLES = Path(__file__).parents[2] / "js" / "text"
TABLE = json.loads((TABLES / "formats.json").read_text())
NOW = datetime.fromisoformat(TABLE["now"])


@pytest.fixture(scope="module", params=languages.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give each language, with a request in it."""
    app = Flask("formats")
    languages.init_app(app)
    with app.test_request_context(headers={"Accept-Language": languages.TAGS[request.param]}):
        yield request.param


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['format']} {case['text']}")
def test_values_are_formatted_as_in_the_table(case: dict[str, Any], language: str) -> None:
    names = [f"value{index}" for index, _ in enumerate(case["values"])]
    view = dict(zip(names, case["values"], strict=True))
    wanted = case.get("zh", case["text"]) if language == "zh" else case["text"]
    assert formats.format_values(view, ",".join(names), case["format"], NOW) == wanted


@pytest.mark.parametrize("link", TABLE["links"], ids=lambda link: str(link["url"]))
def test_only_web_addresses_become_links(link: dict[str, Any]) -> None:
    assert formats.safe_href(link["url"]) == link["href"]


@pytest.mark.parametrize("case", TABLE["slugs"], ids=lambda case: case["slug"])
def test_scripts_quote_slugs_like_flask(case: dict[str, str]) -> None:
    app = Flask("slugs")
    app.add_url_rule("/projects/<slug>", "show_project")
    with app.test_request_context():
        assert url_for("show_project", slug=case["slug"]) == case["path"]


@pytest.mark.parametrize("case", TABLE["conditions"], ids=lambda case: f"{case['condition']} {case['view']}")
def test_conditions_are_evaluated_as_in_the_table(case: dict[str, Any]) -> None:
    assert formats.is_shown(case["view"], case["condition"]) is case["shown"]


@pytest.mark.parametrize("name", languages.LANGUAGES)
def test_scripts_are_tested_with_the_texts_of_the_pages(name: str) -> None:
    assert json.loads((TABLES / f"words.{name}.json").read_text()) == translate_words(name)
