"""Fixtures of the whole suite."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["tests.support.groups", "tests.support.odoo", "tests.support.telling"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the promise that every test says in a sentence what it promises."""
    silent = [
        item.nodeid
        for item in items
        if isinstance(item, pytest.Function) and not (item.function.__doc__ or "").strip()
    ]
    if silent:
        what = "tests without a docstring: " + ", ".join(silent)
        raise pytest.UsageError(what)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure: it would hide a missing part."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
