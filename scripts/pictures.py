"""`make pictures`: takes the screenshots of the README from a running dashboard after `make demo`."""

import json
import os
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.support.chromium import find_chromium
from tests.support.servers import REPOSITORY

IMAGES = REPOSITORY / "docs" / "images"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Take screenshots of the overview and of a failed deployment, light and dark."""
    url = f"http://127.0.0.1:{os.environ.get('DASHBOARD_PORT') or '8000'}"
    with urllib.request.urlopen(f"{url}/api/deployments?state=failed&limit=1") as answer:  # noqa: S310
        failed = json.load(answer)["items"]
    if not failed:
        sys.exit("no failed deployment here: play `make demo` first")
    pages = {"overview": f"{url}/", "deployment": f"{url}/deployments/{failed[0]['id']}"}
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 1280, "height": 800}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
            )
            for name, address in pages.items():
                take_picture(page, address, IMAGES / f"{name}-{scheme}.png")
        browser.close()


def take_picture(page: Page, address: str, path: Path) -> None:
    """Take a screenshot of the page once it receives live updates."""
    page.goto(address)
    page.wait_for_selector("#connection[data-connection=live]")
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
