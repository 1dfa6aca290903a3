"""One Chromium for all tests; and in the summary, how many wrong answers the checks rejected and right ones accepted."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import ONLY_LOOPBACK, PATIENCE, QUIET, found

CASES = {
    "mutants": ("rejected", "::test_wrong_answers_get_the_message_meant_for_them["),
    "variants": ("accepted", "::test_right_answers_are_accepted_in_any_style["),
}


def pytest_terminal_summary(terminalreporter):
    line = exercises(terminalreporter.stats)
    if line:
        terminalreporter.write_line(line)


def exercises(stats):
    """"mutants: N of N rejected, variants: M of M accepted" from pytest's reports, or "" where none ran."""
    parts = []
    for what, (verdict, test) in CASES.items():
        good, bad = (
            sum(test in report.nodeid for one in kinds for report in stats.get(one, []))
            for kinds in (("passed",), ("failed", "error"))
        )
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
