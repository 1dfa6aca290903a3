"""One Chromium for all tests of the browser; without one they are skipped, with the reason."""

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.chromium import ONLY_LOOPBACK, QUIET, found


@pytest.fixture(scope="session")
def chromium():
    if found() is None:
        pytest.skip("nothing was tested in a browser: no Chromium on PATH (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=[*QUIET, ONLY_LOOPBACK])
        yield browser
        browser.close()
