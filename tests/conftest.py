"""The summary's last word on the exercise checks: how many mutants they rejected, how many variants they accepted."""

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
