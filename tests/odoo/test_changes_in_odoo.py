"""What people changed in Odoo, and what PracticeHub deleted: asked, carried out, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_odoo, rolled_back, small_load
from tests.support.odoo import database
from tests.support.rolled_back import Clinic
from workbench.errors import OdooOutcomeUnknownError
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo import LoadReport, Odoo, Said, vanished
from workbench.odoo.archive import Archiver, ArchiveReport
from workbench.sandbox.odoo import OdooConnection
from workbench.state import How, OperationStatus, Store

pytestmark = pytest.mark.odoo
MODULE = small_load.MODULE
partner, lead = small_load.partner, small_load.lead


@dataclass
class Bench:
    """A prepared database, a run, and the calls that were made since the last load began."""

    odoo: Odoo
    store: Store
    folder: Path
    calls: list[tuple[str, str]] = field(default_factory=list)

    def load(self, *rows: LoadRow, said: Said = small_load.NOTHING_SAID) -> LoadReport:
        """Load rows."""
        loader = small_load.loader(self.odoo, self.store, self.folder, said=said)
        self.calls.clear()
        return loader.load(rows)

    def number(self, key: str) -> int:
        """Give the record behind an external id."""
        link = self.store.destination.link(key)
        assert link is not None, key
        return link.res_id

    def edit(self, model: str, key: str, **values: object) -> None:
        """Change a record as a person does."""
        self.odoo.call(model, "write", ids=[self.number(key)], vals=values)

    def value(self, model: str, key: str, name: str) -> Any:  # noqa: ANN401 - any of Odoo's
        """Read one field."""
        return self.odoo.call(model, "read", ids=[self.number(key)], fields=[name])[0][name]

    def find(self, model: str, name: str) -> int:
        """Find a record by its name."""
        return int(self.odoo.search_read(model, [["name", "=", name]], fields=["id"])[0]["id"])


@pytest.fixture(scope="module")
def prepared(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Odoo]:
    """One database with the schema in it, for the cases of this module."""
    with database() as connection, real_odoo.client(connection) as odoo:
        store = Store(tmp_path_factory.mktemp("prepare") / "state.sqlite")
        small_load.prepare(odoo, store)
        store.close()
        yield odoo


@pytest.fixture
def bench(prepared: Odoo, tmp_path: Path) -> Iterator[Bench]:
    """A run of its own; what it loaded is removed afterwards."""
    store = Store(tmp_path / "state.sqlite")
    made = Bench(prepared, store, tmp_path)
    prepared._on_call = lambda model, method, _: made.calls.append((model, method))
    yield made
    for model in ("crm.lead", "res.partner"):
        there = prepared.search_read(model, [["x_practicehub_id", "!=", False]], fields=["id"])
        if there:
            prepared.call(model, "unlink", ids=[row["id"] for row in there])
    store.close()


STAGE = RefKind.STAGE
KINDS: dict[str, tuple[str, str, Any, Any, Any]] = {
    "text": ("res.partner", "street", "Dorpsstraat 1", "Kade 1", "Kade 2"),
    "html": ("res.partner", "comment", "<p>Mornings.</p>", "<p>Evenings.</p>", "<p>Noon.</p>"),
    "date": ("res.partner", "x_date_of_birth", "1949-01-01", "1950-01-01", "1951-01-01"),
    "yes or no": ("crm.lead", "x_reminder_sent", None, True, None),
    "a stage": ("crm.lead", "stage_id", "New", "Missed", "Completed"),
    "a contact": ("crm.lead", "partner_id", "patient_1", "patient_2", "patient_3"),
}  # fmt: skip
"""Model and field; what PracticeHub says first, what a person sets, what PracticeHub says then."""


def row_of(model: str, name: str, value: Any) -> LoadRow:  # noqa: ANN401 - any of the above
    """Give a row in which one field has a value."""
    if model == "res.partner":
        return partner(1, **{name: value})
    if name == "stage_id":
        value = Ref(STAGE, value)
    elif name == "partner_id":
        value = Ref(RefKind.RECORD, value)
    return lead(1, 1, **{"x_reminder_sent": None, "stage_id": Ref(STAGE, "New"), name: value})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_field_changed_on_both_sides_waits_and_is_then_written_as_decided(
    bench: Bench, kind: tuple[str, str, Any, Any, Any]
) -> None:
    """Odoo's value stays and is told with both hashes; decided otherwise, it is replaced once."""
    model, name, first, by_hand, then = kind
    key = "patient_1" if model == "res.partner" else "appointment_1"
    if name == "x_reminder_sent":  # told otherwise by PracticeHub: from "never said" to "no"
        then = False
    bench.load(*(partner(number) for number in (1, 2, 3)), row_of(model, name, first))
    if name == "stage_id":
        by_hand = bench.find("crm.stage", by_hand)
    elif name == "partner_id":
        by_hand = bench.number(by_hand)
    bench.edit(model, key, **{name: by_hand})
    [cell], [again] = (bench.load(row_of(model, name, then)).kept for _ in range(2))
    stays = bench.value(model, key, name)
    place = (cell.external_id, cell.field)
    said = Said(frozenset({place}), {place: (cell.ours, cell.theirs)})
    report = bench.load(row_of(model, name, then), said=said)
    after = bench.value(model, key, name)

    assert (place, again) == ((key, name), cell)
    assert cell.ours != cell.theirs
    assert (stays[0] if isinstance(stays, list) else stays) == by_hand
    assert report.settled == [place]
    assert after != stays
    assert bench.load(row_of(model, name, then)).kept == []


def test_a_decision_about_other_values_writes_nothing(bench: Bench) -> None:
    """When the person in Odoo changed it again meanwhile, the decision is not about that."""
    bench.load(partner(1))
    bench.edit("res.partner", "patient_1", street="Kade 1")
    [cell] = bench.load(partner(1, street="Kade 2")).kept
    bench.edit("res.partner", "patient_1", street="Kade 3")
    place = (cell.external_id, cell.field)
    report = bench.load(
        partner(1, street="Kade 2"),
        said=Said(frozenset({place}), {place: (cell.ours, cell.theirs)}),
    )

    assert bench.value("res.partner", "patient_1", "street") == "Kade 3"
    assert [one.theirs == cell.theirs for one in report.kept] == [False]


def test_tags_that_people_added_are_no_conflict_and_stay(bench: Bench) -> None:
    """What is wanted is among them: nothing is asked, and nothing is taken away."""
    bench.load(partner(1))
    tag = bench.odoo.call("res.partner.category", "create", vals_list=[{"name": "VIP"}])[0]
    bench.edit("res.partner", "patient_1", category_id=[[4, tag]])
    report = bench.load(partner(1, street="Kade 2"))

    assert (report.kept, report.updated) == ([], ["patient_1"])
    assert tag in bench.value("res.partner", "patient_1", "category_id")


def test_changes_of_the_same_fields_share_a_call_whatever_their_values(bench: Bench) -> None:
    """Forty streets changed to forty others are one call to read and one to write."""
    bench.load(*(partner(number) for number in range(1, 41)))
    report = bench.load(*(partner(number, street=f"Kade {number}") for number in range(1, 41)))

    assert len(report.updated) == 40
    assert [call for call in bench.calls if call[1] not in {"fields_get", "context_get"}
            and call[0] == "res.partner"] == [
        ("res.partner", "search_read"), ("res.partner", "load"),
    ]  # fmt: skip
    assert bench.value("res.partner", "patient_17", "street") == "Kade 17"


def test_a_change_that_odoo_refuses_holds_no_other_back(bench: Bench) -> None:
    """One of forty is refused, with the reason; the others land."""
    bench.load(*(partner(number) for number in range(1, 41)))
    report = bench.load(*(
        partner(number, street=f"Kade {number}",
                x_clinic_location="East" if number == 9 else "South")
        for number in range(1, 41)
    ))  # fmt: skip

    assert [one.external_id for one in report.refused] == ["patient_9"]
    assert len(report.updated) == 39
    assert bench.value("res.partner", "patient_9", "street") == "Dorpsstraat 9"


@pytest.mark.parametrize("arrived", [False, True], ids=["never arrived", "arrived"])
def test_an_update_whose_answer_was_lost_asks_nobody_about_our_own_value(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    """Old or new may be there: neither was a person's doing. A field somebody edited still is."""
    bench.load(partner(1))
    bench.edit("res.partner", "patient_1", city="Kampen")
    call = Odoo.call

    def lost(odoo: Odoo, model: str, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401
        if method in {"write", "load"}:
            if arrived:
                call(odoo, model, method, **arguments)
            what = "lost"
            raise OdooOutcomeUnknownError(what)
        return call(odoo, model, method, **arguments)

    monkeypatch.setattr(Odoo, "call", lost)
    with pytest.raises(OdooOutcomeUnknownError):
        bench.load(partner(1, street="Kade 2"))
    monkeypatch.undo()
    report = bench.load(partner(1, street="Kade 3", city="Zwolle"))

    assert [one.field for one in report.kept] == ["city"]
    assert bench.value("res.partner", "patient_1", "street") == "Kade 3"
    assert bench.value("res.partner", "patient_1", "city") == "Kampen"


def test_a_record_that_was_deleted_by_hand_is_named(bench: Bench) -> None:
    """One question tells that all are there; where one is not, which."""
    bench.load(*(partner(number) for number in range(1, 4)))
    bench.calls.clear()
    all_there = vanished(bench.odoo, bench.store, module=MODULE)
    calls = list(bench.calls)
    bench.odoo.call("res.partner", "unlink", ids=[bench.number("patient_2")])

    assert (all_there, calls) == ([], [("ir.model.data", "search_count")])
    assert vanished(bench.odoo, bench.store, module=MODULE) == ["patient_2"]


# the archive ----------------------------------------------------------------------------------


@pytest.fixture
def clinic(odoo_db: OdooConnection, tmp_path: Path) -> Iterator[Clinic]:
    """A loaded clinic; patient 1 is a contact that was there before."""
    with rolled_back.clinic(odoo_db, tmp_path, patients=5) as made:
        made.prepare()
        made.migrate()
        yield made


def bring(clinic: Clinic, *names: str) -> ArchiveReport:
    """Let just these records be in the archive."""
    links = [link for name in names if (link := clinic.store.destination.link(name))]
    archiver = Archiver(clinic.odoo, clinic.store, module=MODULE, phase="delta")
    return archiver.bring(links)


def active(clinic: Clinic, *names: str) -> list[bool]:
    """Say of records whether they are not in the archive."""
    found = []
    for name in names:
        link = clinic.store.destination.link(name)
        assert link is not None
        rows = clinic.odoo.search_read(link.model, [["id", "=", link.res_id]], fields=["active"])
        found.append(bool(rows[0]["active"]))
    return found


GONE = ("patient_1", "patient_2", "appointment_3", "appointment_2_event")


def test_what_is_archived_is_archived_once_and_comes_back(clinic: Clinic) -> None:
    """Contacts, leads and events; a second time nothing is done, and back they are as they were."""
    first, second = bring(clinic, *GONE), bring(clinic, *GONE)
    away = active(clinic, *GONE)
    back = bring(clinic, "patient_2")

    assert sorted(first.archived) == sorted(GONE)
    assert (second.archived, second.left) == ([], [])
    assert away == [False] * 4
    assert sorted(back.restored) == sorted({*GONE} - {"patient_2"})
    assert active(clinic, *GONE) == [True, False, True, True]


def test_a_rollback_takes_the_archive_back_too(clinic: Clinic) -> None:
    """The clinic's own contact is not archived any more, and nothing of ours is left."""
    bring(clinic, *GONE)
    plan = clinic.roll_back()

    assert plan.keep == ()
    assert clinic.is_as_before(), clinic.changed()


@pytest.mark.parametrize("arrived", [False, True], ids=["never arrived", "arrived"])
def test_an_archive_call_whose_answer_was_lost_is_seen_to_once(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    """Whether it arrived or not, the records are archived in the end and known to be ours."""
    call = Odoo.call

    def lost(odoo: Odoo, model: str, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401
        if method == "write":
            if arrived:
                call(odoo, model, method, **arguments)
            what = "lost"
            raise OdooOutcomeUnknownError(what)
        return call(odoo, model, method, **arguments)

    monkeypatch.setattr(Odoo, "call", lost)
    with pytest.raises(OdooOutcomeUnknownError):
        bring(clinic, "patient_1", "patient_2")
    monkeypatch.undo()
    again = bring(clinic, "patient_1", "patient_2")

    assert again.left == []
    assert active(clinic, "patient_1", "patient_2") == [False, False]
    assert [one.sure for one in clinic.store.conflicts.archived().values()] == [True, True]
    assert clinic.store.destination.unsettled() == []
    assert bring(clinic).restored == ["patient_1", "patient_2"]


def test_what_people_archived_or_brought_back_is_left_to_them(clinic: Clinic) -> None:
    """A contact somebody archived before us is not ours to bring back, and the other way round."""
    first = clinic.number("patient_2")
    clinic.odoo.call("res.partner", "write", ids=[first], vals={"active": False})
    report = bring(clinic, "patient_2", "patient_3")
    clinic.odoo.call("res.partner", "write", ids=[clinic.number("patient_3")],
                     vals={"active": True})  # fmt: skip
    again = bring(clinic, "patient_2", "patient_3")

    assert (report.archived, report.left) == (["patient_3"], ["patient_2"])
    assert again.archived == []
    assert active(clinic, "patient_2", "patient_3") == [False, True]
    assert bring(clinic).restored == []


def test_an_operation_stands_in_the_run_for_every_call_to_the_archive(clinic: Clinic) -> None:
    """Each is recorded with whom it is about, and what was there before us with an image."""
    bring(clinic, "patient_1", "patient_2")
    bring(clinic)
    done = [
        one for one in clinic.store.destination.operations() if one.kind in {"archive", "restore"}
    ]
    images = [one for one in clinic.store.destination.before_images() if one.field == "active"]
    linked = clinic.store.destination.link("patient_1")

    assert [(one.kind, sorted(one.keys)) for one in done] == [
        ("archive", ["patient_1", "patient_2"]), ("restore", ["patient_1", "patient_2"]),
    ]  # fmt: skip
    assert {one.status for one in done} == {OperationStatus.DONE}
    assert linked is not None
    assert linked.how is How.LINKED
    assert [(one.res_id, one.value) for one in images] == [(linked.res_id, True)]
