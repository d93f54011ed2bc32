"""The loader on a real Odoo: bad rows, people's edits, quiet writes, read-back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import real_odoo, small_load
from tests.support.odoo import database
from workbench.errors import GateError, LookupFailedError
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo import (
    Loader,
    LoadReport,
    Lookups,
    NewLink,
    Odoo,
    read_back,
    resolved,
)
from workbench.sandbox.odoo import OdooConnection, add_users
from workbench.state import How, Store

pytestmark = pytest.mark.odoo
MODULE = small_load.MODULE
partner, lead, message = small_load.partner, small_load.lead, small_load.message


@dataclass
class Bench:
    """A prepared database, a run, and calls counted."""

    connection: OdooConnection
    odoo: Odoo
    store: Store
    folder: Path
    calls: list[tuple[str, str]]

    @property
    def lookups(self) -> Lookups:
        """References as they lead now."""
        return Lookups(self.odoo, store=self.store, module=MODULE)

    def load(self, *rows: LoadRow) -> LoadReport:
        """Load rows."""
        loader = self.loader()
        self.calls.clear()
        return loader.load(rows)

    def loader(self, *, lookups: Lookups | None = None) -> Loader:
        """Give the loader of the phase migrate."""
        return small_load.loader(self.odoo, self.store, self.folder, lookups=lookups)

    def value(self, key: str, field: str) -> object:
        """Read one field of one of our records."""
        link = self.store.destination.link(key)
        assert link is not None
        return self.odoo.call(link.model, "read", ids=[link.res_id], fields=[field])[0][field]

    def loads(self) -> int:
        """Count the calls of load()."""
        return sum(method == "load" for _, method in self.calls)


@pytest.fixture(scope="module")
def prepared(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[OdooConnection, Odoo]]:
    """One database with the schema in it, for the cases of this module."""
    with database() as connection, real_odoo.client(connection) as odoo:
        store = Store(tmp_path_factory.mktemp("prepare") / "state.sqlite")
        small_load.prepare(odoo, store)
        store.close()
        yield connection, odoo


@pytest.fixture
def bench(prepared: tuple[OdooConnection, Odoo], tmp_path: Path) -> Iterator[Bench]:
    """A run of its own; what it loaded is removed afterwards."""
    connection, odoo = prepared
    store = Store(tmp_path / "state.sqlite")
    calls: list[tuple[str, str]] = []
    odoo._on_call = lambda model, method, _: calls.append((model, method))
    yield Bench(connection, odoo, store, tmp_path, calls)
    for model in ("mail.message", "ir.attachment", "calendar.event", "crm.lead", "res.partner"):
        ids = [link.res_id for link in store.destination.links(model=model)]
        if ids:
            odoo.call(model, "unlink", ids=ids)
    store.close()


BAD = {
    "no name": {"name": None},
    "an unknown selection value": {"x_blood_type": "Z+"},
    "a year that cannot be": {"x_date_of_birth": "20024-01-01"},
    "a NUL in the text": {"street": "Dorps\x00straat"},
    "half a character": {"street": "Dorps\ud800straat"},
    "a text for a number of a record": {"country_id": Ref(RefKind.COUNTRY, "XX")},
    "a field that is not there": {"x_no_such": "1"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_reported_and_the_rest_lands_in_bulk(
    bench: Bench, changes: dict[str, str]
) -> None:
    """Forty-nine good patients are not held up by one that Odoo refuses."""
    rows = [partner(number) for number in range(1, 51)]
    rows[24] = partner(25, **changes)
    report = bench.load(*rows)

    assert [item.external_id for item in report.refused] == ["patient_25"]
    assert len(report.created) == 49
    assert bench.loads() <= 3
    assert bench.store.destination.unsettled() == []


def test_a_refusal_says_field_and_reason_and_no_value(bench: Bench) -> None:
    """What is refused can be shown to anybody."""
    report = bench.load(partner(1, x_blood_type="Zebra positive"), partner(2, name=None))
    by_id = {item.external_id: item for item in report.refused}

    assert by_id["patient_1"].field == "x_blood_type"
    assert "text of 14 characters" in by_id["patient_1"].reason
    assert "Zebra" not in by_id["patient_1"].reason
    assert "require a name" in by_id["patient_2"].reason


def test_many_bad_rows_hide_no_later_one(bench: Bench) -> None:
    """Odoo stops counting at ten errors; every bad row is found all the same."""
    bad = set(range(1, 60, 4))
    report = bench.load(
        *(partner(number, **({"name": None} if number in bad else {})) for number in range(60))
    )

    assert {item.source_id for item in report.refused} == {str(number) for number in bad}
    assert len(report.created) == 45


def test_texts_of_any_length_and_script_arrive_whole(bench: Bench) -> None:
    """A 300-character name, per cent signs and right-to-left text are not touched."""
    names = ["N" * 300, "100% sure %s %(x)d", "محمد علي", "李雷 \U0001f600", 'O\'Brien "Bo"']
    bench.load(*(partner(number, name=name) for number, name in enumerate(names)))

    assert [bench.value(f"patient_{number}", "name") for number in range(5)] == names


def test_what_is_read_back_is_what_was_expected(bench: Bench) -> None:
    """References, times in UTC, HTML, booleans and selections, of every model."""
    rows = list(small_load.clinic(bench.folder, patients=8))
    report = bench.load(*rows)
    lookups = bench.lookups
    different = []
    for model in {row.model for row in rows}:
        expected = {row.external_id: row for row in rows if row.model == model}
        names = sorted({name for row in expected.values() for name in row.values})
        fields = bench.odoo.fields(model)
        for key, actual in read_back(bench.odoo, bench.store, model, names):
            assert actual is not None
            different += [
                (key, name)
                for name, value in expected[key].values.items()
                if actual[name]
                != resolved(value, kind=fields[name]["type"], resolve=lookups.resolve)
            ]

    assert report.refused == []
    assert different == []


def test_a_record_that_was_deleted_in_odoo_is_read_back_as_absent(bench: Bench) -> None:
    """Absent is said, never shown as empty values."""
    bench.load(partner(1), partner(2))
    link = bench.store.destination.link("patient_1")
    assert link is not None
    bench.odoo.call("res.partner", "unlink", ids=[link.res_id])
    found = dict(read_back(bench.odoo, bench.store, "res.partner", ["name"]))
    report = bench.load(partner(1, city="Leiden"))
    bench.store.destination.remove_links(["patient_1"])

    assert found["patient_1"] is None
    assert found["patient_2"] == {"name": "Person Number2"}
    assert "deleted in Odoo" in report.refused[0].reason


def test_a_second_load_of_the_same_rows_costs_no_call(bench: Bench) -> None:
    """Finished work is known from the run's own state."""
    rows = list(small_load.clinic(bench.folder, patients=8))
    bench.load(*rows)
    report = bench.load(*rows)

    assert len(report.unchanged) == len(rows)
    assert bench.calls == []


def test_only_what_differs_is_written_and_equal_changes_together(bench: Bench) -> None:
    """Ten patients whose city changed alike are one write; the others are none."""
    bench.load(*(partner(number) for number in range(1, 31)))
    report = bench.load(
        *(
            partner(number, **({"city": "Leiden"} if number <= 10 else {}))
            for number in range(1, 31)
        )
    )

    assert len(report.updated) == 10
    assert [call for call in bench.calls if call[1] == "write"] == [("res.partner", "write")]
    assert bench.loads() == 0


def test_what_a_person_changed_in_odoo_is_not_overwritten(bench: Bench) -> None:
    """The source changes the city; the telephone that a person corrected in Odoo stays."""
    bench.load(partner(1))
    link = bench.store.destination.link("patient_1")
    assert link is not None
    bench.odoo.call("res.partner", "write", ids=[link.res_id], vals={"phone": "0031"})
    report = bench.load(partner(1, city="Leiden"))

    assert report.updated == ["patient_1"]
    assert bench.value("patient_1", "phone") == "0031"
    assert bench.value("patient_1", "city") == "Leiden"


def test_a_field_changed_on_both_sides_is_kept_and_listed_until_decided(bench: Bench) -> None:
    """Odoo's value stays, and every load says so again."""
    bench.load(partner(1))
    link = bench.store.destination.link("patient_1")
    assert link is not None
    bench.odoo.call("res.partner", "write", ids=[link.res_id], vals={"phone": "0031"})
    reports = [bench.load(partner(1, phone="+31 6 1")) for _ in range(2)]

    assert [[(kept.external_id, kept.field) for kept in report.kept] for report in reports] == [
        [("patient_1", "phone")]
    ] * 2
    assert bench.value("patient_1", "phone") == "0031"


def test_a_contact_that_was_there_gets_only_what_it_lacked(bench: Bench) -> None:
    """Its own telephone stays, its empty street is filled, its tags are added to."""
    tag = bench.odoo.call("res.partner.category", "create", vals_list=[{"name": "VIP"}])
    contact = bench.odoo.call("res.partner", "create", vals_list=[{
        "name": "Person Number1", "phone": "0031", "category_id": [[6, 0, tag]],
    }])[0]  # fmt: skip
    link = NewLink("patient_1", "res.partner", contact, "patients", "1", How.LINKED)
    bench.loader().link([link])
    report = bench.load(partner(1))
    values = bench.odoo.call("res.partner", "read", ids=[contact],
                             fields=["phone", "street", "category_id"])[0]  # fmt: skip

    assert {kept.field for kept in report.kept} == {"phone", "lang"}
    assert (values["phone"], values["street"]) == ("0031", "Dorpsstraat 1")
    assert len(values["category_id"]) == 2


def test_an_external_id_leads_to_one_record_only(bench: Bench) -> None:
    """Linking a patient to a second contact is refused before anything is sent."""
    bench.load(partner(1), partner(2))
    second = bench.store.destination.link("patient_2")
    assert second is not None
    loader = bench.loader()
    with pytest.raises(GateError, match="patient_1"):
        loader.link([NewLink("patient_1", "res.partner", second.res_id, "patients", "1",
                             How.MERGED)])  # fmt: skip


def test_nobody_is_told_anything(bench: Bench) -> None:
    """No mail, no notification, no follower, no activity comes of a whole load."""
    models = ("mail.mail", "mail.notification", "mail.followers", "mail.activity")

    def count() -> dict[str, int]:
        return {model: bench.odoo.call(model, "search_count", domain=[]) for model in models}

    add_users(bench.connection, [("Dr. Example", "doctor@example.com")])
    before = count()
    bench.load(
        partner(1),
        lead(1, 1, user_id=Ref(RefKind.USER, "doctor@example.com")),
        small_load.event(1, 1),
        message(1, 1),
    )

    assert count() == before
    user = bench.value("appointment_1", "user_id")
    assert isinstance(user, list)
    assert user[1] == "Dr. Example"


def test_a_child_of_a_refused_patient_is_refused_too(bench: Bench) -> None:
    """A visit is not made without its patient by accident."""
    report = bench.load(partner(1, name=None), lead(1, 1))

    assert [item.external_id for item in report.refused] == ["patient_1", "appointment_1"]
    assert "patient_1" in report.refused[1].reason


def test_a_stage_renamed_during_the_load_is_still_the_stage(bench: Bench) -> None:
    """Stages are looked up once; a person who renames one meanwhile breaks nothing."""
    lookups = bench.lookups
    number = lookups.resolve(Ref(RefKind.STAGE, "Missed"))
    bench.odoo.call("crm.stage", "write", ids=[number], vals={"name": "No show"})
    report = bench.loader(lookups=lookups).load([partner(1), lead(2, 1)])
    stage = bench.value("appointment_2", "stage_id")
    bench.odoo.call("crm.stage", "write", ids=[number], vals={"name": "Missed"})

    assert report.refused == []
    assert stage == [number, "No show"]


def test_an_archived_user_is_no_user(bench: Bench) -> None:
    """A visit for somebody who left is refused by name of the login, before it is sent."""
    add_users(bench.connection, [("Former", "former@example.com")])
    found = bench.odoo.call("res.users", "search", domain=[["login", "=", "former@example.com"]])
    bench.odoo.call("res.users", "write", ids=found, vals={"active": False})
    report = bench.load(partner(1), lead(1, 1, user_id=Ref(RefKind.USER, "former@example.com")))

    assert [(item.external_id, item.field) for item in report.refused] == [
        ("appointment_1", "user_id")
    ]


def test_progress_is_told_and_reaches_every_row(bench: Bench) -> None:
    """The person who waits sees how far it is."""
    seen: list[int] = []
    bench.loader().load([partner(number) for number in range(1, 601)], on_progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 600
    assert len(set(seen)) >= 3


def test_lookups_find_countries_states_users_and_contacts(bench: Bench) -> None:
    """By code, by name, by login, by e-mail; what two records share leads nowhere."""
    made = bench.odoo.call("res.partner", "create", vals_list=[
        {"name": "Dr. Referrer", "email": "referrer@example.net"},
        {"name": "Family A", "email": "family@example.net"},
        {"name": "Family B", "email": "family@example.net"},
        {"name": "Health & Co", "is_company": True},
    ])  # fmt: skip
    lookups = bench.lookups
    contacts = lookups.contacts(["Referrer@example.net", "family@example.net", "no@example.net"])
    companies = lookups.companies(["health & co", "Nobody Inc"])
    state = lookups.resolve(Ref(RefKind.STATE, "US/California"))
    bench.odoo.call("res.partner", "unlink", ids=made)

    assert contacts == {"Referrer@example.net": made[0]}
    assert companies == {"health & co": made[3]}
    assert state == lookups.resolve(Ref(RefKind.STATE, "US/CA"))
    assert "nl_NL" in lookups.languages()
    assert "admin" in lookups.users()
    assert lookups.note_subtype()
    with pytest.raises(LookupFailedError, match=r"nobody@example\.com"):
        lookups.resolve(Ref(RefKind.USER, "nobody@example.com"))


def test_what_two_records_share_or_what_is_archived_is_never_guessed(bench: Bench) -> None:
    """A first hit is never taken: the reason says that there are several, or an archived one."""
    odoo = bench.odoo
    country = odoo.call("res.country", "search", domain=[["code", "=", "NL"]])[0]
    twins = [{"name": "Twin"}, {"name": "twin"}]
    made = {
        "crm.stage": odoo.call("crm.stage", "create", vals_list=twins),
        "res.partner.category": odoo.call("res.partner.category", "create", vals_list=[
            *twins, {"name": "Gone", "active": False}, {"name": "Half", "active": False},
            {"name": "Half"},
        ]),
        "res.country.state": odoo.call("res.country.state", "create", vals_list=[
            {"name": "Twin", "code": code, "country_id": country} for code in ("T1", "T2")
        ]),
        "res.partner": odoo.call("res.partner", "create", vals_list=[
            {"name": "Old Mill", "is_company": True, "active": False},
        ]),
    }  # fmt: skip
    lookups = bench.lookups
    reasons = {}
    for ref in (Ref(RefKind.STAGE, "Twin"), Ref(RefKind.TAG, "Twin"), Ref(RefKind.TAG, "Gone"),
                Ref(RefKind.STATE, "NL/Twin"), Ref(RefKind.TAG, "Nobody's")):  # fmt: skip
        with pytest.raises(LookupFailedError) as told:
            lookups.resolve(ref)
        reasons[str(ref)] = told.value.what
    half = lookups.resolve(Ref(RefKind.TAG, "Half"))
    by_code = lookups.resolve(Ref(RefKind.STATE, "NL/T2"))
    companies = lookups.companies(["Old Mill"])
    for model, ids in made.items():
        odoo.call(model, "unlink", ids=ids)

    assert reasons == {
        "stage:Twin": "In Odoo there are several for the stage 'Twin'.",
        "tag:Twin": "In Odoo there are several for the tag 'Twin'.",
        "tag:Gone": "In Odoo the tag 'Gone' is archived.",
        "state:NL/Twin": "In Odoo there are several for the state.",
        "tag:Nobody's": 'In Odoo there is no tag "Nobody\'s".',
    }
    assert half == made["res.partner.category"][4]
    assert by_code == made["res.country.state"][1]
    assert companies == {}


def test_a_change_that_odoo_refuses_leaves_the_record_as_it_was(bench: Bench) -> None:
    """It is refused and said so; the record stands, and the next load tries again."""
    bench.load(partner(1, x_blood_type="O+"))
    reports = [bench.load(partner(1, x_blood_type="Zebra", city="Leiden")) for _ in range(2)]

    assert [[(item.external_id, item.stands) for item in report.refused] for report in reports] == [
        [("patient_1", True)]
    ] * 2
    assert bench.value("patient_1", "x_blood_type") == "O+"


def test_a_note_has_no_address_to_reply_to(bench: Bench) -> None:
    """Nobody is to answer a note of the past by mail; and Odoo is spared to look for one."""
    bench.load(partner(1), message(1, 1))

    assert bench.value("clinical_note_1", "reply_to") is False


def test_a_user_added_during_a_load_disturbs_nothing(bench: Bench) -> None:
    """People go on working in Odoo while the load runs."""
    rows = [partner(number) for number in range(1, 401)]
    worker = threading.Thread(
        target=add_users, args=(bench.connection, [("Late", "late@example.com")])
    )
    worker.start()
    report = bench.load(*rows)
    worker.join()

    assert len(report.created) == 400
