"""Pages for the tests of what runs by itself."""

from tests.live.conftest import open_page

__all__ = ["open_page"]
