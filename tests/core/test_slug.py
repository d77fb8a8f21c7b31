"""Slugs: names of projects as parts of URLs."""

import pytest

from dashboard.core.slug import MAX_SLUG_LENGTH, make_project_slug, make_slug, number_slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop", "shop"),
        ("acme/shop", "acme-shop"),
        ("My  Shop (new)", "my-shop-new"),
        ("v1.2_beta-3", "v1.2_beta-3"),
        ("商店", "商店"),
        ("ＳＨＯＰ", "shop"),
        ("Straße", "strasse"),
        ("ไทย์", "ไทย์"),  # its last character is a mark (Mn)
        ("हिन्दी", "हिन्दी"),  # two of its vowels are marks (Mc)
        ("shop\ufe0f", "shop"),  # the variant of an emoji
        ("shop\ufe00", "shop"),
        ("♥\ufe0fshop", "shop"),
        ("e\u20dd", "e"),  # an enclosing mark (Me)
        ("-.shop.-", "shop"),
        ("a---b", "a-b"),
        ("!?", ""),
        ("", ""),
    ],
)
def test_a_slug_keeps_letters_and_digits_of_any_script(name: str, slug: str) -> None:
    assert make_slug(name) == slug


@pytest.mark.parametrize(
    ("project", "slug"),
    [
        ("octo/shop", "octo-shop"),
        ("🚀", "project-ebbc0b2870eb"),
        ("s" * (MAX_SLUG_LENGTH + 1), "s" * MAX_SLUG_LENGTH),
        ("s" * (MAX_SLUG_LENGTH - 1) + "/t", "s" * (MAX_SLUG_LENGTH - 1)),
        ("s" * (MAX_SLUG_LENGTH - 2) + ".-t", "s" * (MAX_SLUG_LENGTH - 2)),
    ],
)
def test_the_slug_of_a_project_stays_and_has_no_loose_end(project: str, slug: str) -> None:
    assert make_project_slug(project) == slug


def test_projects_without_letters_in_their_names_have_different_slugs() -> None:
    assert make_project_slug("🚀") != make_project_slug("😀")


def test_a_numbered_slug_is_not_longer_than_any_other() -> None:
    assert number_slug("shop", 2) == "shop-2"
    assert len(number_slug("s" * MAX_SLUG_LENGTH, 1000)) <= MAX_SLUG_LENGTH
