"""One Chromium for all tests; and in the summary, how many wrong answers the checks rejected and right ones accepted."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import ONLY_LOOPBACK, PATIENCE, QUIET, found

# What is counted, and the name of the tests that try them: one answer each, or as many as their property `answers` says.
CASES = {
    "wrong answers": ("rejected", "::test_wrong_answers"),
    "right ones": ("accepted", "::test_right_answers"),
}


def pytest_terminal_summary(terminalreporter):
    line = exercises(terminalreporter.stats)
    if line:
        terminalreporter.write_line(line)


def exercises(stats):
    """ "wrong answers: N of N rejected, right ones: M of M accepted" from pytest's reports, or "" where none ran."""
    parts = []
    for what, (verdict, test) in CASES.items():
        good, bad = (
            sum(dict(report.user_properties).get("answers", 1)
                for one in kinds for report in stats.get(one, []) if test in report.nodeid)
            for kinds in (("passed",), ("failed", "error"))
        )  # fmt: skip
        if good + bad:
            parts.append(f"{what}: {good} of {good + bad} {verdict}")
    return ", ".join(parts)


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests of a process; without one they are skipped, with the reason."""
    if found() is None:
        pytest.skip("nothing was tested in a browser: no Chromium on PATH (on Debian: apt install chromium)")
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found(), args=[*QUIET, ONLY_LOOPBACK], timeout=1000 * PATIENCE
        )
        yield browser
        browser.close()
