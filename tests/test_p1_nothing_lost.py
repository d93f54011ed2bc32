"""P1: every record has exactly one fate, every field its value, every file its bytes.

Judged on a whole migration (200 patients, about 1,100 visits), asked of Odoo over its own API
and held against the clinic that was generated, not against the workbench's tables.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.journey import truth
from tests.journey.support import BRIEF, Brief, Journey
from tests.support import real_odoo, small_load
from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import LoadRow, Value
from workbench.odoo import Lookups, Odoo, read_back
from workbench.proof import Comparer, Match, Origin
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import OdooConnection
from workbench.state import IssueKind, Store

pytest_plugins = ["tests.journey.fixtures"]
pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group(BRIEF)]

USERS = len(practitioner_accounts())


@pytest.fixture(scope="module")
def journey(brief: Brief) -> Journey:
    """Give the finished migration."""
    return brief.journey


@pytest.fixture(scope="module")
def partners(journey: Journey) -> dict[str, dict[str, Any]]:
    """Read all patients in Odoo, by their id in PracticeHub."""
    return journey.of_source(
        "res.partner", "patient", "name", "ref", "email", "phone", "x_mobile", "street", "city",
        "zip", "country_id", "category_id", "x_practicehub_id", "x_practicehub_created",
        "x_date_of_birth", "x_blood_type", "x_allergies", "x_contact_status",
        "x_clinic_location", "x_policy_number", "x_prescription_summary",
    )  # fmt: skip


def test_every_resources_sum_closes(brief: Brief) -> None:
    """Distinct equals created + updated + merged + excluded + rejected, and nothing is open."""
    terms = [*brief.status["resources"].values(), brief.status["files"]]

    assert len(terms) == 15
    assert all(one["distinct"] == sum(one[fate] for fate in truth.FATES) for one in terms)
    assert {one["unresolved"] for one in terms} == {0}


def test_the_terms_are_those_of_the_clinic(brief: Brief) -> None:
    """Each count is what a second reckoning over the generated clinic gives."""
    clinic = brief.journey.clinic
    distinct = {name: one["distinct"] for name, one in brief.status["resources"].items()}

    assert distinct == clinic.counts()
    assert truth.told(brief.status) == truth.fates(clinic, users=USERS)


def test_every_fate_can_be_listed_record_by_record(brief: Brief, journey: Journey) -> None:
    """Behind each number stand just as many distinct records, each in the clinic."""
    listed: dict[str, dict[str, set[str]]] = {}
    for one in journey.store.proof.outcomes():
        listed.setdefault(one.resource, {}).setdefault(one.fate.value, set()).add(one.source_id)
    ids = {name: {str(one["id"]) for one in journey.clinic[name]} for name in journey.clinic}
    for resource, terms in brief.status["resources"].items():
        fates = listed[resource]

        assert {name: len(of) for name, of in fates.items()} == {
            name: terms[name] for name in truth.FATES if terms[name]
        }
        assert set().union(*fates.values()) == ids[resource]


def test_what_is_left_out_has_a_reason(journey: Journey) -> None:
    """Nothing is excluded, rejected or merged without a word of why."""
    silent = [one for one in journey.store.proof.outcomes()
              if one.fate.value in {"excluded", "rejected"} and not one.reason]  # fmt: skip

    assert silent == []


def test_just_the_patients_that_were_typed_twice_are_merged(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """Both entries lead to one contact; families and people of one name stay apart."""
    by_record: dict[int, set[str]] = {}
    for source, row in partners.items():
        by_record.setdefault(row["id"], set()).add(source)
    together = {frozenset(one) for one in by_record.values() if len(one) > 1}

    assert set(partners) == truth.known(journey.clinic)
    assert together == {frozenset(pair) for pair in truth.twins(journey.clinic).items()}


def test_every_patient_arrived_field_by_field(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """Name, number, e-mail, address, birth date, blood type, allergies: for all 197 of them."""
    clinic, gone = journey.clinic, set(truth.twins(journey.clinic))
    fields = {
        "ref": "patient_number", "street": "address_line_1", "city": "city", "zip": "zip",
        "x_blood_type": "blood_type", "x_allergies": "allergies",
        "x_contact_status": "contact_status", "x_clinic_location": "clinic_location",
        "x_policy_number": "policy_number", "x_date_of_birth": "date_of_birth",
    }  # fmt: skip
    shown = {name: journey.labels("res.partner", name)
             for name in ("x_contact_status", "x_clinic_location")}  # fmt: skip
    wrong = []
    for record in clinic["patients"]:
        source = str(record["id"])
        if source in gone:
            continue
        row = partners[source]
        assert row["x_practicehub_id"] == source
        assert row["name"] == truth.full_name(record)
        assert row["x_practicehub_created"] == truth.utc(str(record["created"]))
        for target, name in fields.items():
            expected = truth.kept(clinic, source, name) - {"0000-00-00"} or {""}
            stands = shown[target][row[target]] if target in shown else row[target] or ""
            if stands not in expected:
                wrong.append((source, target))
        if (row["email"] or "").casefold() not in {
            one.casefold() for one in truth.kept(clinic, source, "email")
        }:
            wrong.append((source, "email"))

    assert wrong == []


def test_every_telephone_number_arrived(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """However a number was typed, its digits stand on the contact."""
    clinic, gone = journey.clinic, set(truth.twins(journey.clinic))
    wrong = [
        (source, target)
        for source in truth.known(clinic) - gone
        for target, name in (("phone", "phone"), ("x_mobile", "mobilephone"))
        if truth.digits(partners[source][target])
        not in {truth.digits(one) for one in truth.kept(clinic, source, name)}
    ]

    assert wrong == []


def test_every_patient_has_the_tag(journey: Journey, partners: dict[str, dict[str, Any]]) -> None:
    """All contacts that came from PracticeHub can be found under one tag, and only they."""
    tags = journey.rows("res.partner.category", [["name", "=", "PracticeHub patient"]], "name")
    tagged = journey.rows("res.partner", [["category_id", "in", [tags[0]["id"]]]], "name")

    assert len(tags) == 1
    assert {row["id"] for row in tagged} == {row["id"] for row in partners.values()}


def test_every_prescription_stands_on_its_patient(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """Medication, dosage, frequency, doctor and an outside pharmacy's number are all there."""
    lost = [
        one["id"]
        for one in journey.clinic["prescriptions"]
        for text in [partners[str(one["patient_id"])]["x_prescription_summary"] or ""]
        if not all(str(one[name]) in text for name in (
            "medication_name", "dosage", "frequency", "prescribing_doctor", "prescription_date"))
        or (one["pharmacy_reference"] or "") not in text
    ]  # fmt: skip

    assert lost == []


def test_every_visit_arrived_with_patient_stage_user_and_time(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """For all visits: whose, in which stage, with whom, when in UTC, and what it was."""
    clinic = journey.clinic
    logins = {row["id"]: row["login"] for row in journey.rows("res.users", [], "login")}
    accounts = {email for _, email in practitioner_accounts()}
    staff = {one["id"]: one for one in clinic["practitioners"]}
    places = journey.labels("crm.lead", "x_clinic_location")
    leads = journey.of_source(
        "crm.lead", "appointment", "name", "type", "partner_id", "user_id", "stage_id",
        "x_appointment_time", "x_appointment_end", "x_practitioner", "x_planned_date",
        "x_reminder_sent", "x_visit_type", "x_clinic_location", "x_practicehub_id",
        "x_practicehub_created",
    )  # fmt: skip
    wrong: list[tuple[str, str]] = []
    for visit in clinic["appointments"]:
        source, patient = str(visit["id"]), visit["patient_id"]
        if patient is None:
            assert source not in leads
            continue
        row = leads.pop(source)
        who = staff[visit["practitioner_id"]]
        login = str(who["email"]).lower()
        begins = truth.utc(f"{visit['appointment_date']} {visit['appointment_time']}:00")
        partner = partners.get(str(patient), {"id": None})["id"]
        facts = {
            "partner_id": (row["partner_id"] or [None])[0] == partner,
            "user_id": logins.get((row["user_id"] or [0])[0])
            == (login if login in accounts else None),
            "stage_id": row["stage_id"][1] == visit["visit_status"],
            "x_appointment_time": row["x_appointment_time"] == begins,
            "x_appointment_end": row["x_appointment_end"]
            == truth.later(begins, int(str(visit["duration"]))),
            "x_practitioner": row["x_practitioner"] == truth.full_name(who),
            "x_planned_date": (row["x_planned_date"] or None) == visit["planned_date"],
            "x_reminder_sent": row["x_reminder_sent"] == bool(visit["reminder_sent"]),
            "x_visit_type": (row["x_visit_type"] or None) == visit["visit_type"],
            "x_clinic_location": places[row["x_clinic_location"]] == visit["clinic_location"],
            "x_practicehub_id": row["x_practicehub_id"] == source,
            "x_practicehub_created": row["x_practicehub_created"]
            == truth.utc(str(visit["created"])),
            "type": row["type"] == "opportunity",
            "name": str(visit["visit_type"] or "") in row["name"],
        }
        wrong += [(source, name) for name, good in facts.items() if not good]

    assert wrong == []
    assert leads == {}


def test_every_note_arrived_with_its_words_its_patient_and_its_time(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """Notes, logs, forms, plans, invoices, payments and packages: all words, original time."""
    wrong: list[tuple[str, str]] = []
    for resource, prefix in truth.NOTES.items():
        notes = journey.of_source(
            "mail.message", prefix, "model", "res_id", "date", "body", "author_id", "message_type"
        )
        for record in truth.of_known(journey.clinic, resource):
            row = notes.pop(str(record["id"]))
            partner = partners[truth.patient_of(record) or ""]["id"]
            facts = {
                "patient": (row["model"], row["res_id"]) == ("res.partner", partner),
                "time": row["date"] == truth.utc(record["created"]),
                "author": row["author_id"] is False,
                "type": row["message_type"] == "comment",
                "words": truth.said_in(record) <= truth.words(row["body"]),
            }
            wrong += [(f"{prefix}_{record['id']}", name) for name, good in facts.items()
                      if not good]  # fmt: skip
        assert notes == {}, resource

    assert wrong == []


def test_every_file_arrived_to_the_byte(
    journey: Journey, partners: dict[str, dict[str, Any]]
) -> None:
    """Checksum, size and patient of every attachment; and no attachment more.

    Odoo keeps no checksum of an empty file.
    """
    papers = truth.papers(journey.clinic)
    ids = journey.external_ids("ir.attachment")
    ours = sorted({row["id"] for row in partners.values()})
    stored = {row["id"]: row for row in journey.rows(
        "ir.attachment", [["res_model", "=", "res.partner"], ["res_id", "in", ours]],
        "checksum", "file_size", "res_id")}  # fmt: skip
    owner = {
        f"{prefix}_{record['id']}": partners[str(record["patient_id"])]["id"]
        for resource, prefix in truth.PAPERS.items()
        for record in truth.of_known(journey.clinic, resource)
    }
    found = {name: stored[ids[name]] for name in papers}

    assert len(papers) == 316
    assert set(ids) == set(papers)
    assert len(stored) == len(papers)
    assert {name: (row["checksum"], row["file_size"], row["res_id"]) for name, row in found.items()
            } == {name: (truth.sha1(content) if content else False, len(content), owner[name])
                  for name, content in papers.items()}  # fmt: skip


@pytest.mark.parametrize("which", ["panorama wervelkolom.png", "leeg.txt", "links.png"])
def test_an_odd_file_can_be_opened_in_odoo(journey: Journey, which: str) -> None:
    """The very large image, the empty file and the one with a path for a name give their bytes."""
    record = next(one for one in journey.clinic["files"]
                  if str(one["file_name"]).endswith(which))  # fmt: skip
    name = f"file_{record['id']}"
    number = journey.external_ids("ir.attachment")[name]
    row = journey.rows("ir.attachment", [["id", "=", number]], "name", "datas")[0]

    assert base64.b64decode(row["datas"] or b"") == truth.papers(journey.clinic)[name]
    assert which in row["name"]


def test_every_mapped_field_of_every_record_was_read_back_and_equals(journey: Journey) -> None:
    """No cell differs, and no field of the map was left out of the comparison."""
    verdicts = journey.store.proof.verdicts("all")
    compared = {f"{one.model}.{one.field}" for one in verdicts}
    clinical = {one.field for one in verdicts if one.model == VAULT}
    compared |= {f"res.partner.{name}" for name in clinical}  # where contacts show them from
    rules = {one.rule for one in verdicts if one.verdict == "tolerated"}
    targets = {row["to"] for row in _map(journey).values() if row["as"] == "mapped"}
    per_model = {model: max(one.count for one in verdicts if one.model == model)
                 for model in {one.model for one in verdicts}}  # fmt: skip

    assert {one.verdict for one in verdicts} <= {"equal", "tolerated"}
    assert all(rules), "a tolerance without a name"
    assert targets <= compared
    assert per_model["res.partner"] == 197
    assert 100 < per_model[VAULT] <= 197
    assert "x_date_of_birth" in clinical
    assert per_model["ir.attachment"] == 316


def test_whatever_somebody_alters_in_odoo_is_named_different(
    odoo_db: OdooConnection, tmp_path: Path
) -> None:
    """One cell of every kind is altered, and the comparison names just these and no other."""
    store = Store(tmp_path / "state.sqlite")
    rows = _rows(tmp_path)
    with real_odoo.client(odoo_db) as odoo:
        small_load.prepare(odoo, store)
        report = small_load.loader(odoo, store, tmp_path).load(rows)
        # Odoo reckons these itself; what is expected of them is known all the same
        bytes_of: dict[str, Value] = {"checksum": truth.sha1(LETTER), "file_size": len(LETTER)}
        rows = [replace(row, values={**row.values, **bytes_of}) if row.blob else row
                for row in rows]  # fmt: skip
        before = _different(odoo, store, rows)
        for key, values in ALTERED.items():
            link = store.destination.link(key)
            assert link is not None
            odoo.call(link.model, "write", ids=[link.res_id], vals=values)
        gone = store.destination.link("clinical_note_2")
        assert gone is not None
        odoo.call("mail.message", "unlink", ids=[gone.res_id])
        after = _different(odoo, store, rows)
    store.close()

    assert report.refused == []
    assert before == set()
    assert after == {("clinical_note_2", "*", "absent")} | {
        (key, TELLS.get(name, name), "") for key, values in ALTERED.items() for name in values
    } | {("file_1", "file_size", "")}  # fmt: skip


LETTER, OTHER_LETTER = b"%PDF-1.4 a letter", b"%PDF-1.4 another letter"
TELLS = {"datas": "checksum"}
"""Field written → the field that tells of it."""
ALTERED: dict[str, dict[str, object]] = {
    "patient_1": {
        "street": "Dorpsstraat 1a", "comment": "<p>Prefers <b>mornings</b>.</p>",
        "x_allergies": "pollen", "x_date_of_birth": "1980-01-16",
        "x_practicehub_created": "2024-03-31 02:30:00", "x_clinic_location": "South",
        "lang": "en_US", "color": 4, "partner_latitude": 52.0908, "country_id": 1,
        "category_id": [[6, 0, []]],
    },
    "patient_2": {"street": False, "x_date_of_birth": False, "country_id": False, "color": 0},
    "appointment_1": {"x_reminder_sent": True, "stage_id": 1, "partner_id": False},
    "appointment_2": {"x_reminder_sent": False, "x_appointment_time": "2025-06-01 08:45:00"},
    "appointment_1_event": {
        "start": "2025-06-01 07:50:00", "stop": "2025-06-01 08:20:00", "partner_ids": [[6, 0, []]],
    },
    "clinical_note_1": {"body": "<p>Note 1: feels <b>worse</b>.</p>", "res_id": 1},
    "file_1": {"datas": base64.b64encode(OTHER_LETTER).decode()},
}  # fmt: skip
"""External id → what is written into Odoo past the workbench: every kind of field."""


def _rows(folder: Path) -> list[LoadRow]:
    """Expect two patients, two visits, an event, two notes and a file."""
    numbers: dict[str, Value] = {"color": 3, "partner_latitude": 52.0907}
    more: dict[str, Value] = {"x_allergies": "nuts", "x_clinic_location": "North"}
    return [
        small_load.partner(1, **numbers, **more), small_load.partner(2, **numbers, **more),
        small_load.lead(1, 1), small_load.lead(2, 2), small_load.event(1, 1),
        small_load.message(1, 1), small_load.message(2, 2),
        small_load.attachment(1, 1, folder, LETTER, "letter.pdf"),
    ]  # fmt: skip


def _different(odoo: Odoo, store: Store, rows: list[LoadRow]) -> set[tuple[str, str, str]]:
    """Read everything back and compare it: record, field and rule of what differs."""
    models = {row.model: sorted(row.values) for row in rows}
    lookups = Lookups(odoo, store=store, module=small_load.MODULE)
    comparer = Comparer(
        "all", resolve=lookups.resolve, origin_of=lambda _row, _name: Origin(),
        types={model: {name: str(told["type"]) for name, told in odoo.fields(model).items()}
               for model in models},
    )  # fmt: skip
    held = {name: values for model, fields in models.items()
            for name, values in read_back(odoo, store, model, fields)}  # fmt: skip
    return {(one.external_id, one.field, one.rule) for one in comparer.feed(rows, held)
            if one.verdict == Match.DIFFERENT}  # fmt: skip


def test_every_source_field_has_exactly_one_confirmed_disposition(journey: Journey) -> None:
    """All fields that any record has are in the map, once, and a person stands behind each."""
    found = {
        f"{resource}.{path}"
        for resource in journey.clinic
        for record in journey.clinic[resource]
        for path in (_form_paths(record) if "form_name" in record else _paths(record))
    }
    named = _map(journey)
    decided = {one.subject.removeprefix("field:"): one.decided_by
               for one in journey.store.decisions.questions("field:")}  # fmt: skip

    assert found - set(named) == set()
    assert [one for one in named if not decided.get(one)] == []


def test_every_orphan_is_listed(journey: Journey) -> None:
    """Records of patients whom PracticeHub no longer has are named, each by its id."""
    there = truth.known(journey.clinic)
    planted = {
        (resource, str(one["id"]))
        for resource in (*truth.NOTES, "appointments", "documents", "files", "prescriptions")
        for one in journey.clinic[resource]
        if truth.patient_of(one) not in {None, *there}
    }
    listed = {(one.resource, one.source_id)
              for one in journey.store.staging.issues(kind=IssueKind.ORPHAN)}  # fmt: skip

    assert len(planted) >= 6
    assert planted <= listed


def test_the_map_is_readable_and_private(journey: Journey) -> None:
    """mapping.yaml lies in the run folder, for its owner alone."""
    path: Path = journey.folder / "mapping.yaml"

    assert path.stat().st_mode & 0o777 == 0o600
    assert "res.partner.x_blood_type" in path.read_text("utf-8")


def _map(journey: Journey) -> dict[str, dict[str, Any]]:
    """Read mapping.yaml as anybody would: `resource.path` to its line."""
    held = yaml.safe_load((journey.folder / "mapping.yaml").read_text("utf-8"))
    return {
        f"{resource}.{path}": line
        for resource, lines in held["fields"].items()
        for path, line in lines.items()
    }


def _form_paths(record: dict[str, object]) -> set[str]:
    """Give the paths of a form's response: each answer is a field of its form."""
    answers = [one for one in cast("list[dict[str, str]]", record["data"])
               if one.get("value") and (one.get("label") or one.get("name"))]  # fmt: skip
    bare = [{**one, "value": None} if one in answers else one
            for one in cast("list[dict[str, str]]", record["data"])]  # fmt: skip
    named = {
        f"data[{record['form_name']} / {one['label'] or one['name']}].value" for one in answers
    }
    return _paths({**record, "data": bare}) | named


def _paths(record: object, at: str = "") -> set[str]:
    """Give the path of every filled field: objects with a dot, lists with brackets."""
    if isinstance(record, dict):
        return set().union(*(_paths(value, f"{at}.{name}" if at else name)
                             for name, value in record.items()))  # fmt: skip
    if isinstance(record, list):
        return set().union(*(_paths(value, f"{at}[]") for value in record))
    return {at} if record not in {None, ""} else set()
