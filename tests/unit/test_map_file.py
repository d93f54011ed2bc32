"""A map becomes decisions: of the same run, of the next clinic, or of nobody where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.decided_map import ODOO_FIELDS
from tests.support.made_runs import write_config
from tests.support.small_run import store_page
from workbench.errors import BusyError, MappingError, UsageError, WorkbenchError
from workbench.mapping import load_yaml
from workbench.phases import knowledge
from workbench.phases.decisions_file import decide
from workbench.phases.map import FILE, TEMPLATE
from workbench.run import Run
from workbench.state import Decision

NOOR, PIA = "Noor Visser", "Pia Smit"
USERS = {"pia@example.org": ["Pia Smit", "pia@example.org", True],
         "gone@example.org": ["Guus Oud", "gone@example.org", False]}  # fmt: skip

Rows = list[dict[str, object]]


def patients(**fields: object) -> Rows:
    """Make forty patients who have a name and these fields; of a list, each its own."""
    return [
        {"id": n, "first_name": f"Voornaam{n}", "last_name": f"Achternaam{n}",
         "email": f"p{n}@example.org",
         **{name: value[n % len(value)] if isinstance(value, list) else value
            for name, value in fields.items()}}
        for n in range(1, 41)
    ]  # fmt: skip


def visits(*statuses: str) -> Rows:
    """Make forty visits with these statuses, all of practitioner 17."""
    return [
        {"id": n, "patient_id": n, "practitioner_id": 17, "status": statuses[n % len(statuses)],
         "location_id": n % 2 + 1, "start": f"2025-03-{n % 28 + 1:02d} 09:00:00"}
        for n in range(1, 41)
    ]  # fmt: skip


def clinic(
    folder: Path, people: Rows, appointments: Rows, *, account: str = "brightspine",
    to: str = "crm.lead",
) -> Run:  # fmt: skip
    """Make a run that has read a clinic and asked about it, all of it offline."""
    folder.mkdir()
    config = write_config(folder, ('account = "brightspine"', f'account = "{account}"'))
    if to != "crm.lead":
        with config.open("a", encoding="utf-8") as file:
            file.write(f'[migration]\nappointments_to = "{to}"\n')
    run = Run.create(config, folder / "runs" / "clinic")
    store_page(run.folder, run.store, "patients", people)
    store_page(run.folder, run.store, "appointments", appointments)
    store_page(run.folder, run.store, "practitioners",
               [{"id": 17, "first_name": "Pia", "last_name": "Smit", "email": "pia@example.org",
                 "active": "1"}])  # fmt: skip
    journey = run.store.journey
    journey.set_document("odoo_fields", ODOO_FIELDS)
    journey.set_document("odoo_users", USERS)
    journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": ["New"]})
    knowledge.learn(run.map)
    return run


@pytest.fixture
def first(tmp_path: Path) -> Run:
    """Make clinic A, whose map Noor has confirmed: one field dropped, one moved."""
    run = clinic(
        tmp_path / "a",
        patients(shoe_size=[40, 41, 42], quirk="odd words", zodiac=["Leo", "Virgo"], dog="Rex"),
        visits("pending", "processed", "Wandering"),
    )
    said = run.store.decisions
    said.decide("field:patients.dog", "drop", by=NOOR, comment="nobody asked for it")
    said.decide("field:patients.quirk", '{as: mapped, to: res.partner.x_odd, with: plain_text, '
                'type: text, label: "Odd, and more"}', by=NOOR)  # fmt: skip
    said.accept_proposed(by=NOOR)
    knowledge.ask(run.map)
    said.accept_proposed(by=NOOR)
    assert run.store.decisions.open() == []
    run.map.confirm()
    return run


def rows_of(run: Run) -> list[tuple[str, str | None]]:
    """Give what was decided, by subject."""
    return [(one.subject, one.choice) for one in run.store.decisions.questions()]


def entries(run: Run) -> int:
    """Count the rows of the ledger."""
    return sum(1 for _ in run.store.ledger.entries())


def found(run: Run, subject: str) -> Decision:
    """Give a question that must be there."""
    one = run.store.decisions.get(subject)
    assert one is not None
    return one


def test_a_map_read_into_its_own_clinic_decides_the_same_again(first: Run, tmp_path: Path) -> None:
    """A second run of the same account gets the very rows that the panel wrote."""
    again = clinic(
        tmp_path / "again",
        patients(shoe_size=[40, 41, 42], quirk="odd words", zodiac=["Leo", "Virgo"], dog="Rex"),
        visits("pending", "processed", "Wandering"),
    )
    lines = decide(again, first.folder / FILE, by=PIA)

    assert rows_of(again) == [(subject, None if subject == "schema" else choice)
                              for subject, choice in rows_of(first)]  # fmt: skip
    assert found(again, "field:patients.dog").comment == "nobody asked for it"
    assert found(again, "field:patients.quirk").comment == f"from {FILE}"
    assert found(again, "field:patients.quirk").decided_by == PIA
    assert lines[-2] == "Nothing of the map is open."
    assert lines[-1].startswith("Open beside the map: schema: Make ")
    again.map.confirm()
    assert (again.folder / FILE).read_bytes() == (first.folder / FILE).read_bytes()


def test_reading_a_map_twice_changes_nothing(first: Run) -> None:
    """The command may be repeated: what stands so already gets no second row."""
    before = entries(first)
    lines = decide(first, first.folder / FILE, by=PIA)

    assert lines[0].startswith(f"0 decision(s) recorded for {PIA}. ")
    assert entries(first) == before
    assert {one.decided_by for one in first.store.decisions.questions()} == {NOOR}


def test_the_template_leaves_open_what_the_first_clinic_did_not_have(
    first: Run, tmp_path: Path
) -> None:
    """The next clinic starts from the first one's map and is asked about the rest alone."""
    other = clinic(
        tmp_path / "b",
        patients(shoe_size=[38, 39], quirk="words", hobby="chess", dog="Fifi"),
        visits("pending", "processed", "Wandering", "Elsewhere"),
        account="otherclinic",
    )
    lines = decide(other, first.folder / TEMPLATE, by=PIA)

    assert [one.subject for one in other.store.decisions.open()] == [
        "field:patients.hobby", "practitioner:17", "schema", "value:appointments.location_id=1",
        "value:appointments.location_id=2", "value:appointments.status=Elsewhere",
    ]  # fmt: skip
    assert (
        found(other, "field:patients.quirk").choice == found(first, "field:patients.quirk").choice
    )
    assert found(other, "field:patients.dog").comment == "nobody asked for it"
    assert found(other, "value:appointments.status=pending").comment == f"from {TEMPLATE}"
    assert lines[1] == (
        "Named in the map, and not asked about here: 1 field(s) (patients.zodiac), "
        "2 value(s) (patients.zodiac)."
    )
    assert lines[2].startswith("Still open: 1 field(s) (patients.hobby), 3 value(s) (")
    last = list(other.store.ledger.entries())[-1]
    assert (last.event, last.subject, last.actor) == ("map read", TEMPLATE, PIA)


def test_the_template_names_no_account_practitioner_or_rare_value(first: Run) -> None:
    """Nothing in it is of one clinic's people: neither ids, logins nor what few records say."""
    text = (first.folder / TEMPLATE).read_text("utf-8")
    template, whole = load_yaml(text), load_yaml((first.folder / FILE).read_text("utf-8"))

    assert whole.account == "brightspine"
    assert (template.account, template.practitioners, template.duplicates) == ("", {}, {})
    assert template.rows == whole.rows
    assert "appointments.location_id" in whole.values
    assert template.values == {
        name: known for name, known in whole.values.items() if name != "appointments.location_id"
    }
    assert (first.folder / TEMPLATE).stat().st_mode & 0o777 == 0o600
    assert [word for word in ("Voornaam", "Achternaam", "pia@", "Amsterdam", "Rex", "odd words")
            if word in text] == []  # fmt: skip


def test_a_value_of_few_records_is_not_handed_on(tmp_path: Path) -> None:
    """What stands in a pick-list once or twice may be said of one person."""
    people = visits("pending", "processed", "Wandering")
    people[0]["status"] = "Rang her mother"
    run = clinic(tmp_path / "a", patients(), people)
    run.store.decisions.accept_proposed(by=NOOR)
    run.map.confirm()

    assert "Rang her mother" in (run.folder / FILE).read_text("utf-8")
    assert "Rang her mother" not in (run.folder / TEMPLATE).read_text("utf-8")
    assert "Wandering" in (run.folder / TEMPLATE).read_text("utf-8")


def test_practitioners_of_another_account_are_left_out(first: Run, tmp_path: Path) -> None:
    """Number 17 is somebody else there, and location 1 another town."""
    other = clinic(tmp_path / "b", patients(), visits("pending"), account="otherclinic")
    lines = decide(other, first.folder / FILE, by=PIA)

    assert found(other, "practitioner:17").is_open
    assert found(other, "value:appointments.location_id=1").is_open
    assert any("the map's account is brightspine: 2 value(s) that are ids, 1 practitioner(s)" in one
               for one in lines)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("res.partner.x_odd", "res.partner.nowhere"), "field:patients.quirk: Odoo has no field"),
        (("pia@example.org", "nobody@example.org"), "practitioner:17: Odoo has no user"),
        (("pia@example.org", "gone@example.org"), "practitioner:17: The user"),
        (("pia@example.org", "fallback"), "practitioner:17: No fallback_user"),
        (("res.partner.x_odd", "res.partner.email"), "shares res.partner.email with another"),
        (("version: 1", "version: 7"), "line 3: version: must be 1"),
    ],
)
def test_one_fault_and_nothing_is_recorded(
    first: Run, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    """A map that does not fit is refused whole, also where only one line of it is wrong."""
    text = (first.folder / FILE).read_text("utf-8")
    assert change[0] in text
    (tmp_path / "map.yaml").write_text(text.replace(*change), encoding="utf-8")
    run = clinic(
        tmp_path / "again", patients(shoe_size=1, quirk="odd", zodiac="Leo", dog="Rex"), visits("x")
    )
    before = entries(run)
    for dry in (True, False):
        with pytest.raises(MappingError) as caught:
            decide(run, tmp_path / "map.yaml", by=PIA, dry=dry)
        assert words in caught.value.what
        assert caught.value.what.splitlines()[1].startswith("  line ")
        assert entries(run) == before


def test_a_check_says_what_would_be_recorded_and_records_nothing(
    first: Run, tmp_path: Path
) -> None:
    """A person may look first; the same file then does what was said."""
    run = clinic(tmp_path / "again", patients(quirk="odd", dog="Rex"), visits("pending"))
    before, basis = entries(run), rows_of(run)
    looked = decide(run, first.folder / FILE, by=PIA, dry=True)

    assert (entries(run), rows_of(run)) == (before, basis)
    said = decide(run, first.folder / FILE, by=PIA)
    assert looked[0].replace("would be recorded", "recorded") == said[0]
    assert looked[1:] == said[1:]


def test_a_field_decided_as_a_pick_list_gets_its_values_in_the_same_reading(
    tmp_path: Path,
) -> None:
    """Values that nobody was asked about before the map was read are decided with it."""
    run = clinic(tmp_path / "a", patients(hobby=["chess", "go"]), visits("pending"))
    target = "to: res.partner.x_hobby, with: selection, type: selection"
    (tmp_path / "some.yaml").write_text(
        f"version: 1\nfields:\n  patients:\n    hobby: {{as: lookup, {target}}}\n"
        "values:\n  patients.hobby: {chess: Chess, go: Go}\n",
        encoding="utf-8",
    )
    run.store.decisions.decide("field:patients.hobby", "keep", by=NOOR)
    knowledge.ask(run.map)
    assert run.store.decisions.get("value:patients.hobby=chess") is None
    decide(run, tmp_path / "some.yaml", by=PIA)

    assert found(run, "value:patients.hobby=chess").choice == "Chess"
    assert found(run, "field:patients.hobby").decided_by == PIA


@pytest.mark.parametrize(
    ("order", "dates", "account", "decided"),
    [
        ("", ["1984-07-19"], "otherclinic", True),
        ("", ["03/04/1984"], "otherclinic", False),
        ("", ["19/07/1984"], "otherclinic", True),
        (", order: dmy", ["03/04/1984"], "otherclinic", True),
        (", order: dmy", ["07/19/1984"], "otherclinic", False),
        (", order: mdy", ["07/19/1984", "19/07/1984"], "brightspine", True),
    ],
)
def test_dates_that_the_other_clinic_wrote_otherwise_stay_open(
    tmp_path: Path, order: str, dates: list[str], account: str, *, decided: bool
) -> None:
    """How one clinic writes its dates is no answer to how another one does."""
    run = clinic(tmp_path / "b", patients(joined=dates), visits("pending"), account=account)
    (tmp_path / "some.yaml").write_text(
        "version: 1\naccount: brightspine\nfields:\n  patients:\n"
        f"    joined: {{as: mapped, to: res.partner.x_joined, with: date{order}}}\n",
        encoding="utf-8",
    )
    lines = decide(run, tmp_path / "some.yaml", by=PIA)

    assert found(run, "field:patients.joined").is_open is not decided
    assert any("patients.joined" in line for line in lines if "do not fit" in line) is not decided


def test_a_map_of_visits_as_leads_serves_a_clinic_of_events(first: Run, tmp_path: Path) -> None:
    """Where visits go is this clinic's choice; the other way round a person has to look."""
    events = clinic(tmp_path / "e", patients(), visits("pending"), account="e", to="calendar.event")
    decide(events, first.folder / TEMPLATE, by=PIA)
    choice = found(events, "field:appointments.status").choice
    assert choice is not None
    assert "calendar.event.x_visit_status" in choice

    events.store.decisions.accept_proposed(by=PIA)
    knowledge.ask(events.map)
    events.store.decisions.accept_proposed(by=PIA)
    events.map.confirm()
    leads = clinic(tmp_path / "l", patients(), visits("pending"), account="l")
    lines = decide(leads, events.folder / TEMPLATE, by=PIA)
    assert found(leads, "field:appointments.status").is_open
    assert any("do not fit the map" in line and "appointments.s" in line for line in lines)


def test_what_the_configuration_says_is_not_changed_by_a_map(first: Run, tmp_path: Path) -> None:
    """A map of the same account that names another zone says so, and the zone stays."""
    text = (first.folder / FILE).read_text("utf-8")
    assert "timezone: Europe/Amsterdam" in text
    (tmp_path / "map.yaml").write_text(
        text.replace("Europe/Amsterdam", "Europe/London"), encoding="utf-8"
    )
    lines = decide(first, tmp_path / "map.yaml", by=PIA)

    assert lines[1] == (
        "The configuration counts, and not the map, for the time zone "
        "(Europe/Amsterdam, not Europe/London)."
    )
    assert knowledge.draft(first.map).mapping.zone == "Europe/Amsterdam"


def test_a_run_that_asked_nothing_yet_takes_no_map(first: Run, tmp_path: Path) -> None:
    """There is nothing to decide before the audit has looked."""
    fresh = Run.create(write_config(tmp_path), tmp_path / "runs" / "fresh")

    with pytest.raises(UsageError, match="asked nothing about its fields yet"):
        decide(fresh, first.folder / FILE, by=PIA)


def test_a_map_waits_while_another_process_is_at_work(first: Run) -> None:
    """Reading a map asks anew, which is no matter for two at a time."""
    beside = Run.open(first.folder)
    with first.exclusive(), pytest.raises(BusyError):
        decide(beside, first.folder / FILE, by=PIA)


@pytest.mark.parametrize(
    "text", ["version: 1", "fields: {patients: {a: {as: kept}}}", "values: []"]
)
def test_nobody_decides_nothing(first: Run, tmp_path: Path, text: str) -> None:
    """Without a name, nothing is recorded; nor of a map that is none."""
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    before = entries(first)
    with pytest.raises(WorkbenchError):
        decide(first, tmp_path / "map.yaml", by=" ")

    assert entries(first) == before
