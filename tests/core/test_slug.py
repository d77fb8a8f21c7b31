"""Slugs: names of projects as parts of URLs."""

import pytest

from dashboard.core.slug import make_slug


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
