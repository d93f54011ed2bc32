"""Practitioners: which Odoo user each is, who has none, and what a person may answer."""

from __future__ import annotations

import pytest

from workbench.mapping import (
    Context,
    Disposition,
    Expecter,
    Mapping,
    MapRow,
    OdooUser,
    Practitioner,
    at_stake,
    count_visits,
    login_of,
    practitioner_fault,
    practitioner_questions,
)
from workbench.mapping.people import match_user
from workbench.mapping.rows import Ref, RefKind
from workbench.state.decisions import Question

USERS = {
    "eva@clinic": OdooUser("Eva Smit", "eva@example.org"),
    "tom@clinic": OdooUser("Tom Bos"),
    "jo1@clinic": OdooUser("Jo Kok"),
    "jo2@clinic": OdooUser("Kok, Jo"),
    "old@clinic": OdooUser("Ria Oud", "ria@example.org", active=False),
    "pim1@clinic": OdooUser("Pim Ros", "pim@example.org", active=False),
    "pim2@clinic": OdooUser("Pim Ros"),
    "ida@example.org": OdooUser("I. Da"),
}


def asked_about(
    who: Practitioner, *, visits: int, active: bool = True, fallback: str = "front@clinic"
) -> Question:
    """Ask which user a practitioner is."""
    return practitioner_questions(
        {"17": who}, USERS, {"17": visits}, fallback=fallback, active={"17": active}
    )[0]


@pytest.mark.parametrize(
    ("who", "visits", "active", "proposal"),
    [
        (Practitioner("E. Smit", "EVA@example.org"), 5, True, "eva@clinic"),
        (Practitioner("Ida", "ida@example.org"), 5, True, "ida@example.org"),
        (Practitioner("Bos Tom"), 5, True, "tom@clinic"),
        (Practitioner("Jo Kok"), 5, True, None),
        (Practitioner("Ann New"), 5, True, None),
        (Practitioner("Ann New"), 5, False, None),
        (Practitioner("E. Smit", "eva@example.org"), 5, False, None),
        (Practitioner("E. Smit", "eva@example.org"), 0, False, "eva@clinic"),
        (Practitioner("Ann New"), 0, True, "name only"),
        (Practitioner("Ria Oud", "ria@example.org"), 5, True, None),
        (Practitioner("Ria Oud", "ria@example.org"), 0, True, "name only"),
        (Practitioner("Pim Ros", "pim@example.org"), 5, True, "pim2@clinic"),
        (Practitioner(""), 0, False, "name only"),
    ],
)
def test_a_practitioner_is_matched_or_a_person_chooses(
    who: Practitioner,
    visits: int,
    active: bool,  # noqa: FBT001 - a row of a table
    proposal: str | None,
) -> None:
    """By e-mail, then by a name only one user has; where visits have nobody, a person says."""
    question = asked_about(who, visits=visits, active=active)

    assert question.proposal == proposal
    assert question.open_value
    assert (question.confidence is None) is (proposal is None)
    assert f"{visits} appointment(s)" in question.question


def test_a_name_is_less_certain_than_an_e_mail_address() -> None:
    """Two people may share a name; an address belongs to one."""
    by_mail = match_user(Practitioner("x", "eva@example.org"), USERS)
    by_name = match_user(Practitioner("Tom Bos"), USERS)

    assert by_mail.confidence > 0.9 > by_name.confidence > 0.5


def test_who_may_be_invited_is_asked_about_with_what_it_costs() -> None:
    """Odoo charges for each user; who cannot become one costs nothing and is told nothing."""
    one = asked_about(Practitioner("Ann New", "a@example.org"), visits=1)
    other = asked_about(Practitioner("Ann New", None), visits=1)

    assert "Odoo Online charge for each user" in one.question
    assert one.proposal is None
    assert "charge" not in other.question


def test_an_archived_user_is_named_and_never_used() -> None:
    """The person who decides sees why nobody was found."""
    question = asked_about(Practitioner("Ria Oud", "ria@example.org"), visits=3)

    assert "the user old@clinic is archived in Odoo" in question.reasons
    assert "old@clinic" not in question.options


@pytest.mark.parametrize(
    ("mail", "fallback", "offered"),
    [("a@example.org", "front@clinic", ["invite", "fallback", "name only"]),
     (None, "front@clinic", ["fallback", "name only"]),
     (" ", "", ["name only"]), ("not an address", "", ["name only"])],
)  # fmt: skip
def test_only_what_can_be_done_is_offered(
    mail: str | None, fallback: str, offered: list[str]
) -> None:
    """Without an address nobody can be invited; without a fallback user nobody can step in."""
    question = asked_about(Practitioner("Ann New", mail), visits=1, fallback=fallback)

    assert question.options == offered


@pytest.mark.parametrize(
    ("choice", "options", "words"),
    [
        ("eva@clinic", [], None),
        ("EVA@clinic ", [], None),
        ("name only", [], None),
        ("invite", ["invite"], None),
        ("fallback", ["fallback"], None),
        ("invite", ["name only"], "without an e-mail address"),
        ("fallback", ["name only"], "No fallback_user"),
        ("nobody@clinic", [], "no user with the login 'nobody@clinic'"),
        ("old@clinic", [], "is archived in Odoo"),
        ("", [], "no user with the login"),
    ],
)
def test_an_answer_that_odoo_cannot_follow_is_refused(
    choice: str, options: list[str], words: str | None
) -> None:
    """Said when it is decided, and again when the map is confirmed."""
    fault = practitioner_fault(choice, USERS, options)

    assert (fault is None) if words is None else (words in str(fault))


@pytest.mark.parametrize(
    ("choice", "mail", "login"),
    [
        ("name only", "eva@example.org", None),
        ("fallback", None, "front@clinic"),
        ("tom@clinic", None, "tom@clinic"),
        ("invite", "Eva@example.org", "eva@clinic"),
        ("invite", "new@example.org", None),
        ("invite", "ria@example.org", None),
        ("invite", None, None),
    ],
)
def test_a_choice_means_one_login_or_none(choice: str, mail: str | None, login: str | None) -> None:
    """Whoever is invited gets the user with their address, as soon as it is there and active."""
    who = Practitioner("Ann", mail)

    assert login_of(choice, who, USERS, fallback="front@clinic") == login


# what is at stake -------------------------------------------------------------------------------

WHO = {"1": Practitioner("Eva Smit", "eva@example.org"), "2": Practitioner("Ann New", "ann@x.org"),
       "3": Practitioner("Tom Bos"), "4": Practitioner("Ria Oud", "ria@example.org")}  # fmt: skip
VISITS: list[dict[str, object]] = [
    {"id": 1, "patient_id": 7, "practitioner_id": 2},
    {"id": 2, "patient_id": 7, "practitioner_id": "2"},
    {"id": 3, "patient_id": 7, "practitioner_email": "ANN@x.org "},
    {"id": 4, "patient_id": 7, "practitioner_id": 99, "practitioner_email": "eva@example.org"},
    {"id": 5, "patient_id": None, "practitioner_id": 2},
    {"id": 6, "patient_id": 7, "practitioner_id": 99},
    {"id": 7, "patient_id": 7, "practitioner_id": 4},
    {"id": 8, "patient_id": 7, "practitioner_id": 3},
    {"id": 9, "patient_id": 7},
]


def test_appointments_are_counted_by_id_and_by_e_mail_as_the_load_finds_them() -> None:
    """A visit that names its practitioner by address alone counts; a block without patient not."""
    assert count_visits(VISITS, Mapping(()), WHO) == {"2": 3, "1": 1, "4": 1, "3": 1}


def test_paths_are_the_map_s() -> None:
    """An account may call the practitioner of a visit otherwise."""
    rows = (MapRow("appointments.doctor", Disposition.LOOKUP, "crm.lead.user_id", "practitioner",
                   "many2one", "id"),
            MapRow("appointments.who", Disposition.LOOKUP, "crm.lead.partner_id", "patient",
                   "many2one"))  # fmt: skip

    assert count_visits([{"id": 1, "who": 7, "doctor": 3}], Mapping(rows), WHO) == {"3": 1}


def test_those_without_a_user_are_listed_with_what_is_at_stake_most_first() -> None:
    """Unmatched, archived in Odoo, or no longer at work: each with a number of appointments."""
    counts = count_visits(VISITS, Mapping(()), WHO)
    listed = at_stake(WHO, USERS, counts, active={"3": False})

    assert [(one.number, one.appointments, one.at_work) for one in listed] == [
        ("2", 3, True), ("3", 1, False), ("4", 1, True),
    ]  # fmt: skip
    assert "archived" in listed[2].reason


# the load ---------------------------------------------------------------------------------------


def test_a_visit_waits_while_nobody_has_said_whose_it_is() -> None:
    """It is held back by the question about its practitioner, also where only an address tells."""
    rows = (
        MapRow("appointments.id", Disposition.MAPPED, "crm.lead.x_practicehub_id", "identifier",
               "char"),
        MapRow("appointments.patient_id", Disposition.LOOKUP, "crm.lead.partner_id", "patient",
               "many2one"),
        MapRow("appointments.practitioner_id", Disposition.COMBINED, "crm.lead.user_id",
               "practitioner", "many2one", "id", ("crm.lead.x_practitioner",)),
        MapRow("appointments.practitioner_email", Disposition.COMBINED, "crm.lead.user_id",
               "practitioner", "many2one", "email", ("crm.lead.x_practitioner",)),
    )  # fmt: skip

    def expected(*, waits: bool) -> list[object]:
        who = {"2": Practitioner("Ann New", "ann@x.org", None if waits else "ann", waits=waits)}
        context = Context("UTC", patient_key=lambda number: f"patient_{number}", practitioners=who)
        expecter = Expecter(Mapping(rows), context)
        visits = [{**visit, "id": visit["id"]} for visit in VISITS[1:3]]
        made = [expecter.appointment(visit) for visit in visits]
        return [one.waiting or one.rows[0].values["user_id"] for one in made]

    assert expected(waits=True) == [("practitioner:2",)] * 2
    assert expected(waits=False) == [Ref(RefKind.USER, "ann")] * 2
