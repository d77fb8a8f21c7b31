"""Reads a page in Chromium for comparison, without the texts that change with the clock."""

import difflib
import json
import shutil
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, WebSocketRoute

DEADLINE_S = 20
READS_PER_LOAD, READ_EVERY_MS = 6, 50
VIEWPORTS = [(1280, "light", "en-GB"), (1280, "dark", "zh-CN"), (390, "dark", "en-GB"), (390, "light", "zh-CN")]
"""Widths, themes and languages in which a page is looked at: each beside each of the others once."""

READ_MAIN = """() => {
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/\\s+/g, " ").trim();
    const attributes = [...node.attributes].filter(({ name }) => name !== "open");
    const lines = attributes.map(({ name, value }) => `${name}=${value}`).sort();
    const ticking = node.hasAttribute("data-tick") && !node.hidden;
    const children = ticking ? ["…"] : [...node.childNodes].map(read).filter((child) => child !== "");
    return [node.localName, lines, children];
  };
  return JSON.stringify([document.title, read(document.getElementById("main"))]);
}"""


def find_chromium() -> str:
    """Return the path of Chromium, if possible of the one without windows: it opens a page in a third of the time."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert found, "Chromium is not installed: scripts/install-test-tools.sh installs it"
    return found


def read_main(page: Page) -> str:
    """Return title and content of a page as JSON; ticking texts, blanks and opened logs are left out."""
    content: str = page.evaluate(READ_MAIN)
    return content


def expect_accessible(page: Page) -> None:
    """Fail with what axe finds on a page."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"


def block_socket(page: Page) -> None:
    """Block every socket of this page."""
    page.route_web_socket("**/socket.io/**", _refuse)


def _refuse(route: WebSocketRoute) -> None:
    route.close()


def wait_connection(page: Page, connection: str) -> None:
    """Wait until the indicator is in this state."""
    page.locator(f"#connection[data-connection={connection}]").wait_for()


def expect_fresh(page: Page, fresh: Page) -> None:
    """Wait until the page shows what `fresh` shows when it loads the same address; fail with the difference."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        fresh.goto(page.url)
        wanted = read_main(fresh)
        # Usually the page only has to catch up, and loading the address again costs more than reading it again.
        for _ in range(READS_PER_LOAD):
            shown = read_main(page)
            if shown == wanted:
                return
            page.wait_for_timeout(READ_EVERY_MS)
        assert time.monotonic() < deadline, "\n".join(_compare(shown, wanted))


def _compare(shown: str, wanted: str) -> list[str]:
    old, new = (json.dumps(json.loads(text), indent=1, ensure_ascii=False).splitlines() for text in (shown, wanted))
    return list(difflib.unified_diff(old, new, "the page", "the page loaded afresh", n=12, lineterm=""))
