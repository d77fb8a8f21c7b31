"""The terms by which a search finds deployments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.search_index import hash_ngrams, hash_value, list_terms


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("fix/login", "LOGIN"),
        ("abc123", "bc1"),
        ("修复登录", "复登"),
        ("release v2版本", "v2版本"),
        ("feature/17-x", "ture/17"),
    ],
)
def test_a_text_has_the_ngrams_of_each_of_its_parts(text: str, part: str) -> None:
    assert hash_ngrams(part)
    assert hash_ngrams(part) <= hash_ngrams(text)


@given(st.text(), st.text(), st.text())
def test_the_ngrams_of_any_part_are_among_those_of_the_text(before: str, part: str, after: str) -> None:
    assert hash_ngrams(part) <= hash_ngrams(before + part + after)


@pytest.mark.parametrize("text", ["", "ab", "王", "a-b_c", "50%"])
def test_a_text_that_is_too_short_has_no_ngrams(text: str) -> None:
    assert hash_ngrams(text) == set()


def test_hashes_fit_the_column() -> None:
    terms = list_terms(["some text", None], {"branch": "main", "state": None})
    assert hash_value("branch", "main") in terms
    assert all(-(2**31) <= term < 2**31 for term in terms)
    assert len(terms) == len(hash_ngrams("some text")) + 1


def test_lone_surrogates_can_be_hashed() -> None:
    assert hash_value("branch", "\ud800") == hash_value("branch", "?")
