"""The delta's questions: whose value counts; both values shown for the moment and never kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.panels_run import CONFIG, PanelRun
from workbench import panels
from workbench.panels.changes_panel import ChangesPanel
from workbench.state import Conflict, Question, Store

OURS, THEIRS = "Kortenaerkade 12", "Scheepmakersdijk 7"
STREET = "conflict:patient_7.street"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run in which somebody changed a street in Odoo, and visits were deleted."""
    store = Store(tmp_path / "state.sqlite")
    store.conflicts.keep([Conflict("patient_7", "street", "a", "b", OURS, THEIRS)])
    store.decisions.ask(
        [
            Question(STREET, "delta", "Whose value counts?", ("keep Odoo's value", "write ours"),
                     {"n": 1}, proposal="keep Odoo's value", reasons=("edited",)),
            Question("deleted:appointments", "delta", "What of 3 deleted visits?",
                     ("keep", "archive"), {"n": 1}, proposal="keep"),
        ]
    )  # fmt: skip
    yield PanelRun(store)
    store.close()


def panel_of(run: PanelRun) -> ChangesPanel:
    """Build the panel, with a name in it."""
    panel = panels.changes(run)
    assert isinstance(panel, ChangesPanel)
    panel.person.value = "Ada Example"
    return panel


def messages(panel: ChangesPanel, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Catch what goes to the browser as a message of the moment."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(panel.table, "send", lambda content, **_: sent.append(content))
    return sent


def state(panel: ChangesPanel) -> str:
    """Give all that JupyterLab could save of a panel."""
    return json.dumps(panel.get_manager_state(drop_defaults=False), default=str)


def shown(run: PanelRun) -> list[tuple[str, str]]:
    """Give what the ledger keeps of values that were shown: subject and who looked."""
    return [(one.subject, one.actor) for one in run.store.ledger.entries()
            if one.event == "values shown"]  # fmt: skip


def test_both_values_are_shown_when_somebody_asks_and_never_kept(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who decides whose value counts has to see both; the notebook that is saved holds neither."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.real.value = True

    assert sent == [{"kind": "reveal", "drawn": panel.table.drawn,
                     "values": {STREET: (None, OURS, THEIRS)}}]  # fmt: skip
    assert OURS not in state(panel)
    assert THEIRS not in state(panel)
    assert shown(run) == [(STREET, "Ada Example")]


def test_values_stay_shown_when_the_table_is_drawn_anew_and_go_when_hidden(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirming a line does not mask the others; a page that is loaded anew begins masked."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.real.value = True
    panel.table.told({"kind": "decide", "subject": "deleted:appointments", "choice": "keep"})
    assert [bool(one["values"]) for one in sent if one["kind"] == "reveal"] == [True, True]
    assert THEIRS not in state(panel)

    panel.table.told({"kind": "ready"})
    assert not panel.real.value
    assert sent[-1]["values"] == {}
    sent.clear()
    panel.refresh()
    assert [one for one in sent if one["kind"] == "reveal"] == []
    assert len(shown(run)) == 1


def test_the_configuration_may_show_values_from_the_beginning(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clinic that said so sees values at once; what could be saved is masked all the same."""
    migration = CONFIG.migration.model_copy(update={"show_patient_data": True})
    run.config = CONFIG.model_copy(update={"migration": migration})
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.table.told({"kind": "ready"})

    assert sent[-1]["values"] == {STREET: (None, OURS, THEIRS)}
    assert THEIRS not in state(panel)


def test_without_a_person_the_questions_are_a_table_of_masks(run: PanelRun) -> None:
    """Run by papermill, what is asked stands there with counts and masks."""
    run.headless = True
    text = repr(panels.changes(run))

    assert "Changes: 2 open" in text
    assert "patient_7.street" in text
    assert OURS not in text
    assert THEIRS not in text
