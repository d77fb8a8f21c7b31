"""Bodies as Bitbucket sends them, reduced to the fields that matter, with defaults."""

from typing import Any

Json = dict[str, Any]
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
UUID = "{0f4a1d6e-5c5b-4d0c-9a55-1b8f6f0c7a11}"
COMMIT_URL = f"https://api.bitbucket.org/2.0/repositories/octo/shop/commit/{SHA}"
REPOSITORY: Json = {
    "uuid": UUID,
    "full_name": "Octo/Shop",
    "links": {
        "html": {"href": "https://bitbucket.org/octo/shop"},
        "self": {"href": "https://api.bitbucket.org/2.0/repositories/octo/shop"},
    },
}


def make_status(state: Any = "SUCCESSFUL", **fields: Any) -> Json:
    """Return a `repo:commit_status_…` body; `fields` are those of the status."""
    status: Json = {
        "key": "unit",
        "name": "Unit tests",
        "state": state,
        "description": "12 tests",
        "url": "https://ci.example.org/shop/5",
        "refname": "main",
        "type": "build",
        "commit": {"hash": SHA, "message": "Pay by card\n"},
        "links": {"commit": {"href": COMMIT_URL}},
        "created_on": "2026-03-01T10:00:00.000000+00:00",
        "updated_on": "2026-03-01T10:05:00.000000+00:00",
        **fields,
    }
    return {
        "actor": {"nickname": "grace", "display_name": "Grace Hopper"},
        "repository": REPOSITORY,
        "commit_status": status,
    }
