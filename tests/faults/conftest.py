"""What the tests of faults share: an empty state file, and an Odoo that fails at an exact byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fake_odoo
from tests.support.fake_odoo import FakeOdoo
from workbench.state import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty state file."""
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


@pytest.fixture
def fake() -> Iterator[FakeOdoo]:
    """A fake Odoo on loopback."""
    with fake_odoo.serving() as fake:
        yield fake
