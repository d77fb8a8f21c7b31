"""URLs of a revision: built only where the run's URL shows how."""

import pytest

from dashboard.core.links import link_revision

SHA = "8f2c1e0d9a"


@pytest.mark.parametrize(
    ("repository", "run_url", "branch", "links"),
    [
        (
            "acme/shop",
            "https://github.com/Acme/shop/actions/runs/9000/attempts/2",
            "feat/部署",
            ("https://github.com/Acme/shop", f"/commit/{SHA}", "/tree/feat/%E9%83%A8%E7%BD%B2"),
        ),
        (
            "acme/shop",
            "https://codeberg.org/acme/shop/actions/runs/12",
            "main",
            ("https://codeberg.org/acme/shop", f"/commit/{SHA}", "/src/branch/main"),
        ),
        (
            "group/sub/shop",
            "https://gitlab.example:8443/group/sub/shop/-/pipelines/31",
            "main",
            ("https://gitlab.example:8443/group/sub/shop", f"/-/commit/{SHA}", "/-/tree/main"),
        ),
        (
            "acme/shop",
            "https://git.example/acme/shop/actions/runs/12",  # GitHub's or Gitea's: they address branches differently
            "main",
            ("https://git.example/acme/shop", f"/commit/{SHA}", None),
        ),
    ],
)
def test_a_known_host_gives_links(
    repository: str, run_url: str, branch: str, links: tuple[str, str, str | None]
) -> None:
    base, commit, path = links
    wanted = {"repository": base, "commit": base + commit, "branch": path and base + path}
    assert link_revision(repository, run_url, branch, SHA) == wanted


@pytest.mark.parametrize(
    ("repository", "run_url"),
    [
        (None, "https://github.com/acme/shop/actions/runs/1"),
        ("acme/shop", None),
        ("acme/shop", "https://ci.example/build/9000"),
        ("acme/shop", "https://github.com/acme/other/actions/runs/1"),
        ("acme/shop", "javascript://github.com/acme/shop/actions/runs/1"),
        ("acme/shop", "https://user@github.com/acme/shop/actions/runs/1"),
    ],
)
def test_an_unknown_or_mismatched_host_gives_no_links(repository: str | None, run_url: str | None) -> None:
    assert link_revision(repository, run_url, "main", SHA) is None


@pytest.mark.parametrize("commit_hash", [None, "latest", "v1.2", "8f2c1e", "8f2c1e0/../.."])
def test_only_a_hash_is_linked_as_a_commit(commit_hash: str | None) -> None:
    links = link_revision("acme/shop", "https://github.com/acme/shop/actions/runs/1", None, commit_hash)
    assert links == {"repository": "https://github.com/acme/shop", "commit": None, "branch": None}


def test_a_branch_of_a_fork_and_its_commit_get_no_link() -> None:
    links = link_revision("acme/shop", "https://github.com/acme/shop/actions/runs/9", "ada:main", SHA)
    assert links == {"repository": "https://github.com/acme/shop", "commit": None, "branch": None}
