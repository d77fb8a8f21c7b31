"""Links to a revision on its code host, derived from the URL of its run. Nothing is guessed: unknown hosts get none."""

import re
from urllib.parse import quote

from dashboard.core.view_types.deployments import RevisionLinks

ACTIONS_RUN = re.compile(r"(https?://([^/\s?#@]+))/([^\s?#]+)/actions/runs/\d+(?:[/?#]\S*)?")
"""The URL of a run on GitHub, Gitea or Forgejo."""
GITLAB_RUN = re.compile(r"(https?://([^/\s?#@]+))/([^\s?#]+)/-/(?:pipelines|jobs)/\d+(?:[/?#]\S*)?")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
BRANCH_PATHS = {"github.com": "tree", "gitea.com": "src/branch", "codeberg.org": "src/branch"}
"""The part before the branch in its URL, for hosts whose URLs of runs look the same."""


def link_revision(
    repository: str | None, run_url: str | None, branch: str | None, commit_hash: str | None
) -> RevisionLinks | None:
    """Return the URLs of repository, commit and branch, None if they do not follow from the URL of the run.

    The branch of a fork, `ada:main`, and its commit are elsewhere: they get none.
    """
    if not repository or not run_url:
        return None
    actions, gitlab = ACTIONS_RUN.fullmatch(run_url), GITLAB_RUN.fullmatch(run_url)
    match = actions or gitlab
    if match is None or match[3].casefold() != repository.casefold():
        return None
    if branch and ":" in branch:
        branch = commit_hash = None
    base = f"{match[1]}/{quote(match[3])}" + ("/-" if gitlab else "")
    branch_path = "tree" if gitlab else BRANCH_PATHS.get(match[2].casefold())
    return {
        "repository": base.removesuffix("/-"),
        "commit": f"{base}/commit/{commit_hash}" if COMMIT.fullmatch(commit_hash or "") else None,
        "branch": f"{base}/{branch_path}/{quote(branch)}" if branch and branch_path else None,
    }
