"""Value maps and practitioners are decided line by line, with what hangs on each beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.panels_run import MARKUP, PanelRun, fill, practitioner, value
from workbench import panels
from workbench.mapping import Disposition, Mapping, MapRow, Practitioner
from workbench.panels import Listing, Show, TablePanel
from workbench.panels.value_maps import NEW
from workbench.phases import counts
from workbench.state import Decision, Store

MISSED, NO_SHOW = "value:appointments.status=missed", "value:appointments.status=no show"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run with questions of every kind."""
    store = Store(tmp_path / "state.sqlite")
    fill(store, tmp_path)
    yield PanelRun(store)
    store.close()


def values_of(run: PanelRun, *, by: str = "Ada Example") -> TablePanel:
    """Build the panel of value maps."""
    panel = panels.values(run)
    assert isinstance(panel, TablePanel)
    panel.person.value = by
    return panel


def people_of(run: PanelRun) -> TablePanel:
    """Build the panel of practitioners."""
    panel = panels.practitioners(run)
    assert isinstance(panel, TablePanel)
    panel.person.value = "Ada Example"
    return panel


def line(panel: TablePanel, subject: str) -> dict[str, Any]:
    """Give a line as the browser gets it."""
    return next(one for part in panel.table.sections for one in part["lines"]
                if one["subject"] == subject)  # fmt: skip


def confirm(panel: TablePanel, subject: str, choice: str, comment: str = "") -> None:
    """Press a line's button."""
    panel.table.told({"kind": "decide", "subject": subject, "choice": choice, "comment": comment})


def decided(run: PanelRun, subject: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(subject)
    assert decision is not None
    return decision


def test_each_pick_list_has_a_table_with_its_most_frequent_value_first(run: PanelRun) -> None:
    """A value stands with the number of records that have it."""
    sections = values_of(run).table.sections

    assert [(part["name"], len(part["lines"])) for part in sections] == [
        ("appointments.status", 4),
        ("patients.locale", 1),
    ]
    cells = [[cell["text"] for cell in one["cells"]] for one in sections[0]["lines"]]
    assert cells == [["'processed'", "90"], ["'missed'", "7"], ["'no show'", "3"],
                     [f"'{MARKUP}'", "1"]]  # fmt: skip


def test_records_are_counted_as_the_questions_count_them(run: PanelRun) -> None:
    """What the map's phase counted last is what stands beside a value and a practitioner."""
    row = MapRow("appointments.status", Disposition.LOOKUP, target="crm.lead.stage_id",
                 transform="stage", type="many2one")  # fmt: skip
    mapping = Mapping((row,))
    counts.forget(run.store)
    counts.lists(run.store, mapping)
    counts.visits(run.store, mapping, {"18": Practitioner("Mira Jansen")})

    assert line(values_of(run), MISSED)["cells"][1]["text"] == "3"
    assert line(people_of(run), "practitioner:18")["cells"][2]["text"] == "0"


def test_a_control_is_named_for_the_value_it_is_about(run: PanelRun) -> None:
    """A screen reader hears which value of which field gets a target."""
    found = line(values_of(run), MISSED)

    assert found["label"] == "Target of 'missed' of appointments.status"
    assert found["about"] == "'missed' of appointments.status"


def test_confirming_a_value_records_who_said_what(run: PanelRun) -> None:
    """A target, a name and a reason become a decision row."""
    panel = values_of(run)
    confirm(panel, MISSED, "Cancelled", "they count alike")

    found = decided(run, MISSED)
    assert (found.choice, found.decided_by, found.comment) == (
        "Cancelled", "Ada Example", "they count alike",
    )  # fmt: skip
    assert panel.status.message.startswith("Recorded: appointments.status=missed. 4 open")
    assert "✓ decided: 'Cancelled' by Ada Example" in line(panel, MISSED)["standing"]
    assert "they count alike" in line(panel, MISSED)["standing"]


def test_a_target_of_ones_own_may_be_written_where_the_question_is_open(run: PanelRun) -> None:
    """A stage may be new; a language must be one that Odoo has."""
    panel = values_of(run)

    assert line(panel, MISSED)["free"]
    confirm(panel, MISSED, "Did not come")
    assert decided(run, MISSED).choice == "Did not come"
    locale = "value:patients.locale=nl"
    assert not line(panel, locale)["free"]
    confirm(panel, locale, "tlh_KL")
    assert decided(run, locale).is_open
    assert "not a choice" in line(panel, locale)["trouble"]


def test_a_target_chosen_for_one_value_is_offered_for_the_others(run: PanelRun) -> None:
    """Several spellings of one status go to one stage without writing it again."""
    panel = values_of(run)
    confirm(panel, MISSED, "Did not come")

    offered = [part["choices"] for part in line(panel, NO_SHOW)["options"]
               if part["label"] == "chosen for other values"]  # fmt: skip
    assert offered == [(("Did not come", "Did not come"),)]


def test_a_button_without_a_name_says_so_at_its_line(run: PanelRun) -> None:
    """Nothing is recorded, and what the other lines say stays as it is."""
    panel = values_of(run, by=" ")
    confirm(panel, MISSED, "Missed")

    assert decided(run, MISSED).is_open
    assert "Write your name" in line(panel, MISSED)["trouble"]
    assert line(panel, NO_SHOW)["trouble"] == ""
    assert panel.status.trouble


def test_accepting_the_proposals_of_one_field_leaves_the_others(run: PanelRun) -> None:
    """Each table has its own button; what has no proposal stays open."""
    panel = values_of(run)

    assert panel.table.sections[0]["accept"] == "Accept 3 proposals of appointments.status"
    panel.table.told({"kind": "accept", "section": "appointments.status"})
    assert [one.subject for one in run.store.decisions.open("value:")] == [
        NO_SHOW,
        "value:patients.locale=nl",
    ]
    assert panel.table.sections[0]["accept"] == ""


def test_only_proposals_that_are_sure_enough_are_accepted(run: PanelRun) -> None:
    """The least confidence is the person's to say, and the button counts what it takes."""
    panel = values_of(run)
    panel.sure.value = 0.9

    assert panel.accept.description == "Accept 2 proposals"
    panel.accept.click()
    assert {one.subject for one in run.store.decisions.open("value:")} == {
        MISSED, NO_SHOW, f"value:appointments.status={MARKUP}",
    }  # fmt: skip
    assert "Recorded 2 as proposed. 3 open" in panel.status.message


def test_a_value_first_seen_after_the_map_was_confirmed_is_marked(run: PanelRun) -> None:
    """What turned up since stands out from what was only decided on anew."""
    panel = values_of(run)
    panel.accept.click()
    confirm(panel, NO_SHOW, "Missed")
    run.store.journey.set_document("mapping", {"hash": "h", "yaml": ""})
    run.store.decisions.ask([value("rescheduled", None), value("missed", "Missed", basis=2)])
    again = values_of(run)

    assert line(again, "value:appointments.status=rescheduled")["cells"][0]["sign"] == NEW
    assert line(again, MISSED)["cells"][0]["sign"] == ""
    assert "open again" in line(again, MISSED)["standing"]
    assert [one.subject.rpartition("=")[2] for one in again.drawn[:2]] == ["missed", "rescheduled"]


def test_two_hundred_values_are_paged_and_none_is_skipped(run: PanelRun) -> None:
    """Twenty lines are drawn at a time, and confirming some moves nothing to another page."""
    run.store.decisions.ask([value(f"room {n:03}", "x", of="appointments.room")
                             for n in range(200)])  # fmt: skip
    panel = values_of(run)
    panel.section.value = "appointments.room"

    assert len(panel.drawn) == 20
    assert panel.place.value == "Page 1 of 10"
    confirm(panel, "value:appointments.room=room 003", "x")
    panel.next.click()
    assert panel.drawn[0].subject == "value:appointments.room=room 020"
    assert panel.table.sections[0]["caption"].endswith("20 of them on this page")


def test_a_field_whose_name_holds_an_equals_sign_keeps_its_values(run: PanelRun) -> None:
    """A clinic may call a field anything; the value begins behind the whole name."""
    run.store.staging.set_field("patients.a=b", "patients", {})
    run.store.decisions.ask([value("c", "x", of="patients.a=b")])
    panel = values_of(run)

    assert line(panel, "value:patients.a=b=c")["about"] == "'c' of patients.a=b"


def test_what_somebody_else_decided_meanwhile_is_told_and_not_overwritten(run: PanelRun) -> None:
    """Two people at one map: each sees what the other said."""
    panel = values_of(run)
    run.store.decisions.decide(MISSED, "Cancelled", by="Bo Example")
    confirm(panel, MISSED, "Missed")

    assert decided(run, MISSED).choice == "Cancelled"
    assert "decided meanwhile: 'Cancelled' by Bo Example" in panel.status.message
    assert "by Bo Example" in line(panel, MISSED)["standing"]
    run.store.decisions.decide(NO_SHOW, "Missed", by="Bo Example")
    confirm(panel, "value:appointments.status=processed", "Completed")
    assert "1 other line changed meanwhile" in panel.status.message


def test_a_question_that_is_withdrawn_leaves_the_table(run: PanelRun) -> None:
    """A field that is dropped asks for no values, and nothing is recorded about them."""
    panel = values_of(run)
    run.store.decisions.withdraw([NO_SHOW])
    confirm(panel, NO_SHOW, "Missed")

    assert "no longer asked" in panel.status.message
    assert NO_SHOW not in [one.subject for one in panel.drawn]
    confirm(panel, NO_SHOW, "Missed")
    assert "not listed here any more" in panel.status.message


def test_a_panel_built_again_shows_the_same(run: PanelRun) -> None:
    """Kernel death loses nothing: the new panel draws the same lines."""
    first = values_of(run)
    confirm(first, MISSED, "Missed")
    first.refresh()
    again = values_of(run)

    assert again.table.sections == first.table.sections
    again.show.value = Show.DECIDED
    assert [one.subject for one in again.drawn] == [MISSED]


def test_practitioners_without_a_user_are_said_first_with_their_appointments(
    run: PanelRun,
) -> None:
    """Before any line is read it is plain how many appointments have no owner."""
    panel = people_of(run)

    assert panel.ahead.value == (
        "<p>⚠ 2 of 3 practitioners have no matching Odoo user; 61 appointments hang on that: "
        "Mira Jansen (55 appointments), Piet de Groot (6 appointments, no longer at work). "
        "2 of them are still open.</p>"
    )
    cells = [[cell["text"] for cell in one["cells"]]
             for one in panel.table.sections[0]["lines"]]  # fmt: skip
    assert cells == [["Mira Jansen", "✓ yes", "55"], ["Kees Bakker", "✓ yes", "40"],
                     ["Piet de Groot", "✗ no longer", "6"]]  # fmt: skip


def test_a_practitioner_is_given_one_of_odoos_users(run: PanelRun) -> None:
    """Users are picked by name and login; an archived one can own nothing and is not offered."""
    panel = people_of(run)
    users, others = line(panel, "practitioner:18")["options"]

    assert [choice for choice, _ in users["choices"]] == ["ann@example.org", "kees@example.org"]
    assert users["choices"][0][1] == "Ann Visser · ann@example.org"
    assert [choice for choice, _ in others["choices"]] == ["invite", "name only"]
    assert "mira@example.org" in others["choices"][0][1]
    confirm(panel, "practitioner:18", "ann@example.org")
    assert decided(run, "practitioner:18").choice == "ann@example.org"


@pytest.mark.parametrize("login", ["nobody@example.org", "old@example.org", "fallback"])
def test_a_practitioner_is_not_given_who_cannot_own_anything(run: PanelRun, login: str) -> None:
    """A login that Odoo does not have, an archived one, a fallback that is not configured."""
    panel = people_of(run)
    confirm(panel, "practitioner:18", login)

    assert decided(run, "practitioner:18").is_open
    assert panel.status.trouble


def test_with_a_user_for_everybody_the_panel_says_so(run: PanelRun) -> None:
    """Nothing is to be worried about, and that is said, too."""
    run.store.decisions.ask([practitioner(18, "ann@example.org"),
                             practitioner(19, "kees@example.org")])  # fmt: skip

    assert "✓ Every practitioner has a matching Odoo user." in people_of(run).ahead.value


def test_where_odoo_was_not_asked_for_its_users_a_login_may_be_written(run: PanelRun) -> None:
    """A picker without users would leave nothing to choose."""
    assert not line(people_of(run), "practitioner:18")["free"]
    run.store.journey.set_document("odoo_users", {})

    assert line(people_of(run), "practitioner:18")["free"]


def test_without_a_person_the_tables_have_the_same_columns(run: PanelRun) -> None:
    """Run by papermill, what a person would see is there as text, open questions first."""
    run.store.decisions.decide(MISSED, "Missed", by="Bo Example")
    run.headless = True
    maps, people = panels.values(run), panels.practitioners(run)

    assert isinstance(maps, Listing)
    assert maps.columns == ("Field", "Value in PracticeHub", "Records", "Becomes in Odoo",
                            "Proposal and why", "Decision")  # fmt: skip
    assert maps.rows[-1][:4] == ("appointments.status", "'missed'", "7", "Missed")
    assert isinstance(people, Listing)
    assert people.rows[0][:4] == ("Mira Jansen", "✓ yes", "55", "")
    assert "61 appointments hang on that" in repr(people)
    assert "<img" not in maps._repr_html_()


def test_the_repr_of_a_table_holds_nothing_of_it(run: PanelRun) -> None:
    """What JupyterLab saves beside a widget are counts."""
    panel = values_of(run)

    assert repr(panel.table) == "ChoiceTable()"
    assert repr(panel) == "Values: 5 open, 0 decided, 5 in all"
