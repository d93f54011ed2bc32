"""Answers to forms that feed a field of the patient."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.mapping import (
    Context,
    Expected,
    Expecter,
    MapOptions,
    Mapping,
    MapRow,
    check,
    propose,
    schema_needs,
)
from workbench.mapping.choices import decided
from workbench.mapping.model import Disposition, value_subject
from workbench.mapping.rows import LoadRow
from workbench.mapping.yaml_io import dump_line, dump_yaml, load_line, load_yaml
from workbench.staging import profile_records
from workbench.staging.forms import is_answer
from workbench.staging.paths import leaves, value_at
from workbench.state import Fate, IssueKind

FORMS = "custom_form_responses"
ALLERGIES = f"{FORMS}.data[Intake / Allergies].value"
Record = dict[str, object]
CONTEXT = Context(timezone="Europe/Amsterdam", patient_key=lambda one: f"patient_{one}")


def mapped(field: str, target: str, transform: str = "text", kind: str = "char") -> MapRow:
    """Give a row that maps one field to one target."""
    return MapRow(field, Disposition.MAPPED, target, transform, kind)


def the_map(*rows: MapRow, values: dict[str, dict[str, str]] | None = None) -> Mapping:
    """Give a map of patients and forms, and the rows asked for."""
    kept = ("form_name", "data[].label", "data[].name", "data[Intake / Other].value")
    own = [
        mapped("patients.id", "res.partner.x_practicehub_id", "identifier"),
        mapped("patients.name", "res.partner.name"),
        mapped("patients.allergies", "res.partner.x_allergies", "plain_text", "text"),
        MapRow(f"{FORMS}.id", Disposition.LOOKUP, "mail.message.id", "identifier", "integer"),
        MapRow(f"{FORMS}.patient_id", Disposition.LOOKUP, "mail.message.res_id", "patient",
               "many2one_reference"),
        MapRow(f"{FORMS}.created", Disposition.MAPPED, "mail.message.date", "datetime", "datetime"),
        *(MapRow(f"{FORMS}.{path}", Disposition.KEPT, "mail.message.body") for path in kept),
    ]  # fmt: skip
    return Mapping(rows=(*own, *rows), values=values or {}, zone="Europe/Amsterdam")


TO_ALLERGIES = mapped(ALLERGIES, "res.partner.x_allergies", "plain_text", "text")


def response(number: int, value: object, *, day: int = 1, label: str = "Allergies") -> Record:
    """Give a filled intake form."""
    return {
        "id": number, "form_name": "Intake", "patient_id": "7",
        "created": f"2024-05-{day:02} 10:00:00",
        "data": [{"name": "q1", "label": label, "value": value},
                 {"name": "q2", "label": "Other", "value": "something else"}],
    }  # fmt: skip


def contact(mapping: Mapping, patient: Record, *responses: Record) -> tuple[LoadRow, Expected]:
    """Give what is expected of a patient with these forms."""
    expected = Expecter(mapping, CONTEXT).patient(
        {"id": 7, "name": "Bo", **patient}, responses=[(FORMS, one) for one in responses]
    )
    assert expected.fate is Fate.CREATED
    return expected.rows[0], expected


def test_an_answer_fills_a_field_that_the_patient_leaves_empty() -> None:
    """What was only said on the intake form stands in the contact's own field."""
    row, expected = contact(
        the_map(TO_ALLERGIES), {"allergies": ""}, response(31, "Pollen<br>nuts")
    )

    assert row.values["x_allergies"] == "Pollen\nnuts"
    assert row.sources["x_allergies"] == f"{FORMS}/31.data[Intake / Allergies].value"
    assert expected.issues == ()


def test_the_latest_filled_answer_counts() -> None:
    """An answer that was left empty later does not wipe what was said before."""
    forms = (
        response(40, "old", day=1), response(33, "latest", day=3), response(50, "", day=9),
        response(34, "of the same time, lower id", day=2),
    )  # fmt: skip
    row, _ = contact(the_map(TO_ALLERGIES), {"allergies": None}, *forms)
    tie, _ = contact(the_map(TO_ALLERGIES), {}, response(9, "nine"), response(10, "ten"))

    assert row.values["x_allergies"] == "latest"
    assert tie.values["x_allergies"] == "ten"


def test_the_patients_own_field_counts_and_a_difference_is_listed() -> None:
    """A form never overwrites the file; that the two differ is for people to see."""
    mapping = the_map(TO_ALLERGIES)
    row, expected = contact(mapping, {"allergies": "None known"}, response(31, "Pollen"))
    alike, same = contact(mapping, {"allergies": "Pollen"}, response(31, " pollen "))

    assert row.values["x_allergies"] == "None known"
    assert [(one.kind, one.resource, one.source_id, one.field) for one in expected.issues] == [
        (IssueKind.VALUE_DIFFERS, "patients", "7", ALLERGIES)
    ]
    assert alike.values["x_allergies"] == "Pollen"
    assert same.issues == ()


def test_signs_make_a_difference() -> None:
    """A+ and A- are not one blood type."""
    mapping = the_map(
        mapped("patients.blood", "res.partner.x_blood"),
        mapped(f"{FORMS}.data[Intake / Blood].value", "res.partner.x_blood"),
    )
    _, expected = contact(mapping, {"blood": "A+"}, response(31, "A-", label="Blood"))

    assert [one.kind for one in expected.issues] == [IssueKind.VALUE_DIFFERS]


def test_an_answer_may_have_a_field_of_its_own() -> None:
    """A field that the patient's record does not have at all is made from the answer."""
    mapping = the_map(
        mapped(ALLERGIES, "res.partner.x_pollen", "boolean", "boolean"),
    )
    row, _ = contact(mapping, {"allergies": "x"}, response(31, "yes"))
    without, _ = contact(mapping, {"allergies": "x"})

    assert row.values["x_pollen"] is True
    assert without.values.get("x_pollen") is None
    assert ("res.partner", "x_pollen", "boolean") in {
        (need.model, need.name, need.type) for need in schema_needs(mapping).fields
    }


def test_an_unreadable_answer_leaves_the_field_empty_and_stands_in_the_note() -> None:
    """Nothing older is put in the place of what cannot be read, and nothing is lost."""
    day = mapped(ALLERGIES, "res.partner.x_day", "date", "date")
    row, expected = contact(
        the_map(day), {}, response(31, "2020-01-01", day=1), response(32, "last year", day=2)
    )

    assert row.values.get("x_day") is None
    assert [(one.kind, one.source_id, one.outcome) for one in expected.issues] == [
        (IssueKind.DATE_UNREADABLE, "7", "left empty; the answer stays in its form's note")
    ]


def test_a_value_of_the_patients_own_that_cannot_be_read_is_not_filled_up() -> None:
    """What stands there unread is for people to read; a form's word does not hide it."""
    mapping = the_map(
        mapped("patients.day", "res.partner.x_day", "date", "date"),
        mapped(ALLERGIES, "res.partner.x_day", "date", "date"),
    )
    row, expected = contact(mapping, {"day": "long ago"}, response(31, "2020-01-01"))

    assert row.values["x_day"] is None
    assert {one.kind for one in expected.issues} == {
        IssueKind.DATE_UNREADABLE, IssueKind.VALUE_DIFFERS,
    }  # fmt: skip


def test_a_value_nobody_mapped_holds_the_patient_back_only_where_it_would_count() -> None:
    """A pick-list's new value asks; not where the patient's own field says it anyway."""
    rows = (
        mapped("patients.smoker", "res.partner.x_smoker", "selection", "selection"),
        mapped(ALLERGIES, "res.partner.x_smoker", "selection", "selection"),
    )
    mapping = the_map(*rows, values={"patients.smoker": {"y": "Yes"}, ALLERGIES: {"1": "Yes"}})
    waits = Expecter(mapping, CONTEXT).patient(
        {"id": 7, "name": "Bo"}, responses=[(FORMS, response(31, "2"))]
    )
    row, _ = contact(mapping, {"smoker": "y"}, response(31, "2"))
    filled, _ = contact(mapping, {}, response(31, "1"))

    assert waits.waiting == (value_subject(ALLERGIES, "2"),)
    assert row.values["x_smoker"] == filled.values["x_smoker"] == "yes"


def test_the_form_stays_a_note_with_everything_in_it() -> None:
    """That an answer feeds a field takes nothing out of the note of its form."""
    expected = Expecter(the_map(TO_ALLERGIES), CONTEXT).message(FORMS, response(31, "Pollen"))
    body = str(expected.rows[0].values["body"])

    assert "Allergies" in body
    assert "Pollen" in body
    assert "something else" in body
    assert ALLERGIES in expected.rows[0].sources["body"]


def test_a_merged_patients_answers_fill_the_survivor() -> None:
    """Two files of one person: the form may hang on either."""
    expecter = Expecter(the_map(TO_ALLERGIES), CONTEXT)
    expected = expecter.patient(
        {"id": 7, "name": "Bo", "allergies": ""},
        merged=[{"id": 9, "name": "Bo", "allergies": "Nuts"}],
        responses=[(FORMS, response(31, "Pollen"))],
    )

    assert expected.rows[0].values["x_allergies"] == "Nuts"
    assert IssueKind.VALUE_DIFFERS in {one.kind for one in expected.issues}


def test_several_questions_may_feed_one_field() -> None:
    """The form of last year and that of today ask for the same thing."""
    again = mapped(f"{FORMS}.data[Intake / Allergic to].value", "res.partner.x_allergies",
                   "plain_text", "text")  # fmt: skip
    mapping = the_map(TO_ALLERGIES, again)
    row, _ = contact(
        mapping, {}, response(31, "old", day=1), response(32, "new", day=2, label="Allergic to")
    )

    assert check(mapping) == []
    assert row.values["x_allergies"] == "new"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (replace(TO_ALLERGIES, target="crm.lead.x_allergies"), "on no model"),
        (replace(TO_ALLERGIES, type="char"), "makes res.partner.x_allergies a char"),
    ],
)
def test_an_answer_feeds_the_patient_and_nothing_else(row: MapRow, words: str) -> None:
    """A form hangs on a patient; a visit's field would stay empty for ever."""
    assert [words in fault.what for fault in check(the_map(row))] == [True]


def test_a_map_with_answers_has_no_faults_and_reads_them_as_what_they_feed() -> None:
    """A date on a form that feeds a date is checked as one when it is read."""
    day = mapped(f"{FORMS}.data[Intake / Other].value", "res.partner.x_day", "date", "date")
    mapping = Mapping(rows=tuple(
        row for row in the_map(TO_ALLERGIES, day).rows
        if row.field != day.field or row is day
    ))  # fmt: skip
    rule = mapping.rules(FORMS)["data[Intake / Other].value"]

    assert check(mapping) == []
    assert (rule.kind, rule.outcome) == (
        "date", "left empty; the raw text stands in the note"
    )  # fmt: skip
    assert value_at(response(1, "x"), "data[Intake / Other].value") == "something else"


@pytest.mark.parametrize(
    ("question", "target"),
    [
        ("Allergies", "res.partner.x_allergies"),
        ("Blood type", "res.partner.x_blood_type"),
        ("How did you hear of us?", ""),
        ("Created", ""),
        ("First name", ""),
    ],
)
def test_an_answer_is_proposed_to_stay_in_its_note(question: str, target: str) -> None:
    """That a question sounds like a field of the patient is a hint to people, no proposal."""
    rows = [response(n, "AB+", label=question) for n in range(1, 4)]
    profiles = profile_records(FORMS, rows)
    options = MapOptions(timezone="UTC", country="NL")
    (found,) = (
        one for one in propose(profiles, odoo_fields={}, options=options)
        if one.row.field == f"{FORMS}.data[Intake / {question}].value"
    )  # fmt: skip

    assert found.row.choice == "keep"
    assert [target in reason for reason in found.reasons if "may ask for" in reason] == (
        [True] if target else []
    )


@pytest.mark.parametrize("question", ["a: b, {c}", "#1 'x' \"y\"", "- item", "ends with:", "é"])
def test_a_question_is_a_line_of_the_map_like_any_other(question: str) -> None:
    """Whatever a question holds, the map is written, read back and decided alike."""
    (path,) = (p for p, _ in leaves(response(1, "x", label=question)) if "Other" not in p
               and is_answer(p))  # fmt: skip
    row = MapRow(f"{FORMS}.{path}", Disposition.KEPT, "mail.message.body")
    chosen = decided(row, "res.partner.x_allergies", {}, "", options=MapOptions())
    mapping = Mapping(rows=(*the_map().rows, chosen))

    assert (chosen.transform, chosen.type) == ("plain_text", "text")
    assert load_line(chosen.field, dump_line(chosen)) == chosen
    assert load_yaml(dump_yaml(mapping)).by_field[chosen.field] == chosen
