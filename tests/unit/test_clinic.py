"""The synthetic clinic: the same one each time, and as awkward as a real one."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from datetime import date
from typing import Literal

import pytest

from workbench.sandbox.clinic import BLOB, URL_FIELDS, Clinic, generate, practitioner_accounts

Record = dict[str, object]

VOCABULARIES: tuple[Literal["brief", "observed"], ...] = ("brief", "observed")


@pytest.fixture(scope="module", params=VOCABULARIES)
def clinic(request: pytest.FixtureRequest) -> Clinic:
    """Two hundred patients in either vocabulary; not to be changed."""
    return generate(vocabulary=request.param)


@pytest.fixture(scope="module")
def brief() -> Clinic:
    """Two hundred patients in the brief's vocabulary; not to be changed."""
    return generate(vocabulary="brief")


@pytest.fixture(scope="module")
def observed() -> Clinic:
    """Two hundred patients in the observed vocabulary; not to be changed."""
    return generate(vocabulary="observed")


def fingerprint(clinic: Clinic) -> str:
    """Sum up every record and every byte of a clinic."""
    digest = hashlib.sha256(json.dumps(dict(clinic), sort_keys=True).encode())
    for key in sorted(clinic.blobs):
        digest.update(key.encode() + clinic.blobs[key])
    return digest.hexdigest()


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_the_same_seed_gives_the_same_clinic(vocabulary: Literal["brief", "observed"]) -> None:
    """Two clinics of one seed agree in every record and in every byte of every file."""
    one = generate(seed=3, patients=40, vocabulary=vocabulary)
    other = generate(seed=3, patients=40, vocabulary=vocabulary)

    assert fingerprint(one) == fingerprint(other)


def test_another_seed_gives_another_clinic() -> None:
    """Another seed gives other people and other files."""
    one, other = generate(seed=3, patients=20), generate(seed=4, patients=20)

    assert fingerprint(one) != fingerprint(other)


def test_a_clinic_has_the_size_that_was_asked_for(clinic: Clinic) -> None:
    """There are as many patients as asked for, and about five visits for each."""
    counts = clinic.counts()

    assert counts["patients"] == 200
    assert 900 <= counts["appointments"] <= 1200
    assert counts["practitioners"] == 6
    assert all(counts.values())


@pytest.mark.parametrize("patients", [1, 3, 20])
def test_a_very_small_clinic_can_be_made(patients: int) -> None:
    """A clinic may be as small as one patient."""
    clinic = generate(patients=patients)

    assert clinic.counts()["patients"] == patients
    assert clinic.a_day_passes()["new"]


def test_a_clinic_may_have_no_files() -> None:
    """Without files there are no documents and no links, but prescriptions stay."""
    clinic = generate(patients=60, files=False)

    assert len(clinic.blobs) == 0
    assert (clinic["documents"], clinic["files"]) == ([], [])
    assert {record["pdf_url"] for record in clinic["prescriptions"]} == {None}


def test_ids_are_distinct_and_rise_with_time(clinic: Clinic) -> None:
    """No id comes twice in a resource, and later records have higher ids."""
    for resource in clinic:
        ids = [record["id"] for record in clinic[resource]]
        created = [str(record["created"]) for record in clinic[resource] if "created" in record]

        assert len(set(map(str, ids))) == len(ids), resource
        assert ids == sorted(ids, key=lambda value: int(str(value))), resource
        assert created == sorted(created), resource


def test_e_mails_lie_in_reserved_domains_only(clinic: Clinic) -> None:
    """Whatever looks like an e-mail anywhere in the clinic leads to nobody."""
    text = json.dumps(dict(clinic), ensure_ascii=False)
    domains = {match.lower() for match in re.findall(r"[\w.+-]+@([\w.-]*\w)", text)}

    assert domains <= {"example.com", "example.org", "example.net"}


def test_families_share_an_e_mail(clinic: Clinic) -> None:
    """The members of a family have one e-mail and one surname."""
    people = {record["id"]: record for record in clinic["patients"]}

    assert len(clinic.planted["families"]) > 5
    for family in clinic.planted["families"]:
        assert len({(people[one]["email"], people[one]["last_name"]) for one in family}) == 1


def test_some_patients_were_typed_twice(clinic: Clinic) -> None:
    """A planted pair has one name and one birth date, but is not equal; a look-alike's differs."""
    birth = "date_of_birth" if clinic.vocabulary == "brief" else "dob"
    people = {record["id"]: record for record in clinic["patients"]}

    def name(record: Record) -> str:
        return f"{record['first_name']} {record['last_name']}".replace("  ", " ").casefold()

    assert len(clinic.planted["duplicates"]) == 3
    for one, other in clinic.planted["duplicates"]:
        assert name(people[one]) == name(people[other])
        assert people[one][birth] == people[other][birth]
        assert people[one] | {"id": 0} != people[other] | {"id": 0}
    for one, other in clinic.planted["lookalikes"]:
        assert name(people[one]) == name(people[other])
        assert people[one][birth] != people[other][birth]


def test_names_come_in_several_scripts(clinic: Clinic) -> None:
    """Greek, Arabic, Cyrillic and Japanese names are among the patients."""
    names = "".join(str(record["last_name"]) for record in clinic["patients"])

    found = {unicodedata.name(letter, "").partition(" ")[0] for letter in names}

    assert found >= {"LATIN", "GREEK", "ARABIC", "CYRILLIC", "CJK"}


def test_some_records_refer_to_patients_who_do_not_exist(clinic: Clinic) -> None:
    """Visits, logs, notes, payments and files of patients long deleted are still there."""
    known = {str(record["id"]) for record in clinic["patients"]}
    orphans = {
        resource
        for resource in clinic
        for record in clinic[resource]
        if record.get("patient_id") is not None and str(record["patient_id"]) not in known
    }

    assert orphans >= {"appointments", "patient_logs", "clinical_notes", "payments", "files"}
    assert all(str(number) not in known for (number,) in clinic.planted["orphans"])


def test_every_status_occurs(brief: Clinic, observed: Clinic) -> None:
    """Visits stand in every status that the vocabulary has."""
    assert {record["visit_status"] for record in brief["appointments"]} == {
        "New",
        "In Progress",
        "Completed",
        "Cancelled",
    }
    assert {record["status"] for record in observed["appointments"]} == {
        "pending",
        "arrived",
        "processed",
        "cancelled",
        "missed",
    }


def test_visits_reach_from_years_back_into_the_future(brief: Clinic) -> None:
    """Visits span about four years, and some are still to come."""
    days = sorted(str(record["appointment_date"]) for record in brief["appointments"])

    assert days[0] < "2023-06-01"
    assert days[-1] > brief.today.isoformat()


def test_two_visits_lie_where_the_clocks_change(observed: Clinic) -> None:
    """One visit is at a local time that never was, one at a time that was twice."""
    starts = {str(record["start"]) for record in observed["appointments"]}

    assert {"2026-03-29 02:30:00", "2026-10-25 02:30:00"} <= starts


def test_calendar_blocks_have_no_patient(clinic: Clinic) -> None:
    """A few entries of the calendar belong to no patient."""
    assert [record["patient_id"] for record in clinic["appointments"]].count(None) == 3


def test_files_are_what_they_say_they_are(brief: Clinic) -> None:
    """The bytes of every file begin like their type, and the declared size is the true one."""
    beginnings = {
        "application/pdf": b"%PDF-",
        "image/png": b"\x89PNG",
        "image/jpeg": b"\xff\xd8\xff",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": b"PK\x03\x04",
    }
    seen: Counter[str] = Counter()
    for record in brief["files"]:
        if record["file_url"] is None:
            continue
        key = str(record["file_url"]).removeprefix(BLOB)
        content, kind = brief.blobs[key], brief.blobs.mime_type(key)
        seen[kind] += 1

        assert content.startswith(beginnings.get(kind, b""))
        assert record["size"] in {None, len(content)}
        assert record["mime_type"] in {None, kind}

    assert set(seen) >= {*beginnings, "text/plain", "text/csv"}


def test_the_odd_files_are_there(brief: Clinic) -> None:
    """Two of one name, nameless, empty, without a link, of a practitioner, very wide, climbing."""
    files = brief["files"]
    names = Counter(
        (record["patient_id"], record["file_name"]) for record in files if record["file_name"]
    )
    widths = [
        int.from_bytes(content[16:20], "big")
        for key in brief.blobs
        if (content := brief.blobs[key]).startswith(b"\x89PNG")
    ]

    assert max(names.values()) >= 2
    assert None in {record["file_name"] for record in files}
    assert None in {record["file_url"] for record in files}
    assert {0, None} <= {record["size"] for record in files}
    assert "practitioner" in {record["entity_type"] for record in files}
    assert max(widths) > 1920
    assert any(str(record["file_name"]).startswith("../") for record in files)
    assert any(not str(record["file_name"]).isascii() for record in files)


def test_every_link_leads_to_bytes(clinic: Clinic) -> None:
    """Each place-holder for a link names an object that exists, and each object is named."""
    linked = [
        str(record[field]).removeprefix(BLOB)
        for resource, field in URL_FIELDS[clinic.vocabulary].items()
        for record in clinic[resource]
        if record[field] is not None
    ]

    assert sorted(linked) == sorted(clinic.blobs)


def test_types_are_mixed_between_resources(clinic: Clinic) -> None:
    """A patient's id is a number in some resources and text in others, as in real answers."""
    kinds = {
        resource: {type(record["patient_id"]) for record in clinic[resource]} - {type(None)}
        for resource in ("appointments", "patient_logs", "payments", "custom_form_responses")
    }

    assert kinds == {
        "appointments": {int},
        "patient_logs": {int},
        "payments": {str},
        "custom_form_responses": {str},
    }


def test_free_text_is_html(clinic: Clinic) -> None:
    """Notes carry tags and entities, and one of them a script."""
    notes = " ".join(str(record["note"]) for record in clinic["patients"])

    assert all(part in notes for part in ("<br>", "</p>", "&nbsp;", "&amp;", "&lt;", "<script>"))


def test_nulls_and_empty_strings_both_occur(clinic: Clinic) -> None:
    """What is not known is null in some records and an empty string in others."""
    emails = {record["email"] for record in clinic["patients"]}

    assert {None, ""} <= emails


def test_the_brief_has_custom_fields_of_several_types(brief: Clinic) -> None:
    """Custom fields hold text, numbers, yes or no, and dates."""
    custom = [record["custom_fields"] for record in brief["patients"]]
    found = {
        (name, type(value).__name__)
        for fields in custom
        if isinstance(fields, dict)
        for name, value in fields.items()
    }

    assert found >= {
        ("occupation", "str"),
        ("shoe_size", "int"),
        ("shoe_size", "float"),
        ("newsletter_consent", "bool"),
        ("intake_date", "str"),
    }


def test_the_vocabularies_know_different_resources(brief: Clinic, observed: Clinic) -> None:
    """Prescriptions and documents are the brief's alone; types of visit the observed one's."""
    assert set(brief) - set(observed) == {"prescriptions", "documents"}
    assert set(observed) - set(brief) == {"appointment_types", "payment_allocations"}


def test_observed_practitioners_have_no_e_mail(observed: Clinic) -> None:
    """The observed practitioner has no e-mail, flags are text, and one name is empty."""
    staff = observed["practitioners"]

    assert all("email" not in record for record in staff)
    assert {record["active"] for record in staff} == {"0", "1"}
    assert "" in {record["last_name"] for record in staff}


def test_all_active_practitioners_but_one_have_an_account(brief: Clinic, observed: Clinic) -> None:
    """One active practitioner has no user in Odoo, so that somebody has to decide."""
    active = [
        str(record["email"]).lower() for record in brief["practitioners"] if record["active"] == "1"
    ]
    seen = [
        f"{record['first_name']} {record['last_name']}"
        for record in observed["practitioners"]
        if record["active"] == "1"
    ]
    accounts = practitioner_accounts()

    assert [email for _, email in accounts] == active[:-1]
    assert [name for name, _ in accounts] == seen[:-1]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_day_brings_new_changed_deleted_and_recreated_records(
    vocabulary: Literal["brief", "observed"],
) -> None:
    """After a day some records are new, changed, gone, or back under another id."""
    before, after = (generate(patients=80, vocabulary=vocabulary) for _ in range(2))
    told = after.a_day_passes()

    def ids(clinic: Clinic) -> dict[str, Record]:
        return {f"{name}/{row['id']}": row for name in clinic for row in clinic[name]}

    old, new = ids(before), ids(after)
    recreated = [pair for pair in told["recreated"] if isinstance(pair, tuple)]
    assert new.keys() - old.keys() == {
        *map(str, told["new"]),
        *(f"appointments/{second}" for _, second in recreated),
    }
    assert old.keys() - new.keys() == {
        *map(str, told["deleted"]),
        *(f"appointments/{first}" for first, _ in recreated),
    }
    assert len(recreated) == 1
    for name in map(str, told["changed"]):
        assert str(new[name]["updated"]) > str(old[name]["updated"])
    assert after.today == date(2026, 11, 21)


def test_days_pass_the_same_way_each_time() -> None:
    """Two clinics of one seed are still the same after three days."""
    one, other = generate(patients=40), generate(patients=40)

    assert one.a_day_passes(3) == other.a_day_passes(3)
    assert fingerprint(one) == fingerprint(other)


def test_an_id_is_never_used_again() -> None:
    """What is entered after a deletion gets an id that no record had before."""
    clinic = generate(patients=40)
    seen = {record["id"] for record in clinic["appointments"]}
    for _ in range(5):
        told = clinic.a_day_passes()
        fresh = {
            int(str(name).partition("/")[2])
            for name in told["new"]
            if str(name).startswith("appointments/")
        }

        assert not fresh & seen
        seen |= {record["id"] for record in clinic["appointments"]}
