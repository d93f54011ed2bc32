"""Expected values: one fate for every record, every mapped field in a row, nothing lost."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.support.decided_map import Record, Vocabulary, first, held, world
from workbench.errors import GateError
from workbench.mapping import AppointmentsTo, Expected, Expecter
from workbench.mapping.model import Disposition
from workbench.mapping.naming import label_of
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.phases.expectations import OWN_STAGE
from workbench.staging import RecordSchema, normalise
from workbench.staging.markup import plain_text
from workbench.staging.paths import is_empty, leaves, present_paths
from workbench.state import Fate, FileState, HeldFile, IssueKind

BOTH: list[Vocabulary] = ["brief", "observed"]
CLINICAL = {"x_date_of_birth", "x_sex", "x_blood_type", "x_allergies", "x_medical_history"}
Value = object


def rows_of(vocabulary: Vocabulary, to: AppointmentsTo = AppointmentsTo.LEAD) -> dict[str, LoadRow]:
    """Give all expected rows of a clinic by external id."""
    return {
        row.external_id: row
        for _, _, expected in world(vocabulary, to).expected()
        for row in expected.rows
    }


@pytest.mark.parametrize("to", list(AppointmentsTo))
@pytest.mark.parametrize("vocabulary", BOTH)
def test_every_record_has_exactly_one_fate(vocabulary: Vocabulary, to: AppointmentsTo) -> None:
    """Each record is created, merged, excluded or rejected; the last three say why."""
    made = world(vocabulary, to)
    seen: Counter[str] = Counter()
    for resource, record, expected in made.expected():
        seen[f"{resource}/{record['id']}"] += 1
        assert expected.fate is not None
        assert expected.waiting == ()
        assert bool(expected.rows) is (expected.fate is Fate.CREATED)
        assert expected.reason or expected.fate is Fate.CREATED

    assert set(seen.values()) == {1}


@pytest.mark.parametrize("to", list(AppointmentsTo))
@pytest.mark.parametrize("vocabulary", BOTH)
def test_external_ids_are_unique_and_refer_to_rows_that_exist(
    vocabulary: Vocabulary, to: AppointmentsTo
) -> None:
    """No two rows share an id, and every reference to one of ours leads to a patient."""
    made = world(vocabulary, to)
    rows = [row for _, _, expected in made.expected() for row in expected.rows]
    known = {row.external_id for row in rows}
    references = [
        ref
        for row in rows
        for value in row.values.values()
        for ref in (value if isinstance(value, tuple) else (value,))
        if isinstance(ref, Ref) and ref.kind is RefKind.RECORD
    ]

    assert len(known) == len(rows)
    assert {ref.key for ref in references} <= known


@pytest.mark.parametrize("vocabulary", BOTH)
def test_every_mapped_field_of_a_record_is_in_its_row(vocabulary: Vocabulary) -> None:
    """No mapped field of a patient or a visit is left out, empty ones included."""
    made = world(vocabulary)
    for resource, record, expected in made.expected():
        if resource not in {"patients", "appointments"} or not expected.rows:
            continue
        values = expected.rows[0].values
        for path in present_paths(record):
            row = made.mapping.by_field.get(f"{resource}.{path}")
            if row is not None and row.disposition not in {Disposition.KEPT, Disposition.DROPPED}:
                assert row.name in values, row.field
                assert row.field in expected.rows[0].sources[row.name]


@pytest.mark.parametrize("vocabulary", BOTH)
def test_every_kept_value_can_be_read_in_its_note(vocabulary: Vocabulary) -> None:
    """Whatever a note, form, invoice or package says is in the text that Odoo shows."""
    made = world(vocabulary)
    for resource, record, expected in made.expected():
        for row in expected.rows[:1] if resource not in OWN_STAGE else ():
            body = plain_text(row.values["body"])
            shown = re.sub(r"\s+", " ", str(getattr(body, "value", "")))
            for path, value in leaves(record):
                if is_empty(value):
                    continue
                if made.mapping.by_field[f"{resource}.{path}"].disposition is Disposition.KEPT:
                    words = re.sub(r"\s+", " ", str(getattr(plain_text(value), "value", "")))
                    assert words in shown, path


def patient(**changes: object) -> Expected:
    """Expect the first patient of the brief's clinic, changed as said."""
    expecter, record = first("brief", "patients", **changes)
    return expecter.patient(record)


def test_a_patient_becomes_a_contact_as_designed() -> None:
    """Names, numbers, places and clinical facts of a patient stand where the design says."""
    expected = patient(
        id=101, first_name=" Anna ", last_name="de Vries", patient_number="202400007",
        phone="020 123 4567", mobilephone="06 1234 5123", country="Netherlands", state="Utrecht",
        locale="nl", note="Likes tea & <b>quiet</b>", date_of_birth="1984-07-19", blood_type="O+",
        clinic_location="Haarlem", referring_doctor="Dr. M. Vos",
        referring_doctor_email="m.vos@example.org", insurance_provider="Goudvink Zorg",
        created="2024-07-01 09:00:00",
    )  # fmt: skip
    row = expected.rows[0]
    wanted = {
        "name": "Anna de Vries", "ref": "202400007", "phone": "+31 20 123 4567",
        "x_mobile": "+31 6 12345123", "country_id": Ref(RefKind.COUNTRY, "NL"),
        "state_id": Ref(RefKind.STATE, "NL/Utrecht"), "lang": "nl_NL", "x_language": "nl",
        "comment": "<p>Likes tea &amp; <b>quiet</b></p>", "x_date_of_birth": "1984-07-19",
        "x_blood_type": "O+", "x_clinic_location": "haarlem",
        "x_referring_doctor": "Dr. M. Vos <m.vos@example.org>",
        "x_referring_doctor_id": Ref(RefKind.ID, "res.partner:77"),
        "x_insurance_provider": "Goudvink Zorg",
        "x_insurance_company_id": Ref(RefKind.ID, "res.partner:78"),
        "x_practicehub_id": "101", "x_practicehub_created": "2024-07-01 07:00:00",
        "category_id": (Ref(RefKind.TAG, "PracticeHub patient"),), "x_unread_values": None,
    }  # fmt: skip

    assert (row.model, row.external_id) == ("res.partner", "patient_101")
    assert {name: row.values[name] for name in wanted} == wanted


def test_what_cannot_be_read_is_kept_and_listed() -> None:
    """An unreadable birth date leaves its field empty and its text on the patient."""
    expected = patient(date_of_birth="spring 1984", email="a@@b", country="Atlantis")
    values = expected.rows[0].values

    assert values["x_date_of_birth"] is None
    assert values["email"] == "a@@b"
    assert values["x_unread_values"] == "country: Atlantis\ndate_of_birth: spring 1984"
    assert {one.kind for one in expected.issues} >= {
        IssueKind.DATE_UNREADABLE, IssueKind.EMAIL_INVALID, IssueKind.COUNTRY_UNKNOWN,
    }  # fmt: skip
    assert "spring" not in str(expected.issues)


def test_a_patient_without_a_name_is_named_after_the_number() -> None:
    """Odoo wants a name; nobody gets somebody else's."""
    expected = patient(first_name=None, last_name="", patient_number="202400007")

    assert expected.rows[0].values["name"] == "PracticeHub patient 202400007"
    assert IssueKind.NAME_MISSING in {one.kind for one in expected.issues}


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"contact_status": "Dormant"}, "value:patients.contact_status=Dormant"),
        ({"hair": "red"}, "field:patients.hair"),
    ],
)
def test_a_record_with_something_undecided_waits(changes: Record, subject: str) -> None:
    """A value or field seen for the first time stops that record alone, and asks."""
    expected = patient(**changes)

    assert (expected.fate, expected.rows, expected.waiting) == (None, (), (subject,))


def test_prescriptions_are_one_list_by_date() -> None:
    """A patient's prescriptions are one readable list, the oldest first."""
    expecter, record = first("brief", "patients")
    base = world("brief").clinic["prescriptions"][0]
    listed = [
        {**base, "id": 3, "prescription_date": "2024-02-01", "dosage": "400 mg"},
        {**base, "id": 10, "prescription_date": "2023-02-01", "pharmacy_reference": "PH-1"},
        {**base, "id": 9, "prescription_date": "2023-02-01"},
    ]
    summary = (
        expecter.patient(record, prescriptions=listed).rows[0].values["x_prescription_summary"]
    )

    assert [one["id"] for one in json.loads(str(summary))] == [9, 10, 3]
    assert json.loads(str(summary))[1]["pharmacy_reference"] == "PH-1"
    assert "pdf_url" not in str(summary)


@pytest.mark.parametrize("vocabulary", BOTH)
def test_a_merged_patient_leaves_every_value_with_the_survivor(vocabulary: Vocabulary) -> None:
    """Of two entries of one person nothing is lost: it is on the contact or in its note.

    What is clinical is never in the note, which whoever reads the contact reads.
    """
    made = world(vocabulary)
    merged = [
        (record, expected)
        for resource, record, expected in made.expected()
        if resource == "patients" and expected.fate is Fate.MERGED
    ]
    rows = rows_of(vocabulary)

    assert merged
    for record, expected in merged:
        alias = expected.aliases[0]
        note = rows[f"patient_{record['id']}_values"]
        survivor = rows[alias.of]
        assert alias.external_id == f"patient_{record['id']}"
        assert note.values["res_id"] == Ref(RefKind.RECORD, alias.of)
        own = Expecter(made.mapping, made.context)._patients._apply(record, str(record["id"]))
        for name, value in own.values.items():
            told = str(value.key if isinstance(value, Ref) else value)
            body = str(getattr(plain_text(note.values["body"]), "value", ""))
            there = survivor.values[name] == value or value is None
            words = str(getattr(plain_text(told), "value", ""))
            if name in CLINICAL:
                beside = str(survivor.values["x_unread_values"])
                assert there or told in beside, name
                assert label_of(name) not in body, name
            else:
                assert there or words in body, name


def test_children_of_a_merged_patient_go_to_the_survivor() -> None:
    """Visits and notes of the second entry hang on the one contact."""
    made = world("brief")
    gone, kept = next(iter(made.mapping.survivors.items()))
    expecter, record = first("brief", "appointments", patient_id=int(gone))

    assert expecter.appointment(record).rows[0].values["partner_id"] == Ref(
        RefKind.RECORD, f"patient_{kept}"
    )


@pytest.mark.parametrize("resource", ["clinical_notes", "files", "prescriptions"])
def test_what_hangs_on_a_patient_who_is_gone_is_rejected_and_listed(resource: str) -> None:
    """A note or file has nowhere to go without its patient; it is named, not lost from sight."""
    expecter, record = first("brief", resource, patient_id=17)
    if resource == "files":
        expected = expecter.attachment(
            resource, {**record, "entity_type": None}, held(resource, record)
        )
    elif resource == "prescriptions":
        expected = expecter.prescription(record)
    else:
        expected = expecter.message(resource, record)

    assert (expected.fate, expected.rows) == (Fate.REJECTED, ())
    assert [one.kind for one in expected.issues] == [IssueKind.ORPHAN]


def test_a_file_becomes_an_attachment_with_its_checksum() -> None:
    """The attachment has the file's name, kind and bytes, and hangs on its patient."""
    expecter, record = first(
        "brief", "files", id=9, patient_id=101, entity_type="patient", file_name="röntgen.png",
        mime_type="image/png",
    )  # fmt: skip
    row = expecter.attachment("files", record, held("files", record)).rows[0]

    assert row.external_id == "file_9"
    assert row.blob == "b" * 64
    assert row.values["checksum"] == "a" * 40
    assert (row.values["name"], row.values["mimetype"]) == ("röntgen.png", "image/png")
    assert row.values["res_id"] == Ref(RefKind.RECORD, "patient_101")
    assert "file_url" not in str(row.values)


@pytest.mark.parametrize(
    ("changes", "state", "fate"),
    [
        ({"entity_type": "practitioner"}, FileState.HELD, Fate.EXCLUDED),
        ({"patient_id": None}, FileState.HELD, Fate.EXCLUDED),
        ({}, FileState.MISSING, Fate.REJECTED),
        ({}, FileState.REFUSED, Fate.REJECTED),
    ],
)
def test_a_file_that_cannot_be_attached_says_why(
    changes: Record, state: FileState, fate: Fate
) -> None:
    """Files of nobody, and files that are not to be had, are listed with the reason."""
    expecter, record = first("brief", "files", patient_id=101, entity_type="patient")
    file = HeldFile("files", "9", state, None, None, 3, "a", "b", "the address had expired")
    expected = expecter.attachment("files", {**record, **changes}, file)

    assert expected.fate is fate
    assert expected.reason


def test_a_file_that_was_not_fetched_yet_stops_the_load() -> None:
    """An attachment is never expected before its bytes are there."""
    expecter, record = first("brief", "files", patient_id=101, entity_type="patient")
    with pytest.raises(GateError):
        expecter.attachment(
            "files",
            record,
            HeldFile("files", "9", FileState.PENDING, None, None, None, None, None, ""),
        )


def test_a_note_keeps_its_own_time_and_has_no_author_of_ours() -> None:
    """A clinical note appears at the time it was written, not at that of the load."""
    expecter, record = first(
        "observed", "clinical_notes", patient_id=101, created="2024-01-05 10:00:00"
    )
    row = expecter.message("clinical_notes", record).rows[0]

    assert row.external_id == f"clinical_note_{record['id']}"
    assert row.values["date"] == "2024-01-05 09:00:00"
    assert (row.values["model"], row.values["author_id"]) == ("res.partner", None)


def test_a_package_without_a_patient_of_its_own_goes_to_the_first_sharer() -> None:
    """Packages name their owner first in the list of those who share them."""
    sharers = [{"patient_id": 103}, {"patient_id": 101}]
    expecter, record = first(
        "observed", "patient_packages", patient_id=None, subscribed_patients=sharers
    )
    row = expecter.message("patient_packages", record).rows[0]

    assert row.values["res_id"] == Ref(RefKind.RECORD, "patient_103")
    assert "101" in str(row.values["body"])


def test_practitioners_become_users_or_names() -> None:
    """A practitioner makes no record: either a user is meant, or the name stands on the visits."""
    made = world("brief")
    fates = Counter(
        expected.fate for resource, _, expected in made.expected() if resource == "practitioners"
    )

    assert fates == {Fate.MERGED: 3, Fate.EXCLUDED: 3}


@pytest.mark.parametrize("vocabulary", BOTH)
def test_expecting_twice_gives_the_same(vocabulary: Vocabulary) -> None:
    """What Odoo is to hold depends on the records and the map alone."""
    assert rows_of(vocabulary) == rows_of(vocabulary)


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_a_typed_number_is_the_number_that_odoo_shows(vocabulary: Vocabulary) -> None:
    """What stands typed beside a patient's numbers in staging is what the contact will show."""
    made = world(vocabulary)
    schema = RecordSchema("patients", made.mapping)
    expecter = Expecter(made.mapping, made.context)
    names = ("phone", "x_mobile", "x_other_phones")
    seen = 0
    for record in made.clinic["patients"]:
        expected = expecter.patient(record)
        if expected.fate is not Fate.CREATED:
            continue
        shown = ", ".join(str(expected.rows[0].values.get(name)) for name in names)
        typed = schema(str(record["id"]), record).values
        for path in ("phone", "mobilephone", "numbers[].number"):
            told = typed.get(path)
            numbers = [str(one) for one in (told if isinstance(told, list) else [told]) if one]
            seen += len(numbers)
            assert all(number.startswith("+") for number in numbers)
            assert all(normalise.international(number) in shown for number in numbers)

    assert seen > 50
