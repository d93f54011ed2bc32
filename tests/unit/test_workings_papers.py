"""What forms, plans, packages, payments and states tell of the clinic's workings."""

from __future__ import annotations

import pytest

from workbench.staging.workings import Counted, Form, Money, Package, Plan, Question, Spread
from workbench.staging.workings_papers import (
    answer_kind,
    form_facts,
    money_facts,
    package_facts,
    plan_facts,
    state_facts,
)
from workbench.staging.workings_tally import ENOUGH

Record = dict[str, object]
PATIENTS = range(ENOUGH)


def response(patient: int, *items: dict[str, object], form: str = "Intake") -> dict[str, object]:
    """Give one response to a form."""
    return {"form_id": "3", "form_name": form, "patient_id": str(patient), "data": list(items)}


def test_a_forms_questions_stand_in_their_order_and_no_answer_with_them() -> None:
    """How many were asked, how many answered, and what kind of answer it takes."""
    asked: list[dict[str, object]] = [
        {"name": "checkbox_1", "label": "Do you smoke?", "value": ""},
        {"name": "text_allergies", "label": "Allergies", "value": "Zebedeus' wasps"},
        {"name": "static_1", "label": None, "value": "<p>The law</p>"},
    ]
    forms, rare = form_facts(response(one, *asked) for one in PATIENTS)

    assert rare == 0
    assert forms == (
        Form("Intake", 5, (Question("Do you smoke?", "tick box", 5, 0),
                           Question("Allergies", "text", 5, 5)), 0),
    )  # fmt: skip


def test_a_question_that_few_were_asked_is_not_quoted() -> None:
    """Nor is a form that a few have filled in: its name may be a patient's."""
    own: dict[str, object] = {"name": "text_1", "label": "How is Anna's knee?", "value": "x"}
    every: dict[str, object] = {"name": "text_2", "label": "Job", "value": None}
    forms, rare = form_facts([
        response(0, own, every), *(response(one, every) for one in PATIENTS[1:]),
        response(9, every, form="Letter to Zebedeus"),
    ])  # fmt: skip

    assert forms == (Form("Intake", 5, (Question("Job", "text", 5, 0),), 1),)
    assert rare == 1


def test_what_is_no_form_is_no_form() -> None:
    """Records without answers, and answers that are no objects, tell nothing."""
    assert form_facts([{"data": None}, {"form_name": "X"}, {"form_name": "X", "data": ["a"]}]) == (
        (), 1)  # fmt: skip


@pytest.mark.parametrize(
    ("widget", "kind"),
    [("signature_1", "signature or drawing"), ("drawableimage", "signature or drawing"),
     ("date_signed", "date"), ("checkbox_question", "tick box"), ("radio_2", "choice"),
     ("text_history", "text"), ("", "text")],
)  # fmt: skip
def test_an_answers_kind_is_read_from_its_widget(widget: str, kind: str) -> None:
    """No type is told by PracticeHub."""
    assert answer_kind(widget) == kind


def test_care_plans_are_told_by_pattern() -> None:
    """Every two weeks, so many visits; a pattern that few have stands under no name."""
    plans = [{"patient_id": one, "interval": "2", "frequency_type": "week", "visits": 6 + one,
              "duration": 12, "active": one % 2} for one in PATIENTS]  # fmt: skip
    odd = {"patient_id": 1, "interval": "when", "frequency_type": "Zebedeus calls", "visits": 1}
    found, rare = plan_facts([*plans, odd])

    assert found == (Plan("every 2 weeks", 5, 2, Spread(5, 8, 6, 10), Spread(5, 12, 12, 12)),)
    assert rare == 1


@pytest.mark.parametrize("visits", [None, "", "many", -3, 1e12, [1]])
def test_a_number_that_is_none_is_left_out(visits: object) -> None:
    """An absurd number of visits does not become the usual one."""
    [plan], _ = plan_facts({"patient_id": one, "visits": visits} for one in PATIENTS)

    assert plan.visits is None


def test_packages_are_told_by_name_and_their_owner_is_the_first_to_share() -> None:
    """The field of the owner is empty on real records."""
    sold = [{"patient_id": None, "subscribed_patients": [{"patient_id": one}, {"patient_id": 99}],
             "name": "10 visits", "visits": 10, "price": "400.00", "active": 1}
            for one in PATIENTS]  # fmt: skip
    own: Record = {
        "patient_id": None,
        "subscribed_patients": [],
        "name": "Gift for Anna",
        "price": 1,
    }
    found, rare = package_facts([*sold, own])

    ten, price = Spread(5, 10, 10, 10), Spread(5, 400, 400, 400)
    assert found == (Package("10 visits", 5, 5, 5, ten, price),)
    assert rare == 1


def test_payments_are_counted_by_the_clinics_own_list() -> None:
    """A method that is no longer in the list goes by its number."""
    payments: list[Record] = [
        {"payment_type_id": "1"},
        {"payment_type_id": 1},
        {"payment_type_id": "7"},
        {},
    ]
    invoices: list[Record] = [{"appointment_id": "5"}, {"appointment_id": None}]
    found = money_facts(invoices, payments, {"1": "PIN"})

    assert found == Money(2, 1, 4, Counted({"PIN": 2, "method 7": 1}))


def test_states_of_patients_are_counted_and_rare_ones_not_named() -> None:
    """An empty state is no state; nested fields count too."""
    patients = [{"id": one, "recall_status": "due", "custom": {"newsletter": one > 1}}
                for one in range(2 * ENOUGH)]  # fmt: skip
    patients += [{"id": 98, "recall_status": "after Anna's wedding"}, {"id": 99}]
    found = state_facts(patients, ["recall_status", "custom.newsletter"])

    assert found["recall_status"] == Counted({"due": 10}, rare=1, rest=1)
    assert found["custom.newsletter"] == Counted({"yes": 8}, rare=1, rest=2)
