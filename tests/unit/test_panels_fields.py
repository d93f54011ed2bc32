"""The panel of fields: what it lists and previews, and that what is decided is what it showed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from tests.support.decided_map import ODOO_FIELDS as CLINIC_ODOO
from tests.support.decided_map import Vocabulary, World, world
from tests.support.fields_run import (
    CANARY,
    DAYS,
    EITHER,
    MARKUP,
    NUMBERS,
    ODOO_FIELDS,
    OPTIONS,
    SQL,
    UNREADABLE,
    WORDS,
    ask,
    fields_run,
    patients,
)
from tests.support.small_run import store_page
from workbench import panels
from workbench.mapping import AppointmentsTo, decided
from workbench.mapping.transforms import TRANSFORMS
from workbench.panels import FieldFacts, FieldsPanel, Listing, Show
from workbench.panels.fields_desk import Sure
from workbench.panels.fields_facts import percent
from workbench.panels.fields_form import FieldForm
from workbench.panels.fields_preview import preview
from workbench.panels.fields_targets import targets_of, transforms_for
from workbench.phases import fields
from workbench.run import Run
from workbench.staging.times import Order
from workbench.state import Decision, Question


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Open a run with thirteen fields to decide on."""
    run = fields_run(tmp_path)
    yield run
    run.store.close()


def panel_of(run: Run) -> FieldsPanel:
    """Build the panel, with a person at it."""
    panel = panels.fields(run, lambda: fields.facts(run.map))
    assert isinstance(panel, FieldsPanel)
    panel.person.value = "Ada Example"
    return panel


def said(run: Run, field: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(f"field:{field}")
    assert decision is not None
    return decision


def show_real(panel: FieldsPanel, *, on: bool) -> list[dict[str, Any]]:
    """Tick the box as the browser does; gives the messages that answer."""
    sent: list[dict[str, Any]] = []
    panel.preview.send = sent.append
    panel.preview._handle_custom_msg({"do": "show", "on": on}, [])
    return sent


def saved_state(panel: FieldsPanel) -> str:
    """Give all that JupyterLab would save of the panel's widgets."""
    found: list[str] = []
    todo: list[ipywidgets.Widget] = [panel]
    while todo:
        widget = todo.pop()
        state = widget.get_state()
        todo += [
            one for one in getattr(widget, "children", ()) if isinstance(one, ipywidgets.Widget)
        ]
        found.append(repr({k: v for k, v in state.items() if k not in {"_esm", "_css"}}))
    return "\n".join(found)


# the list ----------------------------------------------------------------------------------


def test_the_least_certain_field_comes_first(run: Run) -> None:
    """A person begins where the machine knows least: with the field nothing is proposed for."""
    rows = panel_of(run).table.rows

    assert [row["field"] for row in rows[:2]] == [EITHER, DAYS]
    assert rows[0]["becomes"] == "nothing is proposed"
    assert rows[1] == {
        "field": DAYS, "filled": "100 %", "looks_like": "dates, day first (57 %)",
        "becomes": "res.partner.x_zwik", "sure": "50 %", "standing": "○ open",
    }  # fmt: skip


def test_the_list_can_be_narrowed(run: Run) -> None:
    """By standing, by how sure the proposal is, by resource, and by a word of the name."""
    panel = panel_of(run)

    def listed() -> list[str]:
        return [row["field"] for row in panel.table.rows]

    panel.sure.value = Sure.CERTAIN
    assert set(listed()) == {"patients.email", "patients.first_name", "patients.id",
                             "patients.last_name", "patients.phone", "rooms.id"}  # fmt: skip
    panel.sure.value = Sure.DOUBTFUL
    assert {EITHER, DAYS, "rooms.colour"} <= set(listed())
    panel.resource.value = "rooms"
    assert listed() == ["rooms.colour"]
    panel.sure.value, panel.resource.value = Sure.ANY, ""
    panel.text.value = "ZWEM"
    assert listed() == [NUMBERS]
    panel.confirm.click()
    panel.show.value = Show.DECIDED
    assert listed() == [NUMBERS]
    assert panel.table.rows[0]["standing"] == "✓ decided"


def test_a_list_without_a_field_says_so(run: Run) -> None:
    """Nothing found is a sentence, and there is nothing to confirm."""
    panel = panel_of(run)
    panel.text.value = "no such field"

    assert panel.table.caption == "No field is listed here."
    assert panel._detail.layout.display == "none"
    panel.text.value = ""
    assert panel._detail.layout.display is None


def test_progress_is_told_by_resource_in_words(run: Run) -> None:
    """A bar alone is nothing to a screen reader: the figures stand beside it."""
    panel = panel_of(run)
    panel.open_field("rooms.colour")
    panel.confirm.click()

    assert "All fields: 1 of 13 decided" in panel.progress.value
    assert "aria-label='rooms: 1 of 2 decided' value='1' max='2'" in panel.progress.value


def test_four_hundred_fields_are_paged(tmp_path: Path) -> None:
    """Fifteen lines are drawn at a time, whatever the account has."""
    rows = [{"id": n, **{f"own_{k}": f"word {n}" for k in range(400)}} for n in range(1, 9)]
    run = fields_run(tmp_path, rows=rows)
    panel = panel_of(run)

    assert len(panel.table.rows) == 15
    assert panel.place.value == "Page 1 of 27"
    panel.next.click()
    assert panel.place.value == "Page 2 of 27"
    panel.text.value = "own_399"
    assert [row["field"] for row in panel.table.rows] == ["patients.own_399"]
    run.store.close()


def test_names_of_the_source_are_text(run: Run) -> None:
    """A field called like HTML or SQL is shown as it is called, and can be decided on."""
    panel = panel_of(run)
    for name in (MARKUP, SQL):
        panel.open_field(f"patients.custom_fields.{name}")
        shown = panel.heading.value + panel.known.value + panel.echo.value
        assert "<script>" not in shown
        panel.confirm.click()
        assert not said(run, f"patients.custom_fields.{name}").is_open
    panel.bulk.listed.click()
    assert "<script>" not in panel.bulk.names.value


# one field ---------------------------------------------------------------------------------


def test_the_detail_says_what_is_known(run: Run) -> None:
    """Reasons, counts, formats and shapes stand there; a value of a patient does not."""
    panel = panel_of(run)
    panel.open_field(DAYS)

    for words in ("50% sure", "always a date", "100 %: 30 of 30 records", "dates, day first (17)",
                  "it holds dates in text", "99/99/9999", "○ open"):  # fmt: skip
        assert words in panel.known.value, words


def test_confirming_records_what_was_shown(run: Run) -> None:
    """The proposal stands in the controls; the button makes it a decision, then goes on."""
    panel = panel_of(run)
    panel.open_field(NUMBERS)
    assert "Would be recorded: res.partner.x_zwem_practicehub" in panel.echo.value
    panel.confirm.click()

    decision = said(run, NUMBERS)
    assert decision.choice == "res.partner.x_zwem_practicehub"
    assert decision.decided_by == "Ada Example"
    assert panel.status.message.startswith(f"Recorded: {NUMBERS}. 12 open, 1 decided")
    assert panel.confirm.description != f"Confirm {NUMBERS}"  # the next open field is shown


def test_a_field_can_be_kept(run: Run) -> None:
    """What nobody can place stays readable."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.fate.value = "keep"
    panel.confirm.click()

    assert said(run, WORDS).choice == "keep"


def test_a_field_is_dropped_only_with_a_reason(run: Run) -> None:
    """Without one nothing is recorded, and the sentence stands at the field before the click."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.fate.value = "drop"
    assert "needs a reason" in panel.echo.value
    panel.confirm.click()
    assert said(run, WORDS).is_open
    assert panel.status.trouble

    panel.form.comment.value = "the clinic never used it"
    panel.confirm.click()
    assert (said(run, WORDS).choice, said(run, WORDS).comment) == (
        "drop", "the clinic never used it",
    )  # fmt: skip


def test_another_target_and_transform_are_recorded_as_one_choice(run: Run) -> None:
    """What is read back from the choice is the row that stood in the controls."""
    panel = panel_of(run)
    panel.open_field(NUMBERS)
    panel.form.target.value = "res.partner.x_zwem"
    assert panel.form.transform.value == "float"
    wanted = panel.form.row()
    panel.confirm.click()

    proposed = fields.facts(run.map).proposed(NUMBERS)
    choice = said(run, NUMBERS).choice or ""
    assert (wanted.target, wanted.type) == ("res.partner.x_zwem", "float")
    assert decided(proposed, choice, ODOO_FIELDS, "", options=OPTIONS) == wanted


def test_a_new_custom_field_gets_name_type_label_and_group(run: Run) -> None:
    """All that a person says of a new field is in the choice."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.name.value = "x_pastime"
    panel.form.kind.value = "text"
    panel.form.label.value = "Pastime"
    panel.form.clinical.value = True
    panel.confirm.click()

    proposed = fields.facts(run.map).proposed(WORDS)
    row = decided(proposed, said(run, WORDS).choice or "", ODOO_FIELDS, "", options=OPTIONS)
    assert (row.target, row.type, row.transform) == ("res.partner.x_pastime", "text", "plain_text")
    assert (row.label, row.clinical) == ("Pastime", True)


def test_a_name_that_odoo_would_refuse_is_refused_here(run: Run) -> None:
    """The fault is told while it is typed, and nothing is recorded."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.name.value = "x_Große Wörter"

    assert "cannot be the name of a custom field" in panel.echo.value
    panel.confirm.click()
    assert said(run, WORDS).is_open
    assert "cannot be the name" in panel.status.message


def test_day_and_month_must_be_told_apart_by_a_person(run: Run) -> None:
    """Where the records do not tell, the panel asks, and records the answer."""
    panel = panel_of(run)
    panel.open_field(EITHER)
    assert "the day or the month?" in panel.echo.value
    panel.confirm.click()
    assert said(run, EITHER).is_open

    panel.form.order.value = Order.MONTH_FIRST
    assert panel.preview.rows
    panel.confirm.click()
    assert said(run, EITHER).choice == "res.partner.x_zwak, month first"


def test_dates_may_stay_as_they_were_typed(run: Run) -> None:
    """A new text field for dates is the choice "as text"."""
    panel = panel_of(run)
    panel.open_field(EITHER)
    panel.form.kind.value = "char"
    panel.confirm.click()

    assert said(run, EITHER).choice == "res.partner.x_zwak, as text"


def test_a_part_of_a_name_can_be_another_part(run: Run) -> None:
    """A first name that holds the middle name is said to be that."""
    panel = panel_of(run)
    panel.open_field("patients.first_name")
    panel.form.part.value = "middle"
    panel.confirm.click()

    proposed = fields.facts(run.map).proposed("patients.first_name")
    choice = said(run, "patients.first_name").choice or ""
    row = decided(proposed, choice, ODOO_FIELDS, "", options=OPTIONS)
    assert row == replace(proposed, part="middle")


def test_two_fields_to_one_target_are_warned_of(run: Run) -> None:
    """It can be decided, since the other may change; the map would refuse it as a whole."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.target.value = "res.partner.email"
    panel.form.transform.value = "text"

    assert "shares res.partner.email with another field" in panel.echo.value


def test_what_the_run_hangs_on_can_only_be_confirmed(run: Run) -> None:
    """The id of a record has one fate; its controls can be read and not changed."""
    panel = panel_of(run)
    for field, choice in (("patients.id", "res.partner.x_practicehub_id"), ("rooms.id", "archive")):
        panel.open_field(field)
        assert panel.form.fate.disabled
        assert panel.form.target.disabled
        panel.confirm.click()
        assert said(run, field).choice == choice


def test_nobody_is_asked_for_a_name_in_vain(run: Run) -> None:
    """Without a name nothing is recorded, and what was set stays set."""
    panel = panel_of(run)
    panel.person.value = " "
    panel.open_field(WORDS)
    panel.form.fate.value = "keep"
    panel.confirm.click()

    assert said(run, WORDS).is_open
    assert "Write your name" in panel.status.message
    assert panel.form.fate.value == "keep"


def test_a_decision_of_somebody_else_is_shown_and_not_overwritten(run: Run) -> None:
    """Two windows: the second sees what the first said, before it says anything."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    run.store.decisions.decide(f"field:{WORDS}", "keep", by="Bo Example")
    panel.confirm.click()

    assert "decided meanwhile: 'keep' by Bo Example" in panel.status.message
    assert said(run, WORDS).choice == "keep"
    assert panel.form.fate.value == "keep"
    assert "✓ decided" in panel.known.value


def test_a_question_that_changed_is_looked_at_again(run: Run) -> None:
    """More records told otherwise while the panel was open: the new proposal is shown first."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    more: list[dict[str, object]] = [
        {"id": n, "custom_fields": {"Zwop": "line\n" * 80}} for n in range(100, 130)
    ]
    store_page(run.folder, run.store, "patients", more, number=2)
    ask(run)
    panel.confirm.click()

    assert said(run, WORDS).is_open
    assert "has changed since it was shown" in panel.status.message
    assert panel.form.kind.value == "text"
    panel.confirm.click()
    assert not said(run, WORDS).is_open


def test_a_panel_built_again_looks_the_same(run: Run) -> None:
    """A dead kernel or a second window loses nothing: the controls show what was decided."""
    first = panel_of(run)
    first.open_field(NUMBERS)
    first.form.target.value = "res.partner.x_zwem"
    first.confirm.click()
    again = panel_of(run)
    again.show.value = Show.DECIDED

    assert again.confirm.description == f"Confirm {NUMBERS}"
    assert (again.form.target.value, again.form.transform.value) == ("res.partner.x_zwem", "float")
    assert "by Ada Example" in again.known.value


def test_a_line_that_nobody_can_read_shows_the_proposal(run: Run) -> None:
    """A choice that was written past all checks does not keep the field from being decided."""
    run.store.decisions.decide(f"field:{WORDS}", "{as: nonsense}", by="Bo Example")
    panel = panel_of(run)
    panel.show.value = Show.DECIDED

    assert panel.form.name.value == "x_zwop"
    panel.confirm.click()
    assert said(run, WORDS).choice == "res.partner.x_zwop"


def test_a_field_first_seen_after_the_list_was_made_says_so(run: Run) -> None:
    """Nothing is guessed about it."""
    panel = panel_of(run)
    run.store.decisions.ask([Question("field:patients.new", "map", "?", ("keep",), 1)])
    panel.open_field("patients.new")

    assert "was first seen after this list was made" in panel.status.message
    panel.open_field("patients.gone")
    assert "is no longer asked" in panel.status.message


# targets -----------------------------------------------------------------------------------


def test_the_targets_are_those_of_the_actual_odoo(run: Run) -> None:
    """Computed fields, and links that nothing leads to, are not offered; new ones are."""
    offered = {one.path for one in targets_of("patients", fields.facts(run.map))}

    assert {"res.partner.", "res.partner.function", "res.partner.x_zwem", "res.partner.state_id",
            "res.partner.lang"} <= offered  # fmt: skip
    assert not {"res.partner.complete_name", "res.partner.industry_id"} & offered


def test_targets_are_found_by_label_name_or_type(run: Run) -> None:
    """Typing narrows the list; what is chosen stays chosen."""
    panel = panel_of(run)
    panel.open_field("patients.phone")
    panel.form.search.value = "job"

    assert [label for label, _ in panel.form.target.options] == [
        "Phone · res.partner.phone (char)",
        "New: a custom field of res.partner",
        "Job Position · res.partner.function (char)",
    ]
    assert panel.form.target.value == "res.partner.phone"
    panel.form.search.value = "html"
    assert "res.partner.comment" in [path for _, path in panel.form.target.options]


def test_only_transforms_that_feed_the_target_are_offered() -> None:
    """A date goes to no text field, and a country to no state."""
    for kind in ("char", "text", "date", "boolean", "selection", "html"):
        assert all(kind in TRANSFORMS[name].feeds for name in transforms_for(kind))
        assert transforms_for(kind)
    assert transforms_for("many2one", "res.country") == ["country"]
    assert transforms_for("char", proposed="email")[:2] == ["email", "text"]


def test_whatever_is_set_is_refused_or_read_back_as_it_was_set(run: Run) -> None:
    """Every target with every transform that is offered for it: no choice says something else."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    proposed = fields.facts(run.map).proposed(WORDS)
    tried = 0
    for _, target in panel.form.target.options:
        panel.form.target.value = target
        for transform in panel.form.transform.options:
            panel.form.transform.value = transform
            row = panel.form.row()
            choice = panel.desk.choice_of(row)
            if not panel.desk.faults_of(row, ""):
                assert decided(proposed, choice, ODOO_FIELDS, "", options=OPTIONS) == row
                tried += 1

    assert tried > 20


# the preview -------------------------------------------------------------------------------


def test_the_preview_shows_shapes_and_says_what_cannot_be_read(run: Run) -> None:
    """The record that will be trouble comes first, with the kind of issue, and no value."""
    panel = panel_of(run)
    panel.open_field(DAYS)

    assert panel.preview.summary.startswith(
        "30 records looked at, 30 have something here; 1 needs a look and is shown first."
    )
    issue = (
        "cannot be read: the raw text is kept among the values that could not be read, "
        "issue DATE_UNREADABLE"
    )
    assert panel.preview.rows[0] == ["3", "99/99/9999", "empty", issue]
    assert ["1", "9/9/9999", "9999-99-99", ""] in panel.preview.rows
    assert len(panel.preview.rows) == 8


def test_the_preview_follows_the_controls(run: Run) -> None:
    """Another order of day and month makes other dates, and other ones unreadable."""
    panel = panel_of(run)
    panel.open_field(DAYS)
    before = panel.preview.summary
    panel.form.order.value = Order.MONTH_FIRST
    assert panel.preview.summary != before

    panel.form.fate.value = "drop"
    panel.form.comment.value = "not used"
    assert {row[3] for row in panel.preview.rows} == {"left behind"}
    panel.form.fate.value = "keep"
    assert {row[2] for row in panel.preview.rows} == {"9/9/9999", "99/9/9999", "99/99/9999"}


def test_a_name_is_previewed_with_its_other_parts(run: Run) -> None:
    """One part alone makes no name: those that are proposed or decided take part."""
    panel = panel_of(run)
    panel.open_field("patients.last_name")
    real = show_real(panel, on=True)[-1]["rows"]

    assert real[0][1] == CANARY
    assert {row[2] for row in real} >= {f"Anna{real[0][0]} {CANARY}"}


def test_a_value_without_a_target_waits(run: Run) -> None:
    """A field made a pick-list says that its values are asked about, not what they become."""
    panel = panel_of(run)
    panel.open_field(WORDS)
    panel.form.kind.value = "selection"
    panel.form.transform.value = "selection"

    assert "waits until this value has a target" in panel.preview.rows[0][3]


def test_no_value_of_a_patient_is_in_what_a_notebook_saves(run: Run) -> None:
    """Neither masked nor shown: real values go to the screen as a message of the moment."""
    panel = panel_of(run)
    panel.open_field("patients.last_name")
    sent = show_real(panel, on=True)
    panel.open_field(DAYS)
    sent += show_real(panel, on=True)

    assert CANARY in json.dumps(sent)
    assert UNREADABLE in json.dumps(sent)
    for value in (CANARY, UNREADABLE, "anna3@"):
        assert value not in saved_state(panel)
        assert value not in repr(panel.preview) + repr(panel.preview._preview) + repr(panel)


def test_showing_values_is_kept_in_the_ledger_and_ends_with_the_field(run: Run) -> None:
    """Who looked at which field's values can be said later; another field is masked again."""
    panel = panel_of(run)
    panel.open_field("patients.last_name")
    show_real(panel, on=True)
    entry = list(run.store.ledger.entries())[-1]
    assert (entry.event, entry.subject, entry.actor) == (
        "values shown", "field:patients.last_name", "Ada Example",
    )  # fmt: skip

    sent: list[dict[str, Any]] = []
    panel.preview.send = sent.append
    panel.open_field(WORDS)
    assert sent == [{"do": "hide"}]


def test_a_clinic_may_show_values_from_the_beginning(run: Run) -> None:
    """The configuration says so; they still go to the screen alone."""
    migration = run.config.migration.model_copy(update={"show_patient_data": True})
    run.config = run.config.model_copy(update={"migration": migration})
    panel = panel_of(run)
    panel.open_field("patients.last_name")

    assert panel.preview.aside
    assert CANARY in json.dumps(show_real(panel, on=True))
    assert CANARY not in saved_state(panel)


def test_a_field_that_nobody_filled_has_no_preview(tmp_path: Path) -> None:
    """It is said so, in place of an empty table that could mean anything."""
    rows = [{**one, "zodiac": None} for one in patients(5)]
    run = fields_run(tmp_path, rows=rows)
    panel = panel_of(run)
    panel.open_field("patients.zodiac")

    assert panel.preview.summary == "None of 5 records looked at has something here."
    assert panel.preview.rows == []
    run.store.close()


# many at once ------------------------------------------------------------------------------


def test_certain_proposals_are_listed_by_name_before_they_are_confirmed(run: Run) -> None:
    """One click names them, a second one records exactly those."""
    panel = panel_of(run)
    assert panel.bulk.certain.description == "Confirm 6 certain proposals (90 % and more) …"
    panel.bulk.certain.click()
    assert len(run.store.decisions.open("field:")) == 13
    assert panel.bulk.names.value.count("<li>") == 6
    assert "patients.email → res.partner.email (98 %)" in panel.bulk.names.value
    assert panel.bulk.confirm.description == "Confirm these 6 proposals"

    panel.bulk.confirm.click()
    assert len(run.store.decisions.open("field:")) == 7
    assert said(run, "patients.email").decided_by == "Ada Example"
    assert panel.status.message.startswith("Recorded 6 as proposed. 7 open")
    assert panel.bulk.certain.disabled


def test_the_proposals_of_the_list_can_be_confirmed(run: Run) -> None:
    """The filter says which; a field without a proposal is none of them."""
    panel = panel_of(run)
    panel.text.value = "custom_fields"
    assert panel.bulk.listed.description == "Confirm 5 proposals of this list …"
    panel.bulk.listed.click()
    panel.bulk.confirm.click()

    assert said(run, EITHER).is_open
    assert not said(run, NUMBERS).is_open
    assert said(run, "patients.email").is_open


def test_many_are_not_confirmed_without_a_name_or_by_cancelling(run: Run) -> None:
    """Nothing is recorded, and the list of names goes."""
    panel = panel_of(run)
    panel.person.value = ""
    panel.bulk.certain.click()
    panel.bulk.confirm.click()
    assert "Write your name" in panel.status.message
    panel.bulk.cancel.click()

    assert panel.bulk.names.value == ""
    assert len(run.store.decisions.open("field:")) == 13


def test_one_that_changed_since_it_was_named_is_left_open(run: Run) -> None:
    """What was listed is what is confirmed: the changed one is told of and stays open."""
    panel = panel_of(run)
    panel.bulk.certain.click()
    run.store.decisions.decide("field:patients.phone", "keep", by="Bo Example")
    panel.bulk.confirm.click()

    assert said(run, "patients.phone").choice == "keep"
    assert "Recorded 5 as proposed. Left open 1: patients.phone has changed" in panel.status.message


# without a person --------------------------------------------------------------------------


def test_without_a_person_there_is_a_table_and_no_widget(run: Run) -> None:
    """Run by papermill, the same call gives counts and what is open."""
    run.headless = True
    listing = panels.fields(run, lambda: fields.facts(run.map))

    assert isinstance(listing, Listing)
    assert repr(listing).startswith("Fields: 13 open, 0 decided, 13 in all")


def test_the_repr_of_the_panel_holds_no_choice(run: Run) -> None:
    """What JupyterLab saves beside a widget are counts."""
    panel = panel_of(run)

    assert repr(panel) == "Fields: 13 open, 0 decided, 13 in all"
    parts = (panel.form, panel.table, panel.preview, panel.bulk)
    assert [repr(part) for part in parts] == [
        "FieldForm()", "FieldsTable(13)", "PreviewTable(0)", "Bulk(6, 12)",
    ]  # fmt: skip


def test_value_maps_are_read_for_fields_whose_names_hold_signs(run: Run) -> None:
    """Both a field and a value may hold "=": the longest field that there is wins."""
    assert fields._parted("a.b=c=d", {"a.b"}) == ("a.b", "c=d")
    assert fields._parted("a.b=c=d", {"a.b", "a.b=c"}) == ("a.b=c", "d")
    assert fields._parted("a.x=d", {"a.b"}) == ("", "")


def test_a_share_is_whole_only_where_it_is() -> None:
    """Of 1,000 records with one gap nobody is told that all are filled."""
    assert [percent(share) for share in (0.0, 0.004, 0.5, 0.999, 1.0)] == [
        "0 %", "under 1 %", "50 %", "99 %", "100 %",
    ]  # fmt: skip


# every field of a clinic -------------------------------------------------------------------


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
@pytest.mark.parametrize("to", list(AppointmentsTo))
def test_looking_at_a_field_changes_nothing(vocabulary: Vocabulary, to: AppointmentsTo) -> None:
    """Of every field of a clinic the controls give back the row that was put into them."""
    made = world(vocabulary, to)
    facts = facts_of(made, to)
    form = FieldForm(lambda: None)
    odd = {}
    for row in facts.proposals.values():
        if not row.order.is_open:
            form.show(row, row, facts=facts, comment="", fixed=False)
            if form.row() != row:
                odd[row.field] = form.row()

    assert odd == {}


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_field_of_a_clinic_has_a_preview(vocabulary: Vocabulary) -> None:
    """Whatever a field becomes, some of its records are shown, and masked."""
    made = world(vocabulary)
    facts = facts_of(made, AppointmentsTo.LEAD)
    rows = list(facts.proposals.values())
    for row in rows:
        records = [(str(one.get("id", "")), one) for one in made.clinic[row.resource]]
        beside = [one for one in rows if one.resource == row.resource]
        found = preview(row, beside, records, facts=facts)
        filled = facts.profiles[row.field].filled
        assert bool(found.examples) is bool(filled), row.field
        for example in found.examples:
            assert all(isinstance(cell, str) for cell in example.masked() + example.real())


def facts_of(made: World, to: AppointmentsTo) -> FieldFacts:
    """Gather what is known of a clinic's fields."""
    return FieldFacts(
        proposals={one.row.field: one.row for one in made.proposals},
        profiles={one.field: one for one in made.profiles},
        odoo_fields=CLINIC_ODOO,
        options=replace(OPTIONS, appointments_to=to),
        context=made.context,
        values=made.mapping.values,
        looked_up=True,
    )
