"""One Chromium for all tests of the browser; without one they are skipped, with the reason."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.run_lesson import BROWSERS, QUIET

# No name has an address, so that whatever needs a network fails here and not on a train.
ONLY_LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("the live widgets were not tested: no Chromium on PATH (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, ONLY_LOOPBACK])
        yield browser
        browser.close()
