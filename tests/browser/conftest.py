"""One JupyterLab for all tests of a module; the Chromium that opens it is in tests/conftest.py."""

import pytest

from tests.browser.run_lesson import copy_without_outputs, jupyterlab


@pytest.fixture(scope="module")
def jupyter(chromium, tmp_path_factory):
    """The folder that holds a copy of the lessons without their outputs, and the addresses JupyterLab gives them."""
    folder = tmp_path_factory.mktemp("lessons")
    copy_without_outputs(folder / "notebooks")
    with jupyterlab(folder, dark=False) as address:
        yield folder, address
