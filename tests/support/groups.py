"""Keeps the tests of one xdist group on one worker, which pytest-xdist 3.8 fails to do.

From pytest 9.2 on a test's name is kept elsewhere, and xdist still writes its group into the
old place (`item._nodeid`), where nobody reads it: the tests of a group were spread over all
workers, and each made the group's costly fixtures anew. Where xdist does it itself this does
nothing, and can go.
"""

from __future__ import annotations

import pytest
from _pytest.nodeid import NodeId


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write the group behind the test's name, where the scheduler looks for it."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        suffix = f"@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(suffix):
            item._id = NodeId.parse(f"{item.nodeid}{suffix}")
