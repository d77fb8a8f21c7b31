"""Real bodies from outside of the repository: the folder that the environment's CORPORA names, where there is one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import REPOSITORY

CORPORA = Path(os.environ.get("CORPORA") or REPOSITORY.parent / "shared" / "corpora")


def read_corpus(folder: str) -> dict[str, Any]:
    """Return the bodies in a folder of the corpora by name of their file; skip the test where there are no corpora."""
    if not CORPORA.is_dir():
        pytest.skip("no corpora: CORPORA names no folder")
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((CORPORA / folder).glob("*.json"))
    }
