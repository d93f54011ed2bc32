"""Clinical fields of patients go to a record of their own; contacts only show them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.decided_map import world
from workbench.mapping import Expected, apart, guarded, schema_needs, vault_fields
from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import FieldNeed, LoadRow, Ref, RefKind, SchemaNeeds
from workbench.phases.expectations import Due
from workbench.phases.loading import to_send

PARTNER = "res.partner"
NAMES = frozenset({"x_allergies", "x_sex"})


def row(**values: str | bool | None) -> LoadRow:
    """Make a patient's row; every field knows where it came from."""
    return LoadRow(
        PARTNER, "patient_7", "patients", "7", {"name": "Ann", **values},
        sources={name: f"patients.{name}" for name in ("name", *values)},
    )  # fmt: skip


def test_clinical_fields_are_stored_on_the_clinical_record_and_shown_on_the_contact() -> None:
    """Each has its type and its values there, and on the contact the name people know it by."""
    needs = schema_needs(world("brief").mapping)
    by_name = {(one.model, one.name): one for one in guarded(needs).fields}
    names = vault_fields(needs)

    assert {"x_date_of_birth", "x_allergies", "x_prescription_summary"} <= names
    for need in needs.fields:
        if need.model == PARTNER and need.name in names:
            stored, shown = by_name[VAULT, need.name], by_name[PARTNER, need.name]
            assert (stored.type, stored.selection, stored.related) == (
                need.type,
                need.selection,
                "",
            )
            assert (shown.type, shown.related) == (
                need.type, f"x_practicehub_clinical_id.{need.name}",
            )  # fmt: skip
        else:
            assert by_name[need.model, need.name] == need


def test_what_odoo_stored_on_contacts_before_stays_there() -> None:
    """The clinic's own field is filled where it is; one that only shows our records is ours."""
    before = {
        PARTNER: {"x_allergies": {"type": "text", "store": True},
                  "x_blood_type": {"type": "char", "store": False}}
    }  # fmt: skip
    needs = schema_needs(world("brief").mapping, before=before)
    names = vault_fields(needs)

    assert "x_allergies" not in names
    assert "x_blood_type" in names
    assert (VAULT, "x_allergies") not in {(one.model, one.name) for one in guarded(needs).fields}


def test_a_map_without_clinical_fields_asks_for_no_clinical_records() -> None:
    """A field of a visit, clinical or not, is no field of the patient."""
    needs = SchemaNeeds(
        (FieldNeed(PARTNER, "x_shoe", "char", "Shoe"),
         FieldNeed("crm.lead", "x_reason", "text", "Reason", clinical=True)), (), (),
    )  # fmt: skip

    assert vault_fields(needs) == frozenset()
    assert guarded(needs) == needs


def test_a_patients_row_is_parted_with_its_sources() -> None:
    """The clinical record names the patient it is about; no value stands in both."""
    contact, clinical = apart(row(x_allergies="Nuts", x_sex=None), NAMES, there=False)

    assert contact.values == {"name": "Ann"}
    assert contact.sources == {"name": "patients.name"}
    assert (clinical.model, clinical.external_id) == (VAULT, "clinical_7")
    assert (clinical.resource, clinical.source_id) == ("patients", "7")
    assert clinical.values == {
        "x_partner_id": Ref(RefKind.RECORD, "patient_7"), "x_allergies": "Nuts", "x_sex": None,
    }  # fmt: skip
    assert clinical.sources == {"x_allergies": "patients.x_allergies", "x_sex": "patients.x_sex"}


@pytest.mark.parametrize(
    ("value", "there", "parts"),
    [(None, False, 1), ("", False, 1), (None, True, 2), ("Nuts", False, 2), (False, False, 2)],
)
def test_a_clinical_record_is_made_where_something_is_known_and_emptied_where_it_was(
    *, value: str | bool | None, there: bool, parts: int
) -> None:
    """Nobody gets an empty record, one that is there is emptied, and a "no" is an answer."""
    found = list(apart(row(x_allergies=value), NAMES, there=there))

    assert len(found) == parts
    assert found[0].values == {"name": "Ann"}


def test_a_row_without_such_fields_is_left_as_it_is() -> None:
    """A note on a patient is a row of its own, and no patient's."""
    assert list(apart(row(), NAMES, there=True)) == [row()]
    assert list(apart(row(x_allergies="Nuts"), frozenset(), there=True)) == [
        row(x_allergies="Nuts")
    ]


def test_rows_of_one_model_are_sent_together_and_parents_first() -> None:
    """Ten patients with a clinical record and a note each are three calls' worth, not thirty."""

    def dues() -> Iterator[Due]:
        for number in range(10):
            contact = LoadRow(PARTNER, f"patient_{number}", "patients", str(number), {})
            note = LoadRow("mail.message", f"patient_{number}_kept", "patients", str(number), {})
            clinical = LoadRow(VAULT, f"clinical_{number}", "patients", str(number), {})
            yield Due("patients", str(number), Expected((contact, clinical, note)))

    found = list(to_send(list(dues())))
    models = [one.model for one in found]
    runs = [one for number, one in enumerate(models) if number == 0 or models[number - 1] != one]

    assert runs == [PARTNER, VAULT, "mail.message"]
    assert [one.source_id for one in found] == [*map(str, range(10))] * 3
