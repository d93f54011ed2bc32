"""No value goes missing: what is kept stays readable, and no target is one that nobody fills."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest

from tests.support.decided_map import ODOO_FIELDS, Record, World, context_of, held, world
from workbench.mapping import AppointmentsTo, Expecter, MapOptions, mapping_from, propose
from workbench.mapping.faults import check
from workbench.mapping.model import Disposition, MapRow
from workbench.mapping.naming import CUSTOM, beside
from workbench.mapping.rows import LoadRow
from workbench.staging import profile_records


def keeping(*fields: str, to: AppointmentsTo = AppointmentsTo.LEAD, vocabulary: str = "brief") -> (
    World
):  # fmt: skip
    """Give a clinic whose map was decided as proposed, but for some fields that are kept."""
    made = world("observed" if vocabulary == "observed" else "brief", to)
    answers = {one.subject: one.proposal or "name only" for one in made.questions}
    answers |= {f"field:{one}": "keep" for one in fields}
    draft = mapping_from(
        made.proposals, answers.get,
        options=MapOptions(timezone="Europe/Amsterdam", country="NL", appointments_to=to),
        values=[one for one in made.questions if one.subject.startswith("value:")],
        practitioners=[one for one in made.questions if one.subject.startswith("practitioner:")],
        duplicates=[one for one in made.questions if one.subject.startswith("duplicate:")],
        odoo_fields=ODOO_FIELDS,
    )  # fmt: skip
    decided = {row.field: row.disposition for row in draft.mapping.rows}
    assert {decided[one] for one in fields} == {Disposition.KEPT}
    return replace(made, mapping=draft.mapping, context=context_of(made.clinic, draft.mapping))


def told(row: LoadRow) -> str:
    """Give all texts of a row."""
    return html.unescape(" ".join(str(value) for value in row.values.values()))


@pytest.mark.parametrize("resource", ["files", "documents"])
def test_a_file_tells_what_was_kept_of_its_record(resource: str) -> None:
    """An attachment has a description, and that is where a kept field can be read."""
    made = keeping(f"{resource}.mime_type", f"{resource}.file_name")
    own = made.clinic[resource][0]
    given: Record = {
        "patient_id": 101, "entity_type": "patient", "mime_type": "image/x-zz",
        "file_name": "scan zz.png", "description": "The knee",
    }  # fmt: skip
    record = {**own, **{name: value for name, value in given.items() if name in own}}

    expecter = Expecter(made.mapping, made.context)
    row = expecter.attachment(resource, record, held(resource, record)).rows[0]

    description = str(row.values["description"])
    assert "The knee" in description
    assert "Mime type: image/x-zz" in description
    assert "File name: scan zz.png" in description
    assert f"{resource}.mime_type" in row.sources["description"]


def test_a_merged_patient_leaves_what_was_kept_with_the_survivor() -> None:
    """The note of the record that went holds its kept fields, as the survivor's own does."""
    made = keeping("patients.allergies")
    survivors = {one: top for one, top in made.mapping.survivors.items() if one != top}
    assert survivors
    for record in made.clinic["patients"]:
        record_id = str(record["id"])
        if record_id not in survivors:
            continue
        top = next(one for one in made.clinic["patients"] if str(one["id"]) == survivors[record_id])
        gone, stays = {**record, "allergies": "zzpollen"}, {**top, "allergies": "zzlatex"}
        rows = (
            Expecter(made.mapping, made.context)
            .patient(stays, prescriptions=[], merged=[gone])
            .rows
        )
        texts = {row.external_id: told(row) for row in rows}
        assert "zzpollen" in texts[f"patient_{record_id}_values"]
        assert "zzlatex" in texts[f"patient_{top['id']}_kept"]


@pytest.mark.parametrize("to", list(AppointmentsTo))
def test_a_visit_tells_what_was_kept_wherever_visits_go(to: AppointmentsTo) -> None:
    """The lead, or the event where there is no lead, has it in its description."""
    made = keeping("appointments.visit_type", to=to)
    record = {**made.clinic["appointments"][0], "patient_id": 101, "visit_type": "Zz-intake"}

    rows = Expecter(made.mapping, made.context).appointment(record).rows

    assert rows
    assert all("Zz-intake" in str(row.values["description"]) for row in rows)


@pytest.mark.parametrize(
    ("field", "target", "to"),
    [
        ("patients.allergies", "crm.lead.x_allergies", AppointmentsTo.LEAD),
        ("files.created", "res.partner.x_last_file", AppointmentsTo.LEAD),
        ("appointments.visit_type", "calendar.event.x_kind", AppointmentsTo.BOTH),
        ("appointments.visit_type", "crm.lead.x_kind", AppointmentsTo.EVENT),
    ],
)
def test_a_target_that_no_record_of_the_resource_becomes_is_a_fault(
    field: str, target: str, to: AppointmentsTo
) -> None:
    """A custom field that would be made and stay empty is told before anything is loaded."""
    mapping = world("brief", to).mapping
    row = MapRow(field, Disposition.MAPPED, target, transform="text", type="char")
    rows = tuple(row if one.field == field else one for one in mapping.rows)

    faults = check(replace(mapping, rows=rows))

    assert [fault.where for fault in faults] == [field]
    assert target in faults[0].what


@pytest.mark.parametrize("to", list(AppointmentsTo))
def test_the_shipped_vocabularies_have_no_such_target(to: AppointmentsTo) -> None:
    """What is proposed is filled."""
    assert check(world("brief", to).mapping) == []
    assert check(world("observed", to).mapping) == []


def test_of_two_spellings_that_differ_the_second_is_kept() -> None:
    """Where a visit names its type and, by number, another one, neither is lost."""
    visit: Record = {"id": 1, "patient_id": 101, "visit_type": "Zz-intake", "status": "pending",
                     "appointment_type_id": 1, "start": "2025-01-01 10:00:00"}  # fmt: skip
    proposals = propose(
        profile_records("appointments", [visit]), odoo_fields=ODOO_FIELDS, options=MapOptions()
    )
    answers = {f"field:{one.row.field}": one.row.choice for one in proposals}
    answers["field:appointments.visit_type"] = "crm.lead.x_visit_type"
    draft = mapping_from(proposals, answers.get, options=MapOptions())
    mapping = replace(draft.mapping, values={"appointments.status": {"pending": "New"}})
    clinic = world("observed").clinic
    context = replace(context_of(clinic, mapping), appointment_types={"1": "Follow-up"})

    values = Expecter(mapping, context).appointment(visit).rows[0].values

    assert draft.faults == ()
    assert values["x_visit_type"] == "Follow-up"
    assert values["x_unread_values"] == "visit_type: Zz-intake"


@pytest.mark.parametrize("name", ["x_blood", f"x_{'a' * 46}", f"x_{'a' * 54}"])
def test_the_name_beside_one_of_odoo_s_is_a_name(name: str) -> None:
    """However long the field that stands there already: ours ends alike, and Odoo takes it."""
    assert CUSTOM.fullmatch(beside(name))
    assert beside(name).endswith("_practicehub")
    assert beside(name) != beside(f"{name}b")
