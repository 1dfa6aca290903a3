"""One Chromium for all tests of the browser; without one they are skipped, with the reason."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import ONLY_LOOPBACK, PATIENCE, QUIET, found
from tests.browser.run_lesson import copy_without_outputs, jupyterlab

expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="session")
def chromium():
    if found() is None:
        pytest.skip("nothing was tested in a browser: no Chromium on PATH (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found(), args=[*QUIET, ONLY_LOOPBACK], timeout=1000 * PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def jupyter(chromium, tmp_path_factory):
    """The folder that holds a copy of the lessons without their outputs, and the addresses JupyterLab gives them."""
    folder = tmp_path_factory.mktemp("lessons")
    copy_without_outputs(folder / "notebooks")
    with jupyterlab(folder, dark=False) as address:
        yield folder, address
