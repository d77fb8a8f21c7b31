"""Jobs, builds and branches read from URLs of Jenkins."""

import pytest

from dashboard.webhooks.dialects.jenkins_build import locate_build, shorten_branch


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("job/shop/", ("shop", None)),
        ("job/a/job/b/12/", ("a/b", "12")),
        ("/jenkins/job/Test%20Workflow/16/wfapi/describe", ("Test Workflow", "16")),
        ("https://ci.example.org/job/job/job/7/007/console", ("job/7", "7")),
        ("job/matrix/os=linux,arch=arm/3/", ("matrix/os=linux,arch=arm", "3")),
        ("job/maven/org.example$core/3/", ("maven/org.example$core", "3")),
        ("job/shop/wfapi/describe", ("shop", None)),
        ("view/all/", ("", None)),
        ("job", ("", None)),
        (None, ("", None)),
    ],
)
def test_job_and_number_are_read_from_a_url(address: str | None, expected: tuple[str, str | None]) -> None:
    assert locate_build(address) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("origin/main", "main"),
        ("refs/remotes/origin/feature/cards", "feature/cards"),
        ("refs/heads/main", "main"),
        ("main", "main"),
        ("detached", None),
        ("origin/", None),
        (None, None),
    ],
)
def test_the_remote_is_removed_from_a_branch(name: str | None, expected: str | None) -> None:
    assert shorten_branch(name) == expected
