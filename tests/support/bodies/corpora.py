"""Bodies that others publish, in the folder that the environment's CORPORA names: an extra that no test needs."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import REPOSITORY

CORPORA = Path(os.environ.get("CORPORA") or REPOSITORY.parent / "shared" / "corpora")


needs_corpora = pytest.mark.skipif(
    not CORPORA.is_dir(), reason=f"an extra: there is no folder {CORPORA} with bodies that others publish (CORPORA)"
)


def read_corpus(folder: str) -> dict[str, Any]:
    """Return the bodies in a folder of the corpora by name of their file."""
    paths = sorted((CORPORA / folder).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
