"""The panel over the schema's plan: read, narrowed down, and agreed to by a person with a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.panels_run import PanelRun
from workbench import panels
from workbench.panels import SchemaPanel
from workbench.state import Question, Store

LINES = [
    ("group", "res.groups", "PracticeHub clinical", "make", "Its members alone read it."),
    ("field", "res.partner", "x_<b>allergies", "make", ""),
    ("field", "res.partner", "x_shoe_size", "conflict", "Odoo has one of type integer."),
    ("stage", "crm.stage", "New", "exists", ""),
]
NAMES = ("kind", "model", "name", "state", "why")
ASKED = "Make 2 fields in Odoo?"


def ask(store: Store, basis: object = 1) -> None:
    """Ask about a schema."""
    question = Question("schema", "prepare", ASKED, ("apply", "by hand"), basis, "apply",
                        ("fields: 2 of res.partner",))  # fmt: skip
    store.decisions.ask([question])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A run's state with the question in it."""
    store = Store(tmp_path / "state.sqlite")
    items = [dict(zip(NAMES, line, strict=True)) for line in LINES]
    store.journey.set_document("schema_plan", {"module": "module", "items": items})
    ask(store)
    yield store
    store.close()


@pytest.fixture
def panel(store: Store) -> SchemaPanel:
    """The panel with a person before it."""
    shown = panels.schema(PanelRun(store))
    assert isinstance(shown, SchemaPanel)
    return shown


@pytest.mark.parametrize(("button", "choice"), [("apply", "apply"), ("by_hand", "by hand")])
def test_a_click_records_who_makes_the_schema(
    store: Store, panel: SchemaPanel, button: str, choice: str
) -> None:
    """Name, choice and the hash of what was on the screen; built anew it looks the same."""
    panel.person.value = "Ada Example"
    getattr(panel, button).click()
    decision = store.decisions.get("schema")
    again = panels.schema(PanelRun(store))

    assert decision is not None
    assert (decision.choice, decision.decided_by) == (choice, "Ada Example")
    assert decision.basis in panel.standing.value
    assert panel.status.message == f"Recorded: {choice}. Run the next cell."
    assert isinstance(again, SchemaPanel)
    assert again.standing.value == panel.standing.value
    assert f"&#x27;{choice}&#x27; by Ada Example" in again.standing.value


def test_nobody_agrees_without_a_name(store: Store, panel: SchemaPanel) -> None:
    """Nothing is recorded, and the status line says what is missing."""
    panel.apply.click()
    decision = store.decisions.get("schema")

    assert decision is not None
    assert decision.is_open
    assert panel.status.trouble
    assert "Write your name" in panel.status.message


def test_what_changed_since_it_was_shown_is_not_agreed_to(store: Store, panel: SchemaPanel) -> None:
    """Another map asks for another schema: the person looks again first."""
    panel.person.value = "Ada Example"
    ask(store, basis=2)
    panel.apply.click()
    decision = store.decisions.get("schema")

    assert decision is not None
    assert decision.is_open
    assert "has changed since it was shown" in panel.status.message


def test_the_plan_is_narrowed_by_kind_and_by_where_it_stands(panel: SchemaPanel) -> None:
    """What is in the way comes first; the counts are of what is listed."""
    whole = panel.table.value
    panel.kind.value = "field"
    fields = panel.table.value
    panel.state.value = "conflict"

    assert "2 to make, 1 there already, 1 in the way, 4 in all" in whole
    assert whole.index("x_shoe_size") < whole.index("PracticeHub clinical") < whole.index("New")
    assert "1 to make, 0 there already, 1 in the way, 2 in all" in fields
    assert "PracticeHub clinical" not in fields
    assert "x_&lt;b&gt;allergies" in fields
    assert "allergies" not in panel.table.value
    assert "Odoo has one of type integer." in panel.table.value


def test_before_the_plan_there_is_nothing_to_click(tmp_path: Path) -> None:
    """A run that was never asked says so."""
    with_nothing = Store(tmp_path / "other.sqlite")
    panel = panels.schema(PanelRun(with_nothing))

    assert isinstance(panel, SchemaPanel)
    assert panel.apply.disabled
    assert panel.by_hand.disabled
    assert "run the plan step first" in panel.standing.value
    with_nothing.close()


def test_where_nobody_can_click_the_whole_plan_is_a_table(store: Store) -> None:
    """Every line, and where the question stands."""
    shown = repr(panels.schema(PanelRun(store, headless=True)))

    assert "2 to make, 1 there already, 1 in the way, 4 in all" in shown
    assert all(line[2] in shown for line in LINES)
    assert "Schema: 1 open, 0 decided, 1 in all" in shown
    assert ASKED in shown


def test_a_saved_notebook_keeps_no_name(store: Store, panel: SchemaPanel) -> None:
    """The widget's repr holds counts alone."""
    panel.person.value = "Ada Example"
    panel.apply.click()

    assert repr(panel) == "Schema: 0 open, 1 decided, 1 in all"
