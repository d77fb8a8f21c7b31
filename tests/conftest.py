"""Names the plugins with the fixtures that all tests share; each folder's own are in its conftest."""

import pytest

pytest.register_assert_rewrite("tests.support")

pytest_plugins = ["tests.support.fixtures", "tests.support.chromium_fixtures"]
