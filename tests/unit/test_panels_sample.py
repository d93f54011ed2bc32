"""The sample's panel: every field in numbers, a record side by side, and the approval."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.panels_run import CONFIG, PanelRun
from tests.support.sample_run import CANARY, MARKUP, fill_sample, question
from workbench import panels
from workbench.panels import SamplePanel
from workbench.panels.sample_desk import SIGNS, Only
from workbench.proof import Match, Rule
from workbench.proof.in_words import explained
from workbench.show import Stack
from workbench.state import Question, Store


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run with three patients compared: one cell tolerated, two different."""
    store = Store(tmp_path / "state.sqlite")
    fill_sample(store)
    yield PanelRun(store)
    store.close()


def panel_of(run: PanelRun, *, by: str = "Ada Example") -> SamplePanel:
    """Build the panel, with a name in it."""
    panel = panels.sample(run)
    assert isinstance(panel, SamplePanel)
    panel.person.value = by
    return panel


def messages(panel: SamplePanel, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Catch what goes to the browser as a message of the moment."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(panel.view, "send", lambda content, **_: sent.append(content))
    return sent


def state(panel: SamplePanel) -> str:
    """Give all that JupyterLab could save of a panel."""
    return json.dumps(panel.get_manager_state(drop_defaults=False), default=str)


def cells(panel: SamplePanel) -> dict[str, dict[str, str]]:
    """Give the cells that are drawn, by field."""
    return {cell["field"]: cell for cell in panel.view.record["cells"]}


def records(panel: SamplePanel) -> list[str]:
    """Walk all that is listed, and name each record."""
    found = []
    panel._at = 0
    panel._draw_record()
    while panel.view.record:
        if "record" not in panel.view.record:
            return []
        found.append(panel.view.record["record"])
        if panel.view.record["last"]:
            break
        panel.view.told({"kind": "go", "by": 1})
    return found


def approve(panel: SamplePanel, choice: str = "approve", comment: str = "") -> None:
    """Choose and press the button."""
    panel.row.choice.value = choice
    panel.row.comment.value = comment
    panel.row.confirm.click()


# looking


def test_every_field_is_summed_up_and_those_that_differ_come_first(run: PanelRun) -> None:
    """One line a field: how often equal, tolerated, different, and by which rule."""
    panel = panel_of(run)
    sums = [(one["name"], one["equal"], one["tolerated"], one["different"], one["rules"])
            for one in panel.overview.fields]  # fmt: skip

    assert sums == [
        ("crm.lead.stage_id", 2, 0, 1, "absent"),
        ("res.partner.x_blood_type", 0, 0, 1, ""),
        ("res.partner.comment", 2, 1, 0, "html_equivalent"),
        ("res.partner.name", 3, 0, 0, ""),
        ("res.partner.ref", 3, 0, 0, ""),
    ]
    assert panel.overview.sums == (
        "13 cells of 6 records compared: 10 equal, 1 tolerated, 2 different."
    )


def test_a_record_stands_side_by_side_with_its_transform_and_verdict(run: PanelRun) -> None:
    """Source, transform, expected and Odoo, masked, so that equal ones look equal."""
    found = cells(panel_of(run))
    name, blood = found["name"], found["x_blood_type"]

    assert list(found) == ["x_blood_type", "comment", "name", "ref"]
    assert (name["transform"], name["kind"], name["sign"]) == ("full_name", "equal", "=")
    assert name["origin"] == "patients.first_name, patients.last_name"
    assert name["source"] == name["expected"] == name["actual"]
    assert (blood["kind"], blood["sign"]) == ("different", "≠")
    assert blood["expected"] != blood["actual"]
    assert "no tolerance covers it" in blood["why"]


def test_a_tolerated_cell_says_in_plain_words_why(run: PanelRun) -> None:
    """The rule's name stands for the report, the sentence for the person."""
    panel = panel_of(run)
    panel.patient.value = 2
    note = cells(panel)["comment"]

    assert (note["kind"], note["rule"]) == ("tolerated", "html_equivalent")
    assert note["why"] == explained("html_equivalent")


def test_every_rule_and_every_verdict_has_words_and_a_sign() -> None:
    """Whoever adds a tolerance has to say what it means."""
    assert all(explained(rule) for rule in Rule)
    assert explained("", verdict=Match.EQUAL) != explained("", verdict=Match.DIFFERENT)
    assert set(SIGNS) == set(Match)
    assert len(set(SIGNS.values())) == len(Match)


def test_a_record_that_odoo_lacks_is_said_in_our_own_words(run: PanelRun) -> None:
    """An absent visit has no values to mask: it says which record is missing."""
    panel = panel_of(run)
    panel.patient.value = 4
    panel.record.value = 5
    found = cells(panel)["the whole record"]

    assert (found["source"], found["expected"]) == ("appointments/103", "a record")
    assert found["why"] == explained(Rule.ABSENT)


@pytest.mark.parametrize(
    ("only", "listed"),
    [
        (Only.ALL, ["patient_1", "appointment_101", "patient_2", "appointment_102", "patient_3",
                    "appointment_103"]),
        (Only.UNEQUAL, ["patient_1", "patient_2", "appointment_103"]),
        (Only.DIFFERENT, ["patient_1", "appointment_103"]),
    ],
    ids=lambda one: one.name if isinstance(one, Only) else "",
)  # fmt: skip
def test_cells_that_are_as_expected_can_be_left_out(
    run: PanelRun, only: Only, listed: list[str]
) -> None:
    """With only differences on, no record and no cell that is equal is in the way."""
    panel = panel_of(run)
    panel.only.value = only

    assert records(panel) == listed
    assert {cell["kind"] for cell in panel.view.record["cells"]} <= {
        match.value for match in Match if only.takes(match)
    }


def test_a_field_leads_to_the_records_in_which_it_differs(run: PanelRun) -> None:
    """From the sums one press goes to the cells behind a number, an absent record too."""
    panel = panel_of(run)
    panel.overview.told({"kind": "look", "field": "res.partner.x_blood_type"})
    assert records(panel) == ["patient_1"]
    assert list(cells(panel)) == ["x_blood_type"]
    assert panel.status.message == "1 record listed: only differences."

    panel.overview.told({"kind": "look", "field": "res.partner.comment"})
    assert (records(panel), panel.only.value) == (["patient_2"], Only.UNEQUAL)
    panel.overview.told({"kind": "look", "field": "crm.lead.stage_id"})
    assert records(panel) == ["appointment_103"]
    panel.overview.told({"kind": "look", "field": "of.nothing"})
    assert records(panel) == ["appointment_103"]


def test_a_filter_that_leaves_nothing_says_so(run: PanelRun) -> None:
    """No record with such a cell is a sentence, not the record before."""
    panel = panel_of(run)
    panel.only.value = Only.DIFFERENT
    panel.field.value = "res.partner.name"

    assert records(panel) == []
    assert panel.patient.options == (("–", -1),)


def test_a_patient_is_chosen_and_the_next_record_may_be_the_next_patients(run: PanelRun) -> None:
    """Lists and buttons show the same place."""
    panel = panel_of(run)
    assert [label for label, _ in panel.patient.options] == [
        "patient 1: 2 records, 1 different, 0 tolerated",
        "patient 2: 2 records, 0 different, 1 tolerated",
        "patient 3: 2 records, 1 different, 0 tolerated",
    ]
    panel.patient.value = 2
    assert panel.view.record["place"] == "Record 3 of 6: patient_2"
    panel.view.told({"kind": "go", "by": -1})

    assert panel.view.record["place"] == "Record 2 of 6: appointment_101"
    assert (panel.patient.value, panel.record.value) == (0, 1)
    panel.view.told({"kind": "go", "by": -1})
    panel.view.told({"kind": "go", "by": -1})
    assert panel.view.record["first"]


def test_two_hundred_patients_send_one_record_to_the_browser(run: PanelRun) -> None:
    """However large the sample, what is drawn is one record, the sums and the lists' labels."""
    fill_sample(run.store, patients=200)
    panel = panel_of(run)

    assert len(panel.view.record["cells"]) == 4
    assert len(panel.record.options) == 2
    assert len(panel.patient.options) == 200
    assert len(json.dumps(panel.view.record)) < 5_000


def test_before_the_comparison_it_says_what_to_do(tmp_path: Path) -> None:
    """An empty sample is a sentence."""
    store = Store(tmp_path / "other.sqlite")
    panel = panel_of(PanelRun(store))
    store.close()

    assert "has not been compared yet" in panel.overview.sums
    assert panel.view.record.get("record") is None


# values


def test_real_values_are_sent_for_the_moment_and_never_kept(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that could be saved holds a value, and the ledger keeps which record was shown."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.view.told({"kind": "show", "real": True})

    assert CANARY in json.dumps(sent)
    assert sent[-1]["stamp"] == panel.view.record["stamp"]
    assert sent[-1]["values"][0] == ("0 pos", "0+", f"of {CANARY}")
    assert CANARY not in state(panel)
    assert CANARY not in repr(panel) + repr(panel.view) + repr(panel.overview)
    shown = [one for one in run.store.ledger.entries() if one.event == "values shown"]
    assert [(one.subject, one.actor) for one in shown] == [("patient_1", "Ada Example")]


def test_each_record_that_is_shown_has_its_row_in_the_ledger(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown stays shown from record to record; hidden, or on a new page, it is masked again."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.view.told({"kind": "show", "real": True})
    panel.view.told({"kind": "go", "by": 1})
    shown = [one.subject for one in run.store.ledger.entries() if one.event == "values shown"]
    assert shown == ["patient_1", "appointment_101"]
    panel.view.told({"kind": "go", "by": 1})
    assert CANARY not in state(panel)

    for quiet in ({"kind": "show", "real": False}, {"kind": "ready"}):
        panel.view.told({"kind": "show", "real": True})
        sent.clear()
        panel.view.told(quiet)
        panel.view.told({"kind": "go", "by": 1})
        assert [one for one in sent if one["kind"] == "reveal"] == []


def test_the_configuration_may_show_values_from_the_beginning(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clinic that said so sees values at once; what could be saved is masked all the same."""
    migration = CONFIG.migration.model_copy(update={"show_patient_data": True})
    run.config = CONFIG.model_copy(update={"migration": migration})
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.view.told({"kind": "ready"})

    assert CANARY in json.dumps(sent)
    assert CANARY not in state(panel)


# saying


def test_an_approval_is_recorded_with_name_and_comment(run: PanelRun) -> None:
    """Who approved, and what they wrote, stand in the run; the panel says so."""
    panel = panel_of(run)
    approve(panel, comment="looked at twelve of them")

    decision = run.store.decisions.get("sample")
    assert decision is not None
    assert (decision.choice, decision.decided_by) == ("approve", "Ada Example")
    assert decision.comment == "looked at twelve of them"
    assert panel.status.message == "Recorded: sample."


@pytest.mark.parametrize("name", ["", "   ", "\u200b"], ids=["empty", "blanks", "unseen sign"])
def test_nobody_approves_under_an_empty_name(run: PanelRun, name: str) -> None:
    """It is refused in words, and nothing is recorded."""
    panel = panel_of(run, by=name)
    approve(panel)

    assert run.store.decisions.choice("sample") is None
    assert panel.status.trouble
    assert "Nobody is named as deciding. Write your name" in panel.status.message


def test_a_sample_that_was_loaded_anew_is_looked_at_again_before_it_is_approved(
    run: PanelRun,
) -> None:
    """An approval is of what was on the screen, not of what came after."""
    panel = panel_of(run)
    asked = question()
    run.store.decisions.ask(
        [Question(asked.subject, asked.phase, asked.question, asked.options, {"set": 2})]
    )
    approve(panel)

    assert run.store.decisions.choice("sample") is None
    assert "has changed since it was shown" in panel.status.message


def test_differences_without_a_tolerance_are_said_beside_the_approval(run: PanelRun) -> None:
    """A person may approve them; nobody overlooks them."""
    assert "2 cells not as expected" in panel_of(run).advice.value
    run.store.proof.set_comparison("sample", verdicts=[], differences=[])

    assert panel_of(run).advice.value == ""


def test_a_panel_built_again_shows_what_was_decided(run: PanelRun) -> None:
    """Kernel death loses nothing."""
    approve(panel_of(run), "reject", "the notes are cut")
    again = panel_of(run)

    assert again.row.choice.value == "reject"
    assert again.view.record["record"] == "patient_1"
    assert repr(again) == "Sample: 0 open, 1 decided, 1 in all"


def test_text_of_the_source_is_no_html(run: PanelRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values go as texts into a view that sets them as text; no widget of HTML holds one."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.patient.value = 2
    panel.view.told({"kind": "show", "real": True})

    assert MARKUP in json.dumps(sent)
    assert MARKUP not in state(panel)


def test_without_a_person_there_are_counts_and_no_values(run: PanelRun) -> None:
    """Run by papermill the cell shows the sums and where the question stands."""
    run.headless = True
    shown = panels.sample(run)
    text = repr(shown) + (shown._repr_html_() if isinstance(shown, Stack) else "")

    assert "13 cells of 6 records compared: 10 equal, 1 tolerated, 2 different." in text
    assert "Sample: 1 open, 0 decided, 1 in all" in text
    assert "html_equivalent" in text
    assert CANARY not in text
