"""Two records that may be one person stand side by side, masked until somebody asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.panels_run import (
    CANARY,
    CONFIG,
    LINKABLE,
    MARKUP,
    TWINS,
    PanelRun,
    fill,
    pair,
)
from tests.support.small_run import store_page
from workbench import panels
from workbench.mapping import Disposition, Mapping, MapRow, dump_yaml
from workbench.panels import Listing, PairPanel, Show
from workbench.panels.pairs import Agreement, pair_of
from workbench.staging.times import Order
from workbench.state import Decision, Store


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run with a pair of patients, and one of a patient and a contact of Odoo's."""
    store = Store(tmp_path / "state.sqlite")
    fill(store, tmp_path)
    yield PanelRun(store)
    store.close()


def panel_of(run: PanelRun, *, by: str = "Ada Example") -> PairPanel:
    """Build the panel of pairs."""
    panel = panels.duplicates(run)
    assert isinstance(panel, PairPanel)
    panel.person.value = by
    return panel


def messages(panel: PairPanel, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Keep what is sent to the browser beside the widget's state."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(panel.view, "send", lambda content, _buffers=None: sent.append(content))
    return sent


def state(panel: PairPanel) -> str:
    """Give all that JupyterLab could save of a panel."""
    return json.dumps(panel.get_manager_state(drop_defaults=False), default=str)


def confirm(panel: PairPanel, choice: str, comment: str = "") -> None:
    """Press the button of the pair that is shown."""
    panel.view.told({"kind": "decide", "subject": panel.view.pair["subject"],
                     "choice": choice, "comment": comment})  # fmt: skip


def decided(run: PanelRun, subject: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(subject)
    assert decision is not None
    return decision


def facts(run: PanelRun, subject: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Give what a pair is compared by: left, right and how they agree."""
    found = pair_of(run.store, decided(run, subject))
    return {one.label: (one.left, one.right, one.agreement.name)
            for one in (*found.core, *found.others)}  # fmt: skip


def test_what_is_written_differently_may_say_the_same(run: PanelRun) -> None:
    """Case, spaces and a country's code make no other person; another address may."""
    found = facts(run, TWINS)

    assert {label: agreement for label, (_, _, agreement) in found.items()} == {
        "First name": "ALIKE",
        "Last name": "SAME",
        "Date of birth": "SAME",
        "E-mail": "DIFFERS",
        "Telephone": "ALIKE",
        "Postcode": "RIGHT",
        "Patient number": "LEFT",
        "Appointments": "BESIDE",
        "city": "SAME",
        "note": "LEFT",
    }
    assert found["Telephone"][:2] == (("020 555 0101",), ("+31 20 555 0101",))
    assert found["Appointments"][:2] == (("3",), ("0",))


def test_one_telephone_of_several_is_partly_the_same(run: PanelRun, tmp_path: Path) -> None:
    """A family's line beside one's own is told apart from the same numbers."""
    changed: list[dict[str, object]] = [
        {"id": 12, "first_name": "Ada", "phone": "020 555 0101", "mobilephone": "06 1234 5678"},
        {"id": 99, "first_name": "Ada", "phone": "0205550101"},
    ]
    store_page(tmp_path, run.store, "patients", changed, generation=1)

    assert facts(run, TWINS)["Telephone"][2] == "PARTLY"


def test_a_birth_date_is_compared_as_the_map_reads_it(run: PanelRun, tmp_path: Path) -> None:
    """03/02/1980 and 1980-02-03 are one day where the day comes first."""
    changed: list[dict[str, object]] = [
        {"id": 12, "voornaam": "Ada", "geboren": "03/02/1980"},
        {"id": 99, "voornaam": "Ada", "geboren": "1980-02-03"},
    ]
    store_page(tmp_path, run.store, "patients", changed, generation=1)
    rows = (
        MapRow("patients.voornaam", Disposition.COMBINED, target="res.partner.name",
               transform="full_name", part="first", type="char"),
        MapRow("patients.geboren", Disposition.MAPPED, target="res.partner.x_date_of_birth",
               transform="date", type="date", order=Order.DAY_FIRST),
    )  # fmt: skip
    run.store.journey.set_document("mapping", {"hash": "h", "yaml": dump_yaml(Mapping(rows))})

    assert facts(run, TWINS)["Date of birth"][2] == "ALIKE"


def test_a_patient_stands_beside_a_contact_that_odoo_has(run: PanelRun) -> None:
    """Odoo has one name; what it does not know stands on the patient's side alone."""
    found = facts(run, LINKABLE)

    assert found["Name"] == ((f"Bo {CANARY}",), (f"Bo {CANARY}",), "SAME")
    assert found["Date of birth"][2] == "LEFT"
    assert found["E-mail"][2] == "RIGHT"


def test_what_is_odd_about_a_contact_is_said(run: PanelRun) -> None:
    """A company, an archived contact, or a user of Odoo's is rarely a patient."""
    contact = {"name": "Bo", "archived": True, "company": True, "user": False}
    run.store.journey.set_document("odoo_contacts", {"45": contact})

    assert pair_of(run.store, decided(run, LINKABLE)).notes == (
        "Odoo contact 45 is a company.",
        "Odoo contact 45 is archived.",
    )
    run.store.journey.set_document("odoo_contacts", {})
    assert "not known" in pair_of(run.store, decided(run, LINKABLE)).notes[0]


def test_every_agreement_has_a_sign_and_a_word_of_its_own() -> None:
    """Colour alone would tell a tenth of all men nothing."""
    assert all(one.sign and one.value for one in Agreement)
    assert Agreement.SAME.sign != Agreement.DIFFERS.sign


def test_values_are_masked_and_equal_ones_look_equal(run: PanelRun) -> None:
    """A reader sees that two cells agree, and not what stands in them."""
    panel = panel_of(run)
    core = {fact["label"]: fact for fact in panel.view.pair["core"]}

    assert core["Last name"]["left"] == core["Last name"]["right"]
    assert core["E-mail"]["left"] != core["E-mail"]["right"]
    assert core["Last name"]["left"][0].startswith("12 characters")
    assert (core["E-mail"]["sign"], core["E-mail"]["word"]) == ("≠", "differs")
    assert core["Postcode"]["word"] == "only in patient 99"
    assert core["Appointments"]["left"] == ["3"]


def test_real_values_are_sent_for_the_moment_and_never_kept(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that could be saved holds a value, and the ledger keeps that it was shown."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.view.told({"kind": "show", "real": True})

    assert CANARY in json.dumps(sent)
    assert "12 characters" in state(panel)
    assert CANARY not in state(panel)
    assert CANARY not in repr(panel) + repr(panel.view)
    shown = [one for one in run.store.ledger.entries() if one.event == "values shown"]
    assert [(one.subject, one.actor) for one in shown] == [(TWINS, "Ada Example")]
    sent.clear()
    panel.view.told({"kind": "show", "real": False})
    panel.view.told({"kind": "go", "by": 1})
    assert CANARY not in json.dumps(sent)


def test_what_is_shown_stays_shown_for_the_next_pair_until_the_page_is_loaded_anew(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pair that is looked at has its row in the ledger; a new page begins masked."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    panel.view.told({"kind": "show", "real": True})
    panel.view.told({"kind": "go", "by": 1})

    assert [one["subject"] for one in sent if one["kind"] == "reveal"] == [TWINS, LINKABLE]
    shown = [one.subject for one in run.store.ledger.entries() if one.event == "values shown"]
    assert shown == [TWINS, LINKABLE]
    sent.clear()
    panel.view.told({"kind": "ready"})
    panel.view.told({"kind": "go", "by": -1})
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


def test_confirming_a_merge_records_it_and_goes_to_the_next_open_pair(
    run: PanelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most likely pair comes first; after it the next one has the focus."""
    panel = panel_of(run)
    sent = messages(panel, monkeypatch)
    assert panel.view.pair["place"] == "Pair 1 of 2: patients 12 and 99"
    confirm(panel, "merge", "same telephone, called them")

    found = decided(run, TWINS)
    assert (found.choice, found.decided_by) == ("merge", "Ada Example")
    assert found.comment == "same telephone, called them"
    assert panel.view.pair["place"] == "Pair 2 of 2: patient 30 and Odoo contact 45"
    assert [option["value"] for option in panel.view.pair["options"]] == [
        "keep both",
        "link",
        "link and overwrite",
    ]
    assert all(option["follows"] for option in panel.view.pair["options"])
    assert sent[-1] == {"kind": "focus"}
    assert panel.status.message.startswith("Recorded: patient_12+patient_99. 1 open, 1 decided")


def test_two_are_made_one_against_the_proposal_only_with_a_reason(run: PanelRun) -> None:
    """Mixing up two persons' care is worse than a contact too many."""
    panel = panel_of(run)
    panel.view.told({"kind": "go", "by": 1})
    confirm(panel, "link")

    assert decided(run, LINKABLE).is_open
    assert "needs a reason" in panel.view.pair["trouble"]
    confirm(panel, "link", "the reception knows them")
    assert decided(run, LINKABLE).choice == "link"


def test_a_contact_may_be_overwritten_and_what_that_means_is_said(run: PanelRun) -> None:
    """The third answer stands beside the others, with what follows, and needs a reason."""
    panel = panel_of(run)
    panel.view.told({"kind": "go", "by": 1})
    follows = {one["value"]: one["follows"] for one in panel.view.pair["options"]}
    confirm(panel, "link and overwrite")
    trouble = panel.view.pair["trouble"]
    confirm(panel, "link and overwrite", "the practice's data are newer")

    assert list(follows) == ["keep both", "link", "link and overwrite"]
    assert "a rollback puts that back" in follows["link and overwrite"]
    assert "needs a reason" in trouble
    assert decided(run, LINKABLE).choice == "link and overwrite"


def test_a_pair_without_a_name_under_it_is_not_decided(run: PanelRun) -> None:
    """Nothing is recorded, and the pair says why."""
    panel = panel_of(run, by="")
    confirm(panel, "merge")

    assert decided(run, TWINS).is_open
    assert "Write your name" in panel.view.pair["trouble"]


def test_proposals_are_accepted_from_a_least_confidence_on(run: PanelRun) -> None:
    """What is nearly certain is taken together; the doubtful pair stays to be looked at."""
    panel = panel_of(run)
    panel.sure.value = 0.9
    assert panel.accept.description == "Accept 1 proposal"
    panel.accept.click()

    assert decided(run, TWINS).choice == "merge"
    assert decided(run, LINKABLE).is_open
    assert panel.view.pair["subject"] == LINKABLE


def test_pairs_are_walked_to_both_ends_and_no_further(run: PanelRun) -> None:
    """Before the first and after the last there is none."""
    panel = panel_of(run)
    assert panel.view.pair["first"]
    panel.view.told({"kind": "go", "by": -1})
    assert panel.view.pair["subject"] == TWINS
    for _ in range(3):
        panel.view.told({"kind": "go", "by": 1})

    assert panel.view.pair["subject"] == LINKABLE
    assert panel.view.pair["last"]


def test_a_panel_built_again_shows_what_was_decided(run: PanelRun) -> None:
    """Kernel death loses nothing; where nothing is open, what was decided is shown."""
    first = panel_of(run)
    confirm(first, "merge", "called them")
    again = panel_of(run)
    assert again.view.pair["subject"] == LINKABLE
    confirm(again, "keep both")
    last = panel_of(run)

    assert last.show.value is Show.ALL
    assert last.view.pair["current"] == "merge"
    assert "✓ decided: 'merge' by Ada Example" in last.view.pair["standing"]


def test_answers_that_contradict_each_other_are_said_at_the_top(run: PanelRun) -> None:
    """Two patients who are one contact, and yet not one person: somebody has to look again."""
    other = "duplicate:patient_12+contact_45"
    run.store.decisions.ask([pair(other, "link")])
    panel = panel_of(run)
    assert panel.ahead.value == ""
    run.store.decisions.decide(other, "link", by="Bo Example")
    run.store.decisions.decide(LINKABLE, "link", by="Bo Example")
    panel.refresh()

    assert "are linked to contact 45, and not merged" in panel.ahead.value


def test_somebody_elses_decision_is_told_and_shown(run: PanelRun) -> None:
    """Two people at one pair: the second one sees what the first one said."""
    panel = panel_of(run)
    run.store.decisions.decide(TWINS, "keep both", by="Bo Example")
    confirm(panel, "merge")

    assert decided(run, TWINS).choice == "keep both"
    assert "decided meanwhile: 'keep both' by Bo Example" in panel.status.message
    assert "by Bo Example" in panel.view.pair["standing"]


def test_a_record_that_is_gone_is_said_to_be(run: PanelRun) -> None:
    """A patient who was deleted in PracticeHub is not silently an empty column."""
    run.store.decisions.ask([pair("duplicate:patient_12+patient_777", "keep both")])
    found = pair_of(run.store, decided(run, "duplicate:patient_12+patient_777"))

    assert found.notes == ("Patient 777 is no longer held.",)


def test_without_pairs_the_panel_says_so(run: PanelRun) -> None:
    """A clinic without doubles has nothing to decide here."""
    run.store.decisions.withdraw([TWINS, LINKABLE])
    panel = panel_of(run)
    panel.view.told({"kind": "ready"})

    assert panel.view.pair == {}
    assert not panel.status.trouble


def test_without_a_person_there_are_ids_and_reasons_and_no_value(run: PanelRun) -> None:
    """Run by papermill, pairs are listed by how likely they are, masked or not at all."""
    run.headless = True
    listing = panels.duplicates(run)

    assert isinstance(listing, Listing)
    assert listing.columns == ("pair", "records", "proposal and why", "where it stands")
    assert listing.rows[0][:2] == ("patient_12+patient_99", "patients 12 and 99")
    assert CANARY not in repr(listing)
    assert MARKUP not in listing._repr_html_()
