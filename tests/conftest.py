"""Names the plugins with the fixtures that all tests share, and says in which order and how tests run."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest.register_assert_rewrite("tests.support")

pytest_plugins = ["tests.support.fixtures", "tests.support.chromium_fixtures"]

# How long an example takes depends on what else the machine does.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
# For `make mutants`, which runs each test many times: few examples, always the same, and none made smaller.
settings.register_profile(
    "mutants",
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TESTS = Path(__file__).parent
SLOW_FOLDERS = ("faults", "cli", "pages", "senders", "deploy", "live")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, a file of each in turn: at the end no process waits for another's long file.

    In turn, because some of these files wait most of the time and others keep the processor busy.
    """
    places: dict[Path, tuple[int, int]] = {}
    files: Counter[str] = Counter()
    for path in dict.fromkeys(item.path for item in items):
        folder = path.relative_to(TESTS).parts[0]
        if folder in SLOW_FOLDERS:
            places[path] = (files[folder], SLOW_FOLDERS.index(folder))
            files[folder] += 1
    last = (len(items), 0)
    items.sort(key=lambda item: places.get(item.path, last))
