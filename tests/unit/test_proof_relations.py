"""Relations: counted in PracticeHub, found in what Odoo returned, or listed; none in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.proof import Child, Reference, RelationTally
from workbench.proof.relations import MERGED_INTO
from workbench.state import Fate, Gap, Relation

PATIENT = Ref(RefKind.RECORD, "patient_1")
THERE = {("patients", "1"), ("patients", "2"), ("practitioners", "5"), ("appointments", "8")}
OWNER = Reference("patient_id", "patients", "1", owner=True)
BY = Reference("practitioner_id", "practitioners", "5")
LEAD = LoadRow(
    "crm.lead", "appointment_8", "appointments", "8",
    {"partner_id": PATIENT, "user_id": None, "x_practitioner": "Dr Bos", "name": "Visit"},
    sources={"partner_id": "appointments.patient_id", "user_id": "appointments.practitioner_id",
             "x_practitioner": "appointments.practitioner_id, appointments.practitioner_email"},
)  # fmt: skip
VISIT = Child("appointments", "8", Fate.CREATED, (OWNER, BY), (LEAD,))
NONE: frozenset[tuple[str, str]] = frozenset()


def tally(*listed: tuple[str, str, str], dropped: frozenset[str] = frozenset()) -> RelationTally:
    """Begin with a clinic of two patients, one of them merged, a practitioner and a visit."""
    return RelationTally(
        contact_of=lambda one: {"2": "patient_1"}.get(one, f"patient_{one}"),
        exists=lambda resource, one: (resource, one) in THERE,
        listed=lambda *what: what in listed,
        dropped=dropped,
        lists={"prescriptions": "x_prescription_summary"},
    )


def named(found: RelationTally, name: str) -> Relation:
    """Give one line of the table, seen to add up."""
    one = next(one for one in found.relations() if one.name == name)
    assert one.expected == one.present + one.orphan + one.left_out + one.missing
    return one


def fed(
    child: Child,
    *listed: tuple[str, str, str],
    different: object = NONE,
    decided: object = NONE,
    dropped: frozenset[str] = frozenset(),
) -> RelationTally:
    """Compare one record."""
    found = tally(*listed, dropped=dropped)
    found.feed([child], different=different, decided=decided)  # type: ignore[arg-type] # sets
    return found


def test_a_visit_stands_with_its_patient_and_its_practitioners_name() -> None:
    """The patient is a link; a practitioner without a user stands by name."""
    found = fed(VISIT)

    assert named(found, "appointments.patient_id") == Relation(
        "appointments.patient_id", "patients", 1, linked=1
    )
    assert named(found, "appointments.practitioner_id") == Relation(
        "appointments.practitioner_id", "practitioners", 1, told=1
    )
    assert named(found, "crm.lead.partner_id").linked == 1
    assert found.take_gaps() == []


@pytest.mark.parametrize(
    ("different", "why"),
    [({("appointment_8", "partner_id")}, "it leads elsewhere in Odoo, or nowhere"),
     ({("appointment_8", "*")}, "its record is not in Odoo")],
    ids=["unlinked", "deleted"],
)  # fmt: skip
def test_a_link_that_odoo_does_not_return_is_missing_and_named(
    different: set[tuple[str, str]], why: str
) -> None:
    """Record, field and reason are told; the same hole is told of both sides."""
    found = fed(VISIT, different=different)
    gaps = found.take_gaps()

    assert named(found, "appointments.patient_id").missing == 1
    assert gaps[0] == Gap("appointments.patient_id", "8", "appointment_8", "partner_id", why)
    assert found.take_gaps() == []


def test_a_relation_that_the_map_lost_is_missing_though_no_cell_differs() -> None:
    """What is expected is counted in PracticeHub, not in what was sent."""
    bare = replace(LEAD, values={**LEAD.values, "partner_id": None, "x_practitioner": None})
    found = fed(replace(VISIT, rows=(bare,)))

    assert [gap.why for gap in found.take_gaps()] == ["no field in Odoo is to hold it"] * 2


def test_a_link_to_another_patient_is_not_the_owners() -> None:
    """A message that was to hang on somebody else does not count for its patient."""
    wrong = replace(LEAD, values={**LEAD.values, "partner_id": Ref(RefKind.RECORD, "patient_3")})
    found = fed(replace(VISIT, rows=(wrong,)))

    assert named(found, "appointments.patient_id").missing == 1


def test_a_record_of_a_merged_patient_hangs_on_the_one_that_stays() -> None:
    """The owner is followed to the contact that stands for both."""
    merged = replace(OWNER, key="2")
    found = fed(replace(VISIT, references=(merged,)))

    assert named(found, "appointments.patient_id").linked == 1


def test_an_orphan_counts_only_where_it_is_listed() -> None:
    """What PracticeHub itself does not have is an orphan when the list names it, else missing."""
    lost = replace(VISIT, references=(replace(OWNER, key="99"),))
    listed = fed(lost, ("appointments", "8", "appointments.patient_id"))
    silent = fed(lost)

    assert named(listed, "appointments.patient_id").orphan == 1
    assert named(silent, "appointments.patient_id").missing == 1
    assert silent.take_gaps()[0].why == "it leads nowhere, and is not listed"


def test_what_the_account_gives_no_list_of_must_stand_in_words() -> None:
    """A location whose list nobody may read is an orphan of nothing: its text is looked for."""
    place = Reference("location_id", "locations", "3")
    row = replace(LEAD, values={"x_clinic_location": "3"},
                  sources={"x_clinic_location": "appointments.location_id"})  # fmt: skip
    visit = replace(VISIT, references=(place,), rows=(row,))
    no_list = ("appointments", "", "appointments.location_id")

    assert named(fed(visit, no_list), "appointments.location_id").told == 1
    assert named(fed(visit), "appointments.location_id").missing == 1
    lost = fed(visit, no_list, different={("appointment_8", "x_clinic_location")})
    assert named(lost, "appointments.location_id").missing == 1


@pytest.mark.parametrize("fate", [Fate.EXCLUDED, Fate.REJECTED])
def test_the_relations_of_a_record_that_stays_behind_stay_with_it(fate: Fate) -> None:
    """Its reason stands in the list of its fate."""
    assert named(fed(replace(VISIT, fate=fate, rows=())), "appointments.patient_id").left_out == 1


def test_a_record_without_a_fate_keeps_its_relations_open() -> None:
    """Nobody can say yet where they lead."""
    assert named(fed(replace(VISIT, fate=None, rows=())), "appointments.patient_id").missing == 1


def test_what_a_person_decided_is_left_out_and_not_missing() -> None:
    """A field that keeps Odoo's value by decision, and one that the map drops."""
    kept = fed(VISIT, decided={("appointment_8", "partner_id")})
    dropped = fed(VISIT, dropped=frozenset({"appointments.practitioner_id"}))

    assert named(kept, "appointments.patient_id").left_out == 1
    assert named(kept, "crm.lead.partner_id").left_out == 1
    assert named(dropped, "appointments.practitioner_id").left_out == 1


PATIENT_ROW = LoadRow(
    "x_practicehub_clinical", "clinical_1", "patients", "1", {"x_prescription_summary": "[{}]"}
)
PRESCRIPTION = Child("prescriptions", "4", Fate.MERGED, (OWNER,), within="patient_1")


@pytest.mark.parametrize(
    ("rows", "different", "told"),
    [((PATIENT_ROW,), NONE, 1),
     ((PATIENT_ROW,), {("clinical_1", "x_prescription_summary")}, 0),
     ((), NONE, 0)],
    ids=["listed", "list differs", "no list"],
)  # fmt: skip
def test_a_prescription_stands_in_its_patients_list(
    rows: tuple[LoadRow, ...], different: set[tuple[str, str]], told: int
) -> None:
    """It is there as far as the list that was read back is what it should be."""
    found = tally()
    found.feed(
        [Child("patients", "1", Fate.CREATED, (), rows), PRESCRIPTION],
        different=different, decided=NONE,
    )  # fmt: skip

    assert named(found, "prescriptions.patient_id").told == told
    assert len([g for g in found.take_gaps() if g.external_id == "patient_1"]) == 1 - told


def test_the_paper_of_a_prescription_is_a_relation_of_its_own() -> None:
    """The record stands in a list, its file hangs on the patient."""
    paper = LoadRow("ir.attachment", "prescription_4", "prescriptions", "4", {"res_id": PATIENT})
    found = fed(Child("prescriptions", "4", Fate.CREATED, (OWNER,), (paper,), is_file=True))

    assert named(found, "prescriptions.patient_id (of its file)").linked == 1


def test_a_merged_patients_external_id_leads_to_the_contact_that_stays() -> None:
    """It stands where Odoo itself knows both ids as one contact."""
    found = tally()
    found.merged("2", "patient_2", stands=True)
    found.merged("3", "patient_3", stands=False)

    assert named(found, MERGED_INTO) == Relation(
        MERGED_INTO, "the patient that stays", 2, linked=1, missing=1
    )
    assert [gap.external_id for gap in found.take_gaps()] == ["patient_3"]
