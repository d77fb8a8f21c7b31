"""What else is read from the URLs and branches of Jenkins."""

import pytest

from dashboard.webhooks.dialects.jenkins_build import decode_segment, locate_build, shorten_branch


@pytest.mark.parametrize("address", ["job/Team/job/shop", "/jenkins/job/Team/job/shop", "job/Team/job/shop/"])
def test_a_job_in_a_folder_is_found_without_a_build(address: str) -> None:
    assert locate_build(address) == ("Team/shop", None)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [("feature%2Fcards", "feature/cards"), ("a%00b", "a\ufffdb"), ("%20shop%20", "shop"), ("%E6%B5%8B", "测")],
)
def test_a_name_in_a_url_is_decoded_and_storable(segment: str, expected: str) -> None:
    assert decode_segment(segment) == expected


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
