"""Answers of filled forms: each question of each form is a field of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.sandbox.clinic import generate
from workbench.staging import RecordSchema, profile_records
from workbench.staging.checks import Rule, ValueKind
from workbench.staging.forms import is_answer, question_of
from workbench.staging.paths import (
    filled_paths,
    is_empty,
    leaves,
    only,
    present_paths,
    value_at,
)
from workbench.state import IssueKind

Record = dict[str, object]
PROPERTIES = settings(derandomize=True, deadline=None, max_examples=150)
ODD_LABELS = (
    "Any.allergies?", "numbers[].number", "data[x].value", "it's \"quoted\"", "two\nlines", "a / b",
    "'; DROP TABLE patients; --", "<script>alert(1)</script>", "x" * 500, "=1+1", "naïve – ünï",
    "\ud800 half", "nul\x00", "a: b", "a, custom_form_responses.data[].value", "  spaced   out ",
)  # fmt: skip


def response(form: object, *answers: Record, **more: object) -> Record:
    """Give a response to a form."""
    return {"id": 1, "form_id": "3", "form_name": form, "patient_id": "7", **more,
            "data": list(answers)}  # fmt: skip


def answer(label: object, value: object, name: object = "text_1", **more: object) -> Record:
    """Give one answer."""
    return {"name": name, "label": label, "value": value, **more}


INTAKE = response("Intake", answer("Allergies", "Pollen", help_text="All"), answer("Smoker", "1"))


def test_an_answer_is_named_after_form_and_question() -> None:
    """Allergies on the intake form is another field than allergies on any other form."""
    assert value_at(INTAKE, "data[Intake / Allergies].value") == "Pollen"
    assert (
        value_at(response("Sport", answer("Allergies", "")), "data[Intake / Allergies].value")
        is None
    )
    assert filled_paths(INTAKE) == {
        "id", "form_id", "form_name", "patient_id", "data[].name", "data[].label",
        "data[].help_text", "data[Intake / Allergies].value", "data[Intake / Smoker].value",
    }  # fmt: skip


def test_an_answer_without_a_label_goes_by_its_name_and_without_both_by_neither() -> None:
    """What cannot be told apart stays one field, and is not mixed with what can."""
    found = response(
        "Intake", answer(None, "a", "date_signed"), answer(" ", "b", ""), {"value": "c"},
        answer("Named", "d"),
    )  # fmt: skip

    assert value_at(found, "data[Intake / date_signed].value") == "a"
    assert value_at(found, "data[].value") == ["b", "c"]
    assert value_at(found, "data[].label") == [None, " ", None, "Named"]


def test_a_form_without_a_name_goes_by_its_number() -> None:
    """Answers are told apart by their form, also where nobody named it."""
    assert "data[form 3 / Smoker].value" in present_paths(response(None, answer("Smoker", "1")))
    plain = response(None, answer("Smoker", "1"), form_id=None)
    assert "data[].value" in present_paths(plain)


def test_a_question_asked_twice_gives_both_answers() -> None:
    """No answer hides behind another one of the same label."""
    found = response("Intake", answer("Drug", "A"), answer("Drug", ""), answer("Drug", "B"))

    assert value_at(found, "data[Intake / Drug].value") == ["A", "B"]
    assert [value for path, value in leaves(found) if is_answer(path)] == ["A", "", "B"]
    profile = next(p for p in profile_records("f", [found]) if is_answer(p.path))
    assert profile.listed


def test_an_answer_may_be_a_list_or_an_object() -> None:
    """Check-boxes that come as a list, or a drawing with parts, are found by their paths."""
    found = response("Intake", answer("Sports", ["run", "swim"]), answer("Pain", {"left": 3}))

    assert value_at(found, "data[Intake / Sports].value") == ["run", "swim"]
    assert value_at(found, "data[Intake / Pain].value.left") == 3
    assert value_at(found, "data[Intake / Pain].value") is None


@pytest.mark.parametrize("label", ODD_LABELS)
def test_a_question_may_hold_anything(label: str) -> None:
    """Whatever a clinic wrote as a question, its answer is found, alone, and its path is text."""
    other = answer("Other", "no")
    found = response("Intake", answer(label, "yes"), other)
    (path,) = [path for path, value in leaves(found) if value == "yes"]

    assert is_answer(path)
    assert len(path) < 200
    assert "\n" not in path
    assert path.encode()
    assert value_at(found, path) == "yes"
    kept = only(found, {path})
    assert [value for _, value in leaves(kept)] == ["yes"]


def test_questions_whose_words_do_not_survive_are_still_told_apart() -> None:
    """Cutting a long question, or its brackets, makes no two questions one."""
    labels = ["x" * 500, "x" * 499, "a[b]", "a(b)", "a [b]", "a (b)"]
    forms = [("A / B", "C"), ("A", "B / C")]
    records = [response("F", answer(label, "v")) for label in labels]
    records += [response(form, answer(label, "v")) for form, label in forms]
    paths = [path for record in records for path, _ in leaves(record) if is_answer(path)]

    assert len(set(paths)) == len(paths)


def test_a_question_is_the_same_however_it_is_spaced() -> None:
    """A second blank or a mark nobody sees opens no new question."""
    told = {
        path
        for label in ("Any pain?", " Any  pain?\n", "Any\u00a0pain?", "Any\u200b pain?")
        for path, _ in leaves(response("Intake", answer(label, "v")))
        if is_answer(path)
    }

    assert told == {"data[Intake / Any pain?].value"}


def test_an_answer_that_is_left_out_takes_its_question_along() -> None:
    """A question that stands in a note without its answer would read as not answered."""
    kept = only(INTAKE, {"data[].label", "data[].name", "data[Intake / Smoker].value"})

    assert kept == {"data": [{"name": "text_1", "label": "Smoker", "value": "1"}]}


def test_a_record_that_is_no_response_keeps_its_plain_paths() -> None:
    """A list named data in another resource is not taken for a form."""
    note: Record = {"id": 1, "data": [{"label": "Subjective", "value": "well"}]}

    assert present_paths(note) == {"id", "data[].label", "data[].value"}
    assert value_at(note, "data[].value") == ["well"]


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
NESTED = VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(
    st.text(st.characters(codec="ascii"), max_size=4), VALUES, max_size=2
)  # fmt: skip
ITEM = st.fixed_dictionaries(
    {}, optional={"label": NESTED, "name": NESTED, "value": NESTED, "help_text": VALUES}
)


@PROPERTIES
@given(VALUES, st.lists(ITEM | VALUES, max_size=5))
def test_every_filled_path_leads_to_what_it_named(form: object, items: list[object]) -> None:
    """No answer is lost between naming it and looking it up, whatever a form holds."""
    record: Record = {"form_name": form, "data": items}
    told: dict[str, list[object]] = {}
    for path, value in leaves(record):
        if is_answer(path) and not is_empty(value):
            told.setdefault(path, []).append(value)

    for path, values in told.items():
        found = value_at(record, path)
        flat = list(_flat(found))
        assert [one for one in flat if not is_empty(one)] == values
        json.dumps(path).encode()
    assert only(record, present_paths(record)).keys() <= record.keys()


def _flat(value: object) -> list[object]:
    return [one for inner in value for one in _flat(inner)] if isinstance(value, list) else [value]


def test_each_question_has_a_profile_of_its_own() -> None:
    """A date among free texts is seen as a date, and a yes/no as one."""
    rows = [
        response("Intake", answer("Signed", f"2024-01-0{n}"), answer("Smoker", "1"),
                 answer("Remarks", "<p>none</p>"))
        for n in range(1, 6)
    ]  # fmt: skip
    found = {p.path: p for p in profile_records("custom_form_responses", rows)}

    assert found["data[Intake / Signed].value"].formats == {"date_iso": 5}
    assert found["data[Intake / Smoker].value"].values == {"1": 5}
    assert found["data[Intake / Remarks].value"].remarks == ("holds HTML in text",)
    assert not found["data[Intake / Smoker].value"].listed
    assert "data[].value" not in found


def test_an_answer_that_tells_of_one_person_shows_no_value() -> None:
    """Which question it is decides, not that all answers are called value."""
    rows = [response("Intake", answer("Diagnosis", "flu"), answer("Sport", "run"))] * 5
    found = {question_of(p.path): p.values for p in profile_records("f", rows)}

    assert found["Diagnosis"] == {}
    assert found["Sport"] == {"run": 5}


class _Rules:
    zone, region = "UTC", ""

    def __init__(self, *rules: Rule) -> None:
        self._rules = {rule.path: rule for rule in rules}

    def rules(self, resource: str) -> dict[str, Rule]:
        """Give the same rules for any resource."""
        del resource
        return self._rules


def test_an_answer_is_read_by_its_own_rule_and_a_new_question_is_listed() -> None:
    """The date of a form is read as a date; a question nobody decided on is held up."""
    plain = [Rule(p, ValueKind.TEXT) for p in ("id", "form_id", "form_name", "patient_id",
                                               "data[].name", "data[].label")]  # fmt: skip
    schema = RecordSchema(
        "custom_form_responses", _Rules(Rule("data[Intake / Signed].value", ValueKind.DATE), *plain)
    )
    read = schema("1", response("Intake", answer("Signed", "2024-05-06"), answer("New?", "x")))

    assert read.values["data[Intake / Signed].value"] == "2024-05-06"
    assert [(one.kind, one.field) for one in read.findings] == [
        (IssueKind.FIELD_UNKNOWN, "custom_form_responses.data[Intake / New?].value")
    ]


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_the_sandbox_has_forms_with_questions(vocabulary: str) -> None:
    """The clinic that people try the workbench on shows what forms become."""
    rows = generate(vocabulary=vocabulary, patients=60)["custom_form_responses"]  # type: ignore[arg-type]  # one of the two names
    questions = {
        question_of(path) for row in rows for path in present_paths(row) if is_answer(path)
    }

    assert {"Allergies", "Medication", "static_text"} <= questions
