"""Values of pick-lists: each is asked about, and like ones are proposed to go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping import (
    Context,
    Disposition,
    Expecter,
    MapOptions,
    Mapping,
    MapRow,
    Offered,
    PickList,
    Proposal,
    dump_yaml,
    list_faults,
    load_yaml,
    mapping_from,
    offered_selections,
    pick_lists,
    propose,
    schema_needs,
    stored_values,
    value_questions,
)
from workbench.mapping.empty import key_of, value_of
from workbench.mapping.growth import from_document, grown, within
from workbench.mapping.model import value_subject
from workbench.mapping.values import MOST_OPEN, alike, propose_value
from workbench.staging import RecordSchema, profile_records
from workbench.state.decisions import Question

PROPERTIES = settings(derandomize=True, deadline=None, max_examples=80)
OFFERED = Offered(
    stages=("New", "Qualified"),
    languages=("en_US", "nl_NL"),
    selections={"crm.lead.priority": {"0": "Low", "1": "Medium"},
                "res.partner.x_sex": {"M": "Man", "F": "Woman"}},
)  # fmt: skip
ID = MapRow("patients.id", Disposition.MAPPED, "res.partner.x_practicehub_id", "identifier", "char")
NAME = MapRow("patients.name", Disposition.MAPPED, "res.partner.name", "text", "char")


def row(target: str, transform: str = "selection", *, field: str = "patients.club") -> MapRow:
    """Make the row of a pick-list."""
    kind = "many2one" if transform == "stage" else "selection"
    return MapRow(field, Disposition.MAPPED, target, transform, kind)


def asked(
    one: MapRow, values: Sequence[object], *, decided: dict[str, str] | None = None
) -> list[Question]:
    """Ask about the values that records have of one field."""
    mapping = Mapping((one,))
    records = [{"id": n, one.path: value} for n, value in enumerate(values)]
    lists = pick_lists(mapping, one.resource, records)
    return value_questions(mapping, lists, offered=OFFERED, choice=(decided or {}).get)


def proposals(questions: Sequence[Question]) -> dict[str, str | None]:
    """Give value → what is proposed."""
    return {one.subject.partition("=")[2]: one.proposal for one in questions}


CLUB = row("res.partner.x_club")
STAGE = row("crm.lead.stage_id", "stage", field="appointments.status")
LANGUAGE = row("res.partner.lang", "language", field="patients.locale")


# what is counted --------------------------------------------------------------------------------


def test_a_value_that_one_record_has_is_asked_about() -> None:
    """However rare: its record could not be loaded without an answer."""
    questions = asked(CLUB, ["gold"] * 5 + ["silver"] * 4 + ["platinum", None, "", " "])

    assert proposals(questions) == {"gold": "gold", "silver": "silver", "platinum": "platinum"}
    assert questions[0].question.endswith("5 record(s) have it.")


def test_statuses_of_both_vocabularies_go_to_their_stages() -> None:
    """The brief's four statuses and PracticeHub's five come out as designed, `missed` too."""
    words = {
        "pending": "New", "New": "New", "arrived": "In Progress", "In Progress": "In Progress",
        "processed": "Completed", "Completed": "Completed", "cancelled": "Cancelled",
        "Cancelled": "Cancelled", "missed": "Missed", " CANCELED": "Cancelled",
        "complete": "Completed", "(empty)": "New", "rebooked online": "Rebooked online",
    }  # fmt: skip

    assert {word: propose_value(word, stage=True).target for word in words} == words


def test_a_stage_question_offers_our_stages_and_those_that_odoo_has() -> None:
    """The pipeline of the clinic may have a stage that fits better."""
    [question] = asked(STAGE, ["pending"])

    assert question.options == ["New", "In Progress", "Completed", "Cancelled", "Missed",
                                "Qualified"]  # fmt: skip
    assert question.open_value


def test_a_missing_status_and_one_typed_like_it_are_two_values() -> None:
    """Who typed "(empty)" into the status did not leave it empty."""
    questions = asked(STAGE, ["(empty)", None, "", '"(empty)"', "new"])
    mapping = Mapping((STAGE,), values={STAGE.field: {"(empty)": "New", '"(empty)"': "Odd"}})
    schema = RecordSchema("appointments", mapping)

    assert set(proposals(questions)) == {"(empty)", '"(empty)"', '""(empty)""', "new"}
    assert not schema("1", {"status": "(empty)"}).findings
    assert schema("1", {"status": '"(empty)"'}).findings


@PROPERTIES
@given(st.none() | st.text() | st.sampled_from(["(empty)", '"(empty)"', '""(empty)""']))
def test_every_value_has_a_key_of_its_own(value: str | None) -> None:
    """And from its key the value can be told."""
    assert value_of(key_of(value)) == value


# like values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "target", "certain"),
    [
        (["Amsterdam"] * 3 + ["AMSTERDAM", "amsterdam "], "Amsterdam", True),
        (["Den Haag", "Den Haag", "DenHaag"], "Den Haag", True),
        (["Orléans"] * 2 + ["Orleans"], "Orléans", False),
        (["Ijburg", "IJBURG", "IJBURG"], "IJBURG", True),
    ],
)
def test_spellings_of_one_value_are_proposed_to_go_to_the_most_frequent_one(
    values: list[str],
    target: str,
    certain: bool,  # noqa: FBT001 - a row of a table
) -> None:
    """With the reason; only a difference of accents is not certain."""
    questions = asked(CLUB, values)
    variants = [one for one in questions if one.basis["value"] != target]  # type: ignore[index]  # ours

    assert set(proposals(questions).values()) == {target}
    assert variants
    for one in variants:
        assert "most frequent spelling" in one.reasons[0]
        assert one.confidence is not None
        assert (one.confidence >= 0.9) is certain


def test_signs_tell_values_apart() -> None:
    """Rhesus positive and negative are two things."""
    values = ["A+", "A-", "a+", "+", "-"]

    assert proposals(asked(CLUB, values)) == {"A+": "A+", "A-": "A-", "a+": "A+", "+": "+",
                                              "-": "-"}  # fmt: skip


def test_a_spelling_that_comes_later_follows_what_was_decided_on_another() -> None:
    """Were it only more frequent, the map would have two names for one club."""
    decided = {value_subject(CLUB.field, "Gold"): "Gold members"}
    told = proposals(asked(CLUB, ["Gold", "GOLD", "GOLD"], decided=decided))
    stage = {value_subject(STAGE.field, "pending"): "Qualified"}

    assert told["GOLD"] == "Gold members"
    assert proposals(asked(STAGE, ["pending", "PENDING"], decided=stage))["PENDING"] == "Qualified"


def test_a_patient_s_clinic_and_a_visit_s_share_their_spelling() -> None:
    """Both go to fields of one name, and people filter by both."""
    rows = (row("res.partner.x_clinic_location"),
            row("crm.lead.x_clinic_location", field="appointments.location"))  # fmt: skip
    lists = {
        rows[0].field: PickList({"Amsterdam": 9}, 1),
        rows[1].field: PickList({"AMSTERDAM": 3}, 1),
    }

    assert {one.proposal for one in value_questions(Mapping(rows), lists)} == {"Amsterdam"}


@PROPERTIES
@given(st.text(min_size=1))
def test_likeness_forgets_case_and_spaces_and_is_settled_at_once(value: str) -> None:
    """Doing it twice changes nothing, and something always stays."""
    assert alike(alike(value)) == alike(value)
    assert alike(f" {value} ") in {alike(value), f" {value} "}
    assert alike(value)


# what Odoo has ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "proposal", "certain"),
    [("nl", "nl_NL", True), ("nl-NL", "nl_NL", True), ("nl_BE", "nl_NL", False),
     ("Dutch", "nl_NL", True), ("en", "en_US", True), ("ja", "leave empty", False),
     ("leave empty", "leave empty", False), ("🙂", "leave empty", False)],
)  # fmt: skip
def test_a_language_becomes_one_that_is_installed_or_is_left_empty(
    value: str,
    proposal: str,
    certain: bool,  # noqa: FBT001 - a row of a table
) -> None:
    """Nothing else can be chosen; what Odoo does not have is no certain proposal."""
    [question] = asked(LANGUAGE, [value])

    assert question.subject == f"value:patients.locale={value}"
    assert question.proposal == proposal
    assert set(question.options) == {"en_US", "nl_NL", "leave empty"}
    assert not question.open_value
    assert question.confidence is not None
    assert (question.confidence >= 0.9) is certain


def test_a_choice_of_odoo_s_own_field_is_offered_and_no_other_can_be_taken() -> None:
    """A standard field's choices are Odoo's; a value that is none of them is a person's to say."""
    questions = asked(row("crm.lead.priority", field="appointments.rank"), ["low", "1", "urgent"])

    assert proposals(questions) == {"low": "Low", "1": "Medium", "urgent": None}
    assert all(sorted(one.options) == ["Low", "Medium"] for one in questions)
    assert not any(one.open_value for one in questions)


def test_a_choice_is_stored_as_odoo_s_field_stores_it() -> None:
    """A field that the clinic made in Odoo keeps its own values; ours get what they need."""
    fields = {"res.partner": {
        "x_sex": {"type": "selection", "selection": [["M", "Man"], ["F", "Woman"]]},
    }}  # fmt: skip
    one = row("res.partner.x_sex", field="patients.sex")
    known = {one.field: {"m": "Man", "x": "Other"}}
    mapping = Mapping((ID, NAME, one), values=known)
    stored = stored_values(fields)
    context = Context("UTC", patient_key=lambda number: f"patient_{number}", stored=stored)
    expecter = Expecter(mapping, context)
    made = {value: expecter.patient({"id": 1, "name": "A", "sex": value}).rows[0].values["x_sex"]
            for value in ("m", "x")}  # fmt: skip
    need = {one.name: one for one in schema_needs(mapping, stored=stored).fields}["x_sex"]

    assert offered_selections(fields) == {"res.partner.x_sex": {"M": "Man", "F": "Woman"}}
    assert made == {"m": "M", "x": "other"}
    assert dict(zip(need.labels, need.selection, strict=True)) == {"Man": "M", "Other": "other"}
    assert proposals(asked(one, ["woman", "m"])) == {"woman": "Woman", "m": "Man"}


def test_a_language_is_stored_by_its_code_also_in_a_field_of_ours() -> None:
    """A clinic may want languages in a custom selection; "leave empty" is no choice there."""
    known = {"nl": "nl_NL", "ja": "leave empty"}
    for target, stored in (("res.partner.lang", "nl_NL"), ("res.partner.x_tongue", "nl_nl")):
        one = replace(LANGUAGE, target=target)
        mapping = Mapping((ID, NAME, one), values={one.field: known})
        expecter = Expecter(mapping, Context("UTC", patient_key=lambda number: f"patient_{number}"))
        values = expecter.patient({"id": 1, "name": "A", "locale": "nl"}).rows[0].values
        need = [need.selection for need in schema_needs(mapping).fields if need.name == "x_tongue"]

        assert values[one.name] == stored
        assert need == ([("nl_nl",)] if one.name == "x_tongue" else [])


# too many ---------------------------------------------------------------------------------------


def of_club(target: str, values: int) -> tuple[Mapping, dict[str, PickList]]:
    """Decide that a field with so many values goes to a target; its proposal is a text."""
    records = [{"id": n, "club": f"club {n}"} for n in range(values)]
    fields = {"res.partner": {"x_club": {"type": "selection", "selection": []}}}
    proposed = propose(
        profile_records("patients", records), odoo_fields=fields, options=MapOptions()
    )
    [club] = [one.row for one in proposed if one.row.path == "club"]
    answers = {"field:patients.club": target}
    mapping = mapping_from(proposed, answers.get, options=MapOptions(), odoo_fields=fields).mapping

    assert club.transform == "text"
    return mapping, pick_lists(mapping, "patients", records)


def test_a_pick_list_of_three_thousand_values_is_a_fault_before_any_load() -> None:
    """Nobody is asked three thousand times, and no record waits for a question nobody puts."""
    mapping, lists = of_club("res.partner.x_club", 3000)
    [fault] = list_faults(mapping, lists)

    assert mapping.by_field["patients.club"].transform == "selection"
    assert value_questions(mapping, lists) == []
    assert fault.where == "patients.club"
    assert "has 3,000 different values" in fault.what
    assert list_faults(*of_club("res.partner.x_note", 3000)) == []


def test_a_pick_list_that_grows_is_asked_about_its_new_values() -> None:
    """What was decided counts: of 201 values, one that is new is one question, not a fault."""
    mapping, lists = of_club("res.partner.x_club", MOST_OPEN + 1)
    decided = {value_subject("patients.club", f"club {n}"): f"Club {n}" for n in range(MOST_OPEN)}
    questions = value_questions(mapping, lists, choice=decided.get)

    assert list_faults(mapping, lists, choice=decided.get) == []
    assert [one.subject for one in questions if one.subject not in decided] == [
        f"value:patients.club=club {MOST_OPEN}"
    ]
    assert len(list_faults(mapping, lists)) == 1


# odd values -------------------------------------------------------------------------------------

ODD = ["a=b", "=", "two\nlines", "🙂", "nul\x00inside", "x" * 10_000, "keep", "name only",
       "(empty)", "null", "~", "{a: b}", "'", '"', "leave empty", "value:x=y"]  # fmt: skip


@pytest.mark.parametrize("one", [CLUB, STAGE], ids=["selection", "stage"])
def test_an_odd_value_is_asked_about_decided_and_found_again(one: MapRow) -> None:
    """Whatever a clinic typed: question, answer, mapping.yaml and the load mean the same value."""
    rows = (ID, NAME, one)
    records = [{"id": n, "name": "A", one.path: value} for n, value in enumerate(ODD)]
    records += [{"id": 99, "name": "A"}]
    lists = pick_lists(Mapping(rows), one.resource, records)
    questions = value_questions(Mapping(rows), lists)
    answers = {question.subject: f"T{n}" for n, question in enumerate(questions)}
    draft = mapping_from(
        [Proposal(made, 1.0, ("known",)) for made in rows],
        {**{f"field:{made.field}": made.choice for made in rows}, **answers}.get,
        options=MapOptions(), values=questions,
    )  # fmt: skip
    again = load_yaml(dump_yaml(draft.mapping))
    expecter = Expecter(again, Context("UTC", patient_key=lambda number: f"patient_{number}"))

    assert len(answers) == len(ODD) + (one.transform == "stage")
    assert again == draft.mapping
    assert all(len(question.question) < 200 for question in questions)
    if one is CLUB:
        assert [expecter.patient(record).waiting for record in records] == [()] * len(records)


@PROPERTIES
@given(st.lists(st.text(max_size=20), max_size=8))
def test_no_record_waits_for_a_value_that_nobody_was_asked_about(values: list[str]) -> None:
    """The subject that holds a record back is the subject of a question, letter by letter."""
    mapping = Mapping((ID, NAME, CLUB))
    expecter = Expecter(mapping, Context("UTC", patient_key=lambda number: f"patient_{number}"))
    records = [{"id": n, "name": "A", "club": value} for n, value in enumerate(values)]
    lists = pick_lists(mapping, "patients", records)
    subjects = {one.subject for one in value_questions(mapping, lists)}
    waiting = {one for record in records for one in expecter.patient(record).waiting}

    assert waiting == subjects


# a map that grows -------------------------------------------------------------------------------


def test_a_new_value_makes_nothing_else_of_the_records_that_were_loaded() -> None:
    """The ground takes it up, and every other record becomes what it was."""
    ground = Mapping((NAME, CLUB), values={CLUB.field: {"gold": "Gold", "tin": "Tin"}})
    now = replace(ground, values={CLUB.field: {"gold": "Gold", "new": "New one"}},
                  practitioners={"17": "name only"})  # fmt: skip
    both = grown(ground, now)

    assert both is not None
    assert both.values[CLUB.field] == {"gold": "Gold", "tin": "Tin", "new": "New one"}
    assert both.practitioners == {"17": "name only"}
    assert from_document(both.as_json()) == both
    assert within(both, ground)
    assert within(both, now)
    assert not within(ground, now)


@pytest.mark.parametrize(
    "change",
    [
        {"values": {CLUB.field: {"gold": "Silver"}}},
        {"values": {CLUB.field: {"gold": "Gold", "GOLD": "gold!"}}},
        {"rows": (NAME,)},
        {"rows": (NAME, replace(CLUB, clinical=True))},
        {"zone": "Europe/Amsterdam"},
        {"practitioners": {"3": "name only"}},
    ],
    ids=["another target", "a choice stored otherwise", "a field less", "a field otherwise",
         "the zone", "another user"],
)  # fmt: skip
def test_a_mind_that_changed_is_another_ground(change: dict[str, object]) -> None:
    """Then the sample is looked at again: other records would become something else."""
    ground = Mapping(
        (NAME, CLUB), values={CLUB.field: {"gold": "Gold"}}, practitioners={"3": "eva@example.org"}
    )

    assert grown(ground, replace(ground, **change)) is None  # type: ignore[arg-type]  # a table
