"""Which names and repositories are one project."""

import pytest

from dashboard.core.project_identity import ProjectIdentity, identify_native


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("shop", "shop"),
        ("My Shop", "my-shop"),
        ("my_shop", "my_shop"),
        ("Octo/Shop API", "octo/shop-api"),
        (" octo // shop/ ", "octo/shop"),
        ("octo\uff0fshop", "octo/shop"),  # a full-width slash
        ("octo/🚀", "octo/🚀"),
        ("报表/服务", "报表/服务"),
    ],
)
def test_a_native_name_is_compared_by_the_slugs_of_its_parts(name: str, path: str) -> None:
    assert identify_native(name).path == path
    assert identify_native(name) == identify_native(path)


def test_everything_that_identifies_a_project_tells_it_from_others() -> None:
    identities = [
        identify_native("octo/shop"),
        identify_native("octo-shop"),
        ProjectIdentity("", "octo/shop"),
        ProjectIdentity("github.com", "octo/shop"),
        ProjectIdentity("github.com/octo", "shop"),
        ProjectIdentity("github.example.org", "octo/shop"),
        ProjectIdentity("github.com", "octo/shop", 7),
        ProjectIdentity("github.com", "octo/shop", "7"),
        ProjectIdentity("github.com", "octo/shop", "octo/shop"),
        ProjectIdentity("github.example.org", "octo/shop", 7),
    ]
    assert len({identity.digest for identity in identities}) == len(identities)


def test_a_repository_with_an_id_is_the_same_under_another_path() -> None:
    old, new = ProjectIdentity("github.com", "octo/old", 7), ProjectIdentity("github.com", "octo/new", 7)
    assert (old, old.digest) == (new, new.digest)
    assert old.path_digest == ProjectIdentity("github.com", "octo/old").digest != new.path_digest


def test_a_native_project_is_not_found_by_the_path_of_a_repository() -> None:
    assert identify_native("octo/shop").path_digest is None
