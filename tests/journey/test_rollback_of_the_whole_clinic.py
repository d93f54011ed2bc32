"""P3 on a whole clinic, by the one command: Odoo is as it was, and it can be done again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.journey.support import MODULE, Journey, Said, journey
from tests.support.content import Content, content, unlike
from tests.support.snapshot import (
    STAMPS,
    UPDATED,
    Rows,
    Snapshot,
    differences,
    rows,
    snapshot,
    touched,
)
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-rollback")]

Tables = dict[str, Rows]


@dataclass
class There:
    """Odoo before, loaded, refused, rolled back and loaded again."""

    journey: Journey
    before: Snapshot
    tables: Tables
    loaded: Snapshot = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    once: Content = field(default_factory=dict)
    twice: Content = field(default_factory=dict)
    refused: Said | None = None
    untouched: Snapshot = field(default_factory=dict)
    back: Said | None = None
    after: Snapshot = field(default_factory=dict)
    tables_after: Tables = field(default_factory=dict)
    again: Said | None = None
    phases_after: dict[str, str] = field(default_factory=dict)
    verified: Said | None = None


@pytest.fixture(scope="module")
def there(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    """40 patients there and back, and there again."""
    with journey(tmp_path_factory.mktemp("rollback"), patients=40, here=True) as made:
        dsn = made.odoo.dsn
        found = There(made, snapshot(dsn), {name: rows(dsn, name) for name in UPDATED})
        made.travel("--until", "migrate")
        found.loaded, found.first, found.once = snapshot(dsn), _models(made), content(dsn)
        found.refused = made.workbench("rollback", str(made.folder))
        found.untouched = snapshot(dsn)
        found.back = made.workbench("rollback", str(made.folder), "--yes")
        found.after = snapshot(dsn)
        found.tables_after = {name: rows(dsn, name) for name in UPDATED}
        found.again = made.workbench("rollback", str(made.folder), "--yes")
        found.phases_after = made.status()["phases"]
        made.travel("--until", "migrate")
        found.twice = content(dsn)
        found.verified = made.workbench("verify", str(made.folder))
        yield found


def _models(made: Journey) -> dict[str, str]:
    """Give our external ids with the model each leads to."""
    domain = [["module", "=", MODULE], ["model", "not like", "ir.model"]]
    return {row["name"]: row["model"]
            for row in made.rows("ir.model.data", domain, "name", "model")}  # fmt: skip


def test_without_yes_nothing_is_taken_out(there: There) -> None:
    """The plan is shown, exit code 2 says what is missing, and Odoo is not touched."""
    assert there.refused is not None
    assert there.refused.code == 2
    assert "--yes" in there.refused.err
    assert "Will be taken out" in there.refused.out
    assert differences(there.loaded, there.untouched) == set()


def test_after_the_rollback_every_table_is_as_it_was(there: There) -> None:
    """Every row of every table, all columns; but for when users were last written."""
    assert there.back is not None
    assert there.back.code == 0, there.back.err
    assert len(differences(there.before, there.loaded)) > 10
    assert differences(there.before, there.after) <= UPDATED
    for name in UPDATED:
        assert touched(there.tables[name], there.tables_after[name]) <= STAMPS


def test_a_second_rollback_finds_nothing_to_do(there: There) -> None:
    """Who asks twice is told that Odoo is as it was."""
    assert there.again is not None
    assert there.again.code == 0, there.again.err
    assert "is as it was before" in there.again.out


def test_the_phases_that_were_taken_out_are_to_be_done_again(there: There) -> None:
    """What was read and decided is kept; what was made in Odoo is pending."""
    kept = {"connect", "audit", "map", "extract"}
    undone = {"prepare", "sample", "migrate", "delta", "reconcile"}

    assert {there.phases_after[name] for name in kept} == {"done"}
    assert {there.phases_after[name] for name in undone} == {"pending"}
    assert there.phases_after["rollback"] == "done"


def test_a_second_migration_makes_the_same_again(there: There) -> None:
    """Load, rollback, load equals one load: every row of every table, and the sums close."""
    status = there.journey.status()

    assert _models(there.journey) == there.first
    assert unlike(there.once, there.twice) == {}
    assert {one["unresolved"] for one in status["resources"].values()} == {0}
    assert status["phases"]["migrate"] == "done"
    assert status["phases"]["rollback"] == "pending"
    assert there.verified is not None
    assert there.verified.code == 0, there.verified.out
