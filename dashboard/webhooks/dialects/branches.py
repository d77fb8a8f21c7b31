"""Branches of forks: shown as `ada:main`, so that they never count as branches of the repository itself. Pure.

Git allows no colon in the name of a branch, so no branch of the repository has such a name.
"""

from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    Body,
    read_int,
    read_object,
    read_objects,
    read_repository_path,
    read_text,
)

FORK = "fork"
"""Stands for the owner of a fork that the sender does not name, for example because it was deleted."""


def name_fork_branch(owner: str | None, branch: str | None) -> str | None:
    """Return the name of a fork's branch, None if the branch is unknown."""
    return branch and f"{owner or FORK}:{branch}"[:MAX_NAME_LENGTH]


def is_same_repository(one: Body, other: Body) -> bool:
    """Return whether two objects describe one repository: by their numeric ids, else by their full names."""
    ids = read_int(one, "id"), read_int(other, "id")
    if all(ids):
        return ids[0] == ids[1]
    names = read_text(one, "full_name"), read_text(other, "full_name")
    return None not in names and str(names[0]).lower() == str(names[1]).lower()


def read_head_branch(body: Body, run: Body) -> str | None:
    """Return the branch of a `workflow_run`, with its owner if it is a fork's.

    `head_repository` is null once a fork is deleted. A run for a pull request without that field may be a fork's, so it
    has no branch.
    """
    branch, event = read_text(run, "head_branch"), read_text(run, "event")
    if head := read_object(run, "head_repository"):
        name = read_text(head, "full_name")
        owner = read_text(head, "owner", "login") or (name and name.partition("/")[0])
        return branch if is_same_repository(head, read_object(body, "repository")) else name_fork_branch(owner, branch)
    if event == "push":
        return branch
    if "head_repository" in run:
        return name_fork_branch(None, branch)
    return None if event and event.startswith("pull_request") else branch


def read_check_branch(body: Body, check: Body) -> str | None:
    """Return the branch of a `check_run`, with its owner if only pull requests of forks have it."""
    suite = read_object(check, "check_suite")
    branch = read_text(suite, "head_branch")
    pulls = [*read_objects(check, "pull_requests"), *read_objects(suite, "pull_requests")]
    heads = [read_object(pull, "head", "repo") for pull in pulls if read_text(pull, "head", "ref") == branch]
    own = read_object(body, "repository")
    if not heads or any(is_same_repository(head, own) for head in heads):
        return branch
    # The URL is that of the API: https://api.github.com/repos/ada/shop.
    path = read_repository_path(heads[0], "url")
    return name_fork_branch(path and path.rpartition("/")[0].rpartition("/")[2], branch)
