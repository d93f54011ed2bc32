"""Lines that tests want told at the end of a run, wherever they ran."""

from __future__ import annotations

from typing import Any

import pytest

PROPERTY = "told at the end"


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> list[str]:
    """Take lines that are shown when all tests have ended, for tests that count something."""
    lines: list[str] = []
    request.node.user_properties.append((PROPERTY, lines))
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the lines."""
    told: list[Any] = [
        lines
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, lines in report.user_properties
        if name == PROPERTY
    ]
    if told:
        terminalreporter.section("told by the tests")
        for line in (line for lines in told for line in lines):
            terminalreporter.write_line(line)
