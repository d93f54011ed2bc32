"""Clinical fields on a real Odoo: one access group reads them, whichever way the others try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support import real_odoo, small_load
from tests.support.odoo import database
from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import LoadRow
from workbench.odoo import Odoo
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
SECRET = "penicillin and peanuts"
SHOWN = ["x_practicehub_clinical_id", "x_allergies", "x_blood_type"]
OUTSIDERS = {
    # a receptionist, who may export, and an administrator whom nobody put into the group
    "ann": ("base.group_partner_manager", "base.group_allow_export"),
    "boss": ("base.group_system", "base.group_erp_manager", "base.group_allow_export"),
}


@dataclass(frozen=True)
class Clinic:
    """A database with two patients, one of them with allergies; `keys` are outsiders' clinic."""

    connection: OdooConnection
    odoo: Odoo
    store: Store
    patient: int
    other: int
    clinical: int
    keys: dict[str, str]

    def as_(self, login: str, call: str, **arguments: object) -> httpx.Response:
        """Call Odoo over JSON-2 with an outsider's key."""
        return httpx.post(
            f"{self.connection.url}/json/2/{call}", json=arguments, timeout=120,
            headers={"Authorization": f"bearer {self.keys[login]}",
                     "X-Odoo-Database": self.connection.database},
        )  # fmt: skip


@pytest.fixture(scope="module")
def clinic(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """One database for all: what is changed are further patients."""
    assert odoo_server.url  # it is up
    folder = tmp_path_factory.mktemp("clinic")
    with database() as connection, real_odoo.client(connection) as odoo:
        yield made(connection, odoo, folder)


def made(connection: OdooConnection, odoo: Odoo, folder: Path) -> Clinic:
    """Prepare a database and load two patients into it."""
    store = Store(folder / "state.sqlite")
    small_load.prepare(odoo, store, restrict_clinical=True)
    report = small_load.loader(odoo, store, folder).load(patients())
    assert report.created == ["patient_1", "patient_2", "clinical_1"]
    keys = {}
    for login, groups in OUTSIDERS.items():
        real_odoo.person(connection, login, groups=groups).close()
        keys[login] = real_odoo.key_of(connection, login)
    links = {link.external_id: link.res_id for link in store.destination.links()}
    return Clinic(connection, odoo, store, links["patient_1"], links["patient_2"],
                  links["clinical_1"], keys)  # fmt: skip


def patients() -> list[LoadRow]:
    """Give two patients' rows; of the second nothing clinical is known."""
    return small_load.restricted([
        small_load.partner(1, x_allergies=SECRET, x_blood_type="AB-"),
        small_load.partner(2, x_allergies=None, x_blood_type=None),
    ])  # fmt: skip


def reads(clinic: Clinic) -> dict[str, dict[str, object]]:
    """List the ways to read a contact that answer everybody who may read contacts."""
    ids, here = [clinic.patient], [["id", "=", clinic.patient]]
    deep: dict[str, object] = {
        "x_allergies": {},
        "x_practicehub_clinical_id": {"fields": {"x_allergies": {}}},
    }
    exported = ["name", "x_allergies", "x_blood_type", "x_practicehub_clinical_id/x_allergies"]
    return {
        "read": {"ids": ids, "fields": SHOWN},
        "search_read": {"domain": here, "fields": SHOWN},
        "web_read": {"ids": ids, "specification": deep},
        "web_search_read": {"domain": here, "specification": deep},
        "export_data": {"ids": ids, "fields_to_export": exported},
        "name_search": {"name": "Number1"},
        "onchange": {"ids": ids, "values": {"name": "A"}, "field_names": ["name"],
                     "fields_spec": deep},
    }  # fmt: skip


@pytest.mark.parametrize("login", OUTSIDERS)
def test_who_is_outside_the_group_cannot_read_clinical_fields_through_the_api(
    clinic: Clinic, login: str
) -> None:
    """Reading, searching and exporting answer without an error, and without a value."""
    answers = {how: clinic.as_(login, f"res.partner/{how}", **asked)
               for how, asked in reads(clinic).items()}  # fmt: skip
    row = answers["read"].json()[0]

    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(
        answers, 200
    )
    assert all(
        SECRET not in answer.text and "AB-" not in answer.text for answer in answers.values()
    )
    assert {name: row[name] for name in SHOWN} == dict.fromkeys(SHOWN, False)
    assert answers["export_data"].json()["datas"] == [["Person Number1", "", "", ""]]


@pytest.mark.parametrize("login", OUTSIDERS)
def test_who_is_outside_the_group_finds_nobody_by_a_clinical_value(
    clinic: Clinic, login: str
) -> None:
    """Neither a search nor a grouping tells who has which; Odoo refuses to look."""
    refused: dict[str, dict[str, object]] = {
        "search": {"domain": [["x_allergies", "ilike", "peanut"]]},
        "search_count": {"domain": [["x_blood_type", "=", "AB-"]]},
        "search_read": {"domain": [["x_practicehub_clinical_id.x_allergies", "!=", False]],
                        "fields": ["name"]},
        "formatted_read_group": {"domain": [], "groupby": ["x_blood_type"],
                                 "aggregates": ["__count"]},
    }  # fmt: skip
    answers = [clinic.as_(login, f"res.partner/{how}", **asked) for how, asked in refused.items()]

    assert all(answer.status_code != 200 for answer in answers)
    assert all(SECRET not in answer.text and "AB-" not in answer.text for answer in answers)


@pytest.mark.parametrize("login", OUTSIDERS)
def test_who_is_outside_the_group_may_do_nothing_with_clinical_records(
    clinic: Clinic, login: str
) -> None:
    """The model itself refuses to read, count, export, write, make and remove."""
    ids = [clinic.clinical]
    tried: dict[str, dict[str, object]] = {
        "read": {"ids": ids, "fields": ["x_allergies"]},
        "search_count": {"domain": []},
        "web_search_read": {"domain": [], "specification": {"x_allergies": {}}},
        "export_data": {"ids": ids, "fields_to_export": ["x_allergies"]},
        "name_search": {"name": ""},
        "write": {"ids": ids, "vals": {"x_allergies": "none"}},
        "create": {"vals_list": [{"x_partner_id": clinic.other}]},
        "unlink": {"ids": ids},
    }  # fmt: skip
    answers = {how: clinic.as_(login, f"{VAULT}/{how}", **asked) for how, asked in tried.items()}

    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(tried, 403)
    assert all(SECRET not in answer.text for answer in answers.values())


@pytest.mark.parametrize("login", OUTSIDERS)
def test_who_is_outside_the_group_sees_no_clinical_field_on_a_screen(
    clinic: Clinic, login: str
) -> None:
    """The receptionist's form, list and filters leave health out and show the rest."""
    views = clinic.as_(
        login, "res.partner/get_views", views=[[False, "form"], [False, "list"], [False, "search"]]
    ).json()["views"]

    assert not any(name in view["arch"] for view in views.values() for name in SHOWN)
    assert "x_clinic_location" in views["form"]["arch"]


def test_a_member_of_the_group_sees_everything_where_it_is_looked_for(clinic: Clinic) -> None:
    """On the contact, in an export, on the form; from there the clinical record can be opened."""
    asked = reads(clinic)
    row = clinic.odoo.call("res.partner", "read", **asked["read"])[0]
    exported = clinic.odoo.call("res.partner", "export_data", **asked["export_data"])["datas"]
    form = clinic.odoo.call("res.partner", "get_views", views=[[False, "form"]])["views"]["form"]
    records = clinic.odoo.call(VAULT, "get_views", views=[[False, "form"], [False, "list"]])[
        "views"
    ]
    found = clinic.odoo.call(VAULT, "search", domain=[["x_allergies", "ilike", "peanut"]])

    assert [row[name] for name in SHOWN] == [
        [clinic.clinical, "Person Number1"], SECRET, "AB-"
    ]  # fmt: skip
    assert exported == [["Person Number1", SECRET, "AB-", SECRET]]
    assert all(name in form["arch"] for name in SHOWN)
    assert all(name in records["form"]["arch"] for name in ("x_partner_id", *SHOWN[1:]))
    assert found == [clinic.clinical]


def test_whoever_is_put_into_the_group_reads_at_once_and_no_longer_when_taken_out(
    clinic: Clinic,
) -> None:
    """Odoo keeps no copy of a value beyond the person who may read it."""
    group = clinic.odoo.search_read(
        "res.groups", [["name", "=", "PracticeHub clinical"]], fields=["id"]
    )
    ann = clinic.odoo.search_read("res.users", [["login", "=", "ann"]], fields=["id"])[0]["id"]
    seen = []
    for command in (4, 3):
        clinic.odoo.call("res.groups", "write", ids=[group[0]["id"]],
                      vals={"user_ids": [[command, ann]]})  # fmt: skip
        answer = clinic.as_("ann", "res.partner/read", ids=[clinic.patient], fields=["x_allergies"])
        seen.append(answer.json()[0]["x_allergies"])

    assert seen == [SECRET, False]


def test_a_copied_contact_takes_no_clinical_value_along(clinic: Clinic) -> None:
    """A copy, by whomever, has no clinical record."""
    theirs = clinic.as_("ann", "res.partner/copy", ids=[clinic.patient]).json()
    ours = clinic.odoo.call("res.partner", "copy", ids=[clinic.patient])
    rows = clinic.odoo.call("res.partner", "read", ids=[*theirs, *ours], fields=SHOWN)

    assert [row[name] for row in rows for name in SHOWN] == [False] * 6


def test_a_clinical_record_made_by_hand_shows_on_its_contact(clinic: Clinic) -> None:
    """Staff add one for a patient who came after the migration, and what they write is there."""
    patient = clinic.odoo.call("res.partner", "create", vals_list=[{"name": "New Patient"}])[0]
    number = clinic.odoo.call(
        VAULT, "create", vals_list=[{"x_partner_id": patient, "x_allergies": "latex"}]
    )[0]
    clinic.odoo.call(VAULT, "write", ids=[number], vals={"x_blood_type": "O+"})
    row = clinic.odoo.call("res.partner", "read", ids=[patient], fields=SHOWN)[0]

    assert [row[name] for name in SHOWN] == [[number, "New Patient"], "latex", "O+"]


def test_a_value_that_the_source_emptied_is_emptied_on_the_clinical_record(
    clinic: Clinic, tmp_path: Path
) -> None:
    """The record stays, since a person may have written on it, and holds nothing of ours."""
    number = loaded(clinic, tmp_path, 3)
    row = small_load.partner(3, x_allergies=None, x_blood_type=None)
    rows = small_load.restricted([row], there=True)
    report = small_load.loader(clinic.odoo, clinic.store, tmp_path).load(rows)
    held = clinic.odoo.call(VAULT, "read", ids=[number], fields=SHOWN[1:])[0]

    assert report.updated == ["clinical_3"]
    assert [held[name] for name in SHOWN[1:]] == [False, False]


def test_with_the_contact_its_clinical_record_goes(clinic: Clinic, tmp_path: Path) -> None:
    """A patient who is removed in Odoo leaves nothing clinical behind."""
    number = loaded(clinic, tmp_path, 4)
    link = clinic.store.destination.link("patient_4")
    assert link is not None
    clinic.odoo.call("res.partner", "unlink", ids=[link.res_id])

    assert clinic.odoo.call(VAULT, "search_count", domain=[["id", "=", number]]) == 0


def loaded(clinic: Clinic, folder: Path, number: int) -> int:
    """Load one more patient; give the number of the clinical record."""
    rows = small_load.restricted([small_load.partner(number, x_allergies="dust")])
    small_load.loader(clinic.odoo, clinic.store, folder).load(rows)
    link = clinic.store.destination.link(f"clinical_{number}")
    assert link is not None
    return link.res_id
