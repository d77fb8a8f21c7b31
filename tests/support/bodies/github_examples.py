"""The bodies that GitHub publishes as examples, of the npm package @octokit/webhooks-examples."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.servers import REPOSITORY

EXAMPLES = REPOSITORY / "node_modules" / "@octokit" / "webhooks-examples"


def read_examples() -> Iterator[tuple[str, Any]]:
    """Yield event and body, of github.com and of every version of its server."""
    assert EXAMPLES.is_dir(), f"{EXAMPLES} does not exist: make assets"
    for path in sorted(EXAMPLES.glob("*/index.json")):
        for event in json.loads(path.read_text(encoding="utf-8")):
            for body in event["examples"]:
                yield event["name"], body
