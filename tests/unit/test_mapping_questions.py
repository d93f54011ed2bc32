"""Questions: one for everything that must be decided, and the map their answers make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.decided_map import ODOO_FIELDS, Vocabulary, world
from workbench.mapping import (
    Disposition,
    MapOptions,
    Mapping,
    MapRow,
    Proposal,
    field_questions,
    mapping_from,
    pick_lists,
    propose,
    value_questions,
)
from workbench.staging import profile_records
from workbench.staging.normalise import pick
from workbench.staging.times import Order
from workbench.state import Store

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_there_is_one_question_for_each_field(vocabulary: Vocabulary) -> None:
    """Every source field is asked about once, with a proposal that is among its options."""
    made = world(vocabulary)
    asked = [one for one in made.questions if one.subject.startswith("field:")]

    assert sorted(one.subject for one in asked) == sorted(f"field:{p.field}" for p in made.profiles)
    assert all(one.proposal in one.options and one.reasons for one in asked)


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_value_of_a_mapped_pick_list_is_asked_about(vocabulary: Vocabulary) -> None:
    """No status, location, contact status or language that a record has is without a target."""
    made = world(vocabulary)
    for one in made.profiles:
        row = made.mapping.by_field[one.field]
        if row.transform in {"selection", "stage", "location", "language"}:
            seen = {pick(one_of[row.path]) for one_of in made.clinic[row.resource]}
            assert set(made.mapping.values[one.field]) == seen - {None}, one.field


def test_more_records_of_the_same_kind_reopen_nothing() -> None:
    """A decision stands while the field, its proposal and its values are what they were."""
    rows = [{"id": n, "first_name": "A", "contact_status": "Active"} for n in range(200)]

    def bases(count: int) -> list[object]:
        profiles = profile_records("patients", rows[:count])
        proposals = propose(profiles, odoo_fields=ODOO_FIELDS, options=OPTIONS)
        fields = field_questions(proposals)
        answers = {one.subject: one.proposal for one in fields}
        draft = mapping_from(proposals, answers.get, options=OPTIONS)
        lists = pick_lists(draft.mapping, "patients", rows[:count])
        return [one.basis for one in (*fields, *value_questions(draft.mapping, lists))]

    assert bases(100) == bases(200)


ROWS = [
    {"id": n, "first_name": "A", "email": "a@example.com", "quirk": "x y", "old": "z"}
    for n in range(1, 5)
]


def draft_of(**answers: str | None) -> dict[str, object]:
    """Decide about four patients' fields, all as proposed but for some."""
    proposals = propose(profile_records("patients", ROWS), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    choices: dict[str, str | None] = {f"field:{one.row.field}": one.row.choice for one in proposals}
    choices |= {f"field:patients.{name}": answer for name, answer in answers.items()}
    draft = mapping_from(
        proposals, choices.get, options=OPTIONS, odoo_fields=ODOO_FIELDS,
        comment={"field:patients.old": "the old system's"}.get,
    )  # fmt: skip
    return {"draft": draft, **{row.path: row for row in draft.mapping.rows}}


def test_an_open_question_leaves_the_map_incomplete() -> None:
    """A load has nothing to go by while one field is undecided."""
    draft = draft_of(quirk=None)["draft"]

    assert draft.open == ("field:patients.quirk",)  # type: ignore[attr-defined]  # a table of kinds
    assert not draft.complete  # type: ignore[attr-defined]  # a table of kinds


def test_a_person_may_choose_another_target() -> None:
    """A target named by hand gets the type Odoo says and a transform that fits it."""
    made = draft_of(quirk="res.partner.comment", email="res.partner.x_e_mail")
    quirk, email = made["quirk"], made["email"]

    assert (quirk.type, quirk.transform) == ("html", "html")  # type: ignore[attr-defined]  # a row
    assert (email.type, email.transform) == ("char", "email")  # type: ignore[attr-defined]  # a row


DATES = {
    "either": ["03/04/1984", "05/06/1990", "1984-07-19"],
    "mixed": ["13/04/1984", "05/16/1990"],
    "day": ["03/04/1984", "13/04/1984", "1984-07-19", "0000-00-00"],
    "month": ["03/04/1984", "05/16/1990"],
}


def of_dates(kind: str, field: str = "date_of_birth", resource: str = "patients") -> Proposal:
    """Propose for a field of dates of one kind."""
    rows = [{"id": n, "first_name": "A", field: one} for n, one in enumerate(DATES[kind])]
    made = propose(profile_records(resource, rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    return next(one for one in made if one.row.path == field)


@pytest.mark.parametrize("kind", ["either", "mixed"])
@pytest.mark.parametrize(
    ("resource", "field"),
    [("patients", "date_of_birth"), ("patients", "intake"), ("appointments", "planned_date"),
     ("appointments", "appointment_date")],
)  # fmt: skip
def test_day_and_month_that_cannot_be_told_apart_are_asked_about(
    kind: str, resource: str, field: str
) -> None:
    """Neither order is proposed: a person says which, and until then the question is open."""
    question = field_questions([of_dates(kind, field, resource)])[0]
    target = of_dates(kind, field, resource).row.target

    assert question.proposal is None
    assert question.options[:2] == [f"{target}, day first", f"{target}, month first"]
    assert {"keep", "drop"} <= set(question.options)
    assert "the day or the month" in question.question
    assert mapping_from([of_dates(kind, field, resource)], lambda _: None, options=OPTIONS).open


@pytest.mark.parametrize(
    ("kind", "order"), [("day", Order.DAY_FIRST), ("month", Order.MONTH_FIRST)]
)
@pytest.mark.parametrize(
    ("resource", "field"), [("patients", "date_of_birth"), ("patients", "intake"),
                            ("appointments", "appointment_date")]
)  # fmt: skip
def test_an_order_that_the_dates_tell_is_proposed(
    kind: str, order: Order, resource: str, field: str
) -> None:
    """Where one date can be read one way only, and none the other way, that is the order."""
    proposal = of_dates(kind, field, resource)

    assert proposal.row.order is order
    assert "value(s) can only be read" in proposal.reasons[-1]
    assert field_questions([proposal])[0].proposal == proposal.row.target


@pytest.mark.parametrize(
    ("answer", "transform", "order"),
    [
        ("res.partner.x_intake, day first", "date", Order.DAY_FIRST),
        ("res.partner.x_intake, month first", "date", Order.MONTH_FIRST),
        ("res.partner.x_first_day, month first", "date", Order.MONTH_FIRST),
        ("res.partner.x_intake, as text", "text", Order.ISO),
        ("keep", "", Order.ISO),
    ],
)
def test_a_person_says_which_comes_first(answer: str, transform: str, order: Order) -> None:
    """What was chosen stands in the map, and the map has no fault because of it."""
    draft = mapping_from(
        [of_dates("either", "intake")], {"field:patients.intake": answer}.get, options=OPTIONS
    )
    row = draft.mapping.by_field["patients.intake"]

    assert (row.transform, row.order) == (transform, order)
    assert not [fault for fault in draft.faults if fault.where == row.field]
    assert MapRow.from_json(row.as_json()) == row


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("res.partner.x_intake", "the day or the month comes first"),
        ("res.partner.comment, day first", "reads no date"),
    ],
)
def test_an_order_is_needed_where_dates_are_and_nowhere_else(answer: str, words: str) -> None:
    """A target alone does not answer the question, and text has no order."""
    draft = mapping_from(
        [of_dates("either", "intake")], {"field:patients.intake": answer}.get, options=OPTIONS,
        odoo_fields=ODOO_FIELDS,
    )  # fmt: skip

    assert words in str(draft.faults)


@pytest.mark.parametrize(
    ("before", "now", "order"),
    [
        ("day", "day", Order.DAY_FIRST),
        ("day", "either", Order.DAY_FIRST),
        ("day", "month", Order.MIXED),
        ("day", "mixed", Order.MIXED),
        ("either", "either", Order.EITHER),
        ("either", "day", Order.DAY_FIRST),
        ("either", "mixed", Order.MIXED),
        ("mixed", "either", Order.MIXED),
    ],
)
def test_later_dates_open_a_field_again_only_if_they_say_otherwise(
    before: str, now: str, order: Order
) -> None:
    """What the first pages told stands until a record contradicts it."""
    first = of_dates(before, "intake").row
    rows = [{"id": n, "intake": one} for n, one in enumerate(DATES[now])]
    again = propose(
        profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS,
        before=Mapping((first,)),
    )  # fmt: skip

    assert next(one.row for one in again if one.row.path == "intake").order is order


def test_the_open_question_is_not_accepted_with_the_proposals(tmp_path: Path) -> None:
    """Accepting what is proposed leaves it open, and it is named among what waits."""
    store = Store(tmp_path / "state.sqlite")
    store.decisions.ask(field_questions([of_dates("either"), of_dates("day", "intake")]))
    store.decisions.accept_proposed(by="Eva Smit")
    waiting = [one.subject for one in store.decisions.open()]
    store.close()

    assert waiting == ["field:patients.date_of_birth"]


def test_keep_and_drop_do_what_they_say() -> None:
    """A kept field stays readable in a note; a dropped one has the person's reason."""
    made = draft_of(quirk="keep", old="drop")
    quirk, old = made["quirk"], made["old"]

    assert quirk.disposition is Disposition.KEPT  # type: ignore[attr-defined]  # a row
    assert quirk.target == "mail.message.body"  # type: ignore[attr-defined]  # a row
    assert old.disposition is Disposition.DROPPED  # type: ignore[attr-defined]  # a row
    assert old.why == "the old system's"  # type: ignore[attr-defined]  # a row


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("res.partner.name", "shares res.partner.name"),
        ("res.partner.email", "shares res.partner.email"),
        ("res.partner.nonsense", "Odoo has no field"),
        ("somewhere", "on no model of ours"),
        ("res.partner.country_id", "cannot feed"),
    ],
)
def test_an_impossible_choice_is_a_fault_of_the_draft(target: str, words: str) -> None:
    """Two fields to one target, or a target that cannot be, never make a map."""
    draft = draft_of(quirk=target)["draft"]

    assert words in str(draft.faults)  # type: ignore[attr-defined]  # a table of kinds


def test_questions_about_patients_tell_no_value() -> None:
    """What is asked can stand on a screen: no e-mail, birth date or name of a patient is in it."""
    made = world("brief")
    told = " ".join(
        str(one) for one in made.questions if not one.subject.startswith("practitioner:")
    )

    for patient in made.clinic["patients"]:
        for name in ("email", "date_of_birth", "policy_number", "medical_history"):
            if patient[name]:
                assert str(patient[name]) not in told
