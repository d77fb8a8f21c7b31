"""What else is read from the URLs and branches of Jenkins."""

import pytest

from dashboard.webhooks.dialects.jenkins_build import locate_build, shorten_branch


@pytest.mark.parametrize("address", ["job/Team/job/shop", "/jenkins/job/Team/job/shop", "job/Team/job/shop/"])
def test_a_job_in_a_folder_is_found_without_a_build(address: str) -> None:
    assert locate_build(address) == ("Team/shop", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("remotes/origin/main", "main"),
        ("origin/origin/main", "origin/main"),
        ("refs/heads/origin/main", "origin/main"),
        ("refs/tags/v1", "refs/tags/v1"),
        ("upstream/main", "upstream/main"),
    ],
)
def test_only_one_prefix_of_a_branch_is_left_out(name: str, expected: str) -> None:
    assert shorten_branch(name) == expected
