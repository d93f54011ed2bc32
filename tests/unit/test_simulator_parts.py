"""The simulator's pure parts: filters, pace, rows, links, faults, switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import ValidationError

from workbench.sandbox.clinic import Clinic, generate
from workbench.sandbox.practicehub.faults import FaultKind, Faults, Rule
from workbench.sandbox.practicehub.filters import understand
from workbench.sandbox.practicehub.links import Signer, Verdict
from workbench.sandbox.practicehub.pacing import Gate
from workbench.sandbox.practicehub.rows import rows
from workbench.sandbox.practicehub.switches import Switches

Record = dict[str, object]

ROWS: list[Record] = [
    {"id": 9, "name": "Ana", "active": "1", "sent": True, "gone": None,
     "at": "2026-01-05 09:00:00"},
    {"id": 11, "name": "Bob", "active": "0", "sent": False, "gone": "x",
     "at": "2026-01-06 10:00:00"},
    {"id": 100, "name": "ann", "active": "1", "sent": None, "gone": None, "at": None},
]  # fmt: skip


def passing(*query: tuple[str, str], bare_is_eq: bool = False) -> list[object]:
    """Give the ids of the rows that a query lets through."""
    question = understand(query, ROWS, bare_is_eq=bare_is_eq)
    return [row["id"] for row in question.answer(ROWS)]


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("id", "eq:11", [11]),
        ("id", "ne:11", [9, 100]),
        ("id", "gt:9", [11, 100]),
        ("id", "gte:11", [11, 100]),
        ("id", "lt:100", [9, 11]),
        ("id", "lte:11", [9, 11]),
        ("id", "in:9,100", [9, 100]),
        ("id", "not-in:9,100", [11]),
        ("id", "between:9,11", [9, 11]),
        ("active", "eq:1", [9, 100]),
        ("sent", "eq:1", [9]),
        ("sent", "eq:false", [11]),
        ("name", "eq:ana", [9]),
        ("name", "like:an%", [9, 100]),
        ("name", "like:_ob", [11]),
        ("gone", "null", [9, 100]),
        ("gone", "null:", [9, 100]),
        ("gone", "not-null:", [11]),
        ("at", "gte:2026-01-06", [11]),
        ("at", "between:2026-01-05 09:00:00,2026-01-05 23:59:59", [9]),
        ("at", "ne:2026-01-05 09:00:00", [11]),
    ],
)
def test_an_operator_selects_as_a_database_would(
    attribute: str, text: str, expected: list[int]
) -> None:
    """Every operator of the guide selects the rows it should; null compares with nothing."""
    assert passing((attribute, text)) == expected


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ("name", "Ana"),
        ("nmae", "eq:Ana"),
        ("name", "is:Ana"),
        ("id", "eq:eleven"),
        ("id", "between:9"),
        ("at", "gte:yesterday"),
        ("at", "gte:05-01-2026"),
    ],
)
def test_a_filter_that_is_not_understood_is_ignored(attribute: str, text: str) -> None:
    """A filter without operator, on no attribute, or unreadable answers the whole list."""
    assert passing((attribute, text)) == [9, 11, 100]


def test_filters_add_up() -> None:
    """Several filters, also on one attribute, must all hold."""
    assert passing(("id", "gt:9"), ("id", "lt:100"), ("active", "eq:0")) == [11]


def test_page_and_size_are_no_filters() -> None:
    """The paging parameters never count as filters."""
    question = understand([("page", "2"), ("page_size", "5")], ROWS)

    assert (question.filters, question.ignored) == ((), ())


def test_a_bare_value_can_be_taken_for_equality() -> None:
    """With the switch set, a value without an operator selects equal ones."""
    assert passing(("name", "Bob"), bare_is_eq=True) == [11]


def arrivals(times: list[float], *, refused_counts: bool = True) -> list[bool]:
    """Say which of several arrivals are let in at one a second, with 5 ms of grace."""
    gate = Gate()
    return [
        gate.arrive(now, rate=1.0, jitter=0.005, refused_counts=refused_counts) == 0
        for now in times
    ]


def test_one_request_a_second_comes_in() -> None:
    """Starts a second apart are let in, those half a second apart are not."""
    assert arrivals([0.0, 1.0, 2.0, 2.5, 3.5]) == [True, True, True, False, True]


def test_a_refused_request_starts_the_wait_anew() -> None:
    """Asking again a second after the last success is too early when one was refused between."""
    assert arrivals([0.0, 0.5, 1.0]) == [True, False, False]
    assert arrivals([0.0, 0.5, 1.0], refused_counts=False) == [True, False, True]


def test_grace_does_not_add_up() -> None:
    """Being a few milliseconds early every time is refused in the end."""
    outcome = arrivals([0.996 * turn for turn in range(5)])

    assert outcome[:2] == [True, True]
    assert False in outcome


def test_no_rate_means_no_limit() -> None:
    """A rate of zero lets everything in."""
    gate = Gate()

    assert [gate.arrive(0.0, rate=0, jitter=0, refused_counts=True) for _ in range(5)] == [0.0] * 5


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    """Two hundred patients without files; not to be changed."""
    return generate(patients=200, files=False)


def test_copies_stand_on_later_pages(clinic: Clinic) -> None:
    """A doubled row comes again, equal, at least a page of a hundred further down."""
    found, distinct = rows(clinic, "invoices", Switches(duplicates={"invoices": 0.1}))
    places: dict[object, list[int]] = {}
    for place, row in enumerate(found):
        places.setdefault(row["id"], []).append(place)
    twice = [where for where in places.values() if len(where) > 1]

    assert distinct == len(places) == len(clinic["invoices"])
    assert len(found) - distinct == len(twice) == round(0.1 * distinct)
    assert all(found[one] == found[other] for one, other in twice)
    # Near the end of the list there is no later page left.
    assert all(other - one >= 100 or other > len(found) - 100 for one, other in twice)


def test_one_visit_comes_twice_and_the_copies_differ(clinic: Clinic) -> None:
    """The second copy of one visit says cancelled; the first does not."""
    found, distinct = rows(clinic, "appointments", Switches())
    by_id: dict[object, list[Record]] = {}
    for row in found:
        by_id.setdefault(row["id"], []).append(row)
    (pair,) = [copies for copies in by_id.values() if len(copies) > 1]

    assert len(found) == distinct + 1
    assert pair[0]["visit_status"] != "Cancelled"
    assert pair[1] == {**pair[0], "visit_status": "Cancelled"}


def test_order_can_be_turned_round(clinic: Clinic) -> None:
    """Newest first unless switched."""
    newest, _ = rows(clinic, "patients", Switches())
    oldest, _ = rows(clinic, "patients", Switches(order="oldest"))

    assert list(newest) == list(oldest)[::-1]
    assert str(newest[0]["created"]) > str(newest[-1]["created"])


def test_fields_can_be_hidden_renamed_and_overridden(clinic: Clinic) -> None:
    """An account may spell a field differently, lack it, or hold one odd value."""
    number = clinic["patients"][0]["id"]
    found, _ = rows(
        clinic,
        "patients",
        Switches(
            order="oldest",
            hidden_fields={"patients": frozenset({"updated"})},
            renamed_fields={"patients": {"zip": "postcode"}},
            overrides={"patients": {str(number): {"city": "Nergens"}}},
        ),
    )

    assert "updated" not in found[0]
    assert "zip" not in found[0]
    assert "postcode" in found[0]
    assert found[0]["city"] == "Nergens"
    assert found[1]["city"] == clinic["patients"][1]["city"]


def test_record_times_can_be_in_utc(clinic: Clinic) -> None:
    """With the switch set, `created` is an hour or two earlier than the clinic's clock."""
    found, _ = rows(clinic, "patients", Switches(order="oldest", record_zone="utc"))
    moved = datetime.fromisoformat(str(clinic["patients"][0]["created"])) - datetime.fromisoformat(
        str(found[0]["created"])
    )

    assert moved in {timedelta(hours=1), timedelta(hours=2)}


@pytest.mark.parametrize(("spelling", "kind"), [("nested", dict), ("text", str)])
def test_an_observed_address_can_be_an_object_or_a_line(spelling: str, kind: type[object]) -> None:
    """The address of an observed patient is an object, or a line of text when switched."""
    clinic = generate(patients=10, files=False, vocabulary="observed")
    found, _ = rows(clinic, "patients", Switches().changed({"address": spelling}))

    assert isinstance(found[0]["address"], kind)


def test_an_observed_address_can_be_fields() -> None:
    """The address of an observed patient can be fields of the patient."""
    clinic = generate(patients=10, files=False, vocabulary="observed")
    found, _ = rows(clinic, "patients", Switches(address="flat"))

    assert "address" not in found[0]
    assert {"address_line1", "address_city", "address_postcode"} <= found[0].keys()


def judged(link: str, signer: Signer, *, at_most: float = 86400) -> Verdict:
    """Show a link to the file host that made it."""
    parts = urlsplit(link)
    return signer.check(parts.path, dict(parse_qsl(parts.query)), at_most=at_most)


def test_a_link_lives_as_long_as_it_says() -> None:
    """A link is good until its time is over, and no longer than the host allows."""
    signer = Signer("http://127.0.0.1:1")
    now = datetime.now(UTC)

    assert judged(signer.link("patient/a", seconds=60), signer) is Verdict.GOOD
    old = signer.link("patient/a", seconds=60, now=now - timedelta(seconds=61))
    assert judged(old, signer) is Verdict.EXPIRED
    assert judged(signer.link("patient/a", seconds=60), signer, at_most=0) is Verdict.EXPIRED


@pytest.mark.parametrize(
    ("old", "new"), [("patient/a", "patient/b"), ("Expires=60", "Expires=99"), ("Sign", "Sing")]
)
def test_a_changed_link_is_forged(old: str, new: str) -> None:
    """A link whose path, life or signature was changed opens nothing."""
    signer = Signer("http://127.0.0.1:1")
    link = signer.link("patient/a", seconds=60)

    assert judged(link.replace(old, new), signer) is Verdict.FORGED
    assert judged(link, Signer("http://127.0.0.1:1")) is Verdict.FORGED


def test_a_signature_that_is_no_ascii_is_forged() -> None:
    """A signature in letters that no signature has is refused like any other wrong one."""
    signer = Signer("http://127.0.0.1:1")
    link = f"{signer.link('patient/a', seconds=60).rpartition('=')[0]}=Ünterschrift"

    assert judged(link, signer) is Verdict.FORGED


def strikes(rule: Rule, count: int) -> list[bool]:
    """Say which of `count` equal requests a rule spoils."""
    faults = Faults()
    faults.add(rule)
    return [
        faults.strike(where="api", path="/patients", page=2, request=number) is not None
        for number in range(1, count + 1)
    ]


def test_a_fault_strikes_where_and_as_often_as_ordered() -> None:
    """Rules count matches, skip some, repeat, and look at path, page and request number."""
    assert strikes(Rule(fault=FaultKind.RESET), 3) == [True, False, False]
    assert strikes(Rule(fault=FaultKind.RESET, times=2, after=1), 4) == [False, True, True, False]
    every = Rule(fault=FaultKind.RESET, times=None, every=2)
    assert strikes(every, 4) == [True, False, True, False]
    assert strikes(Rule(fault=FaultKind.RESET, request=3), 4) == [False, False, True, False]
    assert strikes(Rule(fault=FaultKind.RESET, page=1), 2) == [False, False]
    assert strikes(Rule(fault=FaultKind.RESET, path="/files"), 2) == [False, False]
    assert strikes(Rule(fault=FaultKind.RESET, where="files"), 2) == [False, False]


def test_an_unknown_switch_is_refused() -> None:
    """A misspelt switch or value is an error, not a silent no."""
    with pytest.raises(ValidationError):
        Switches().changed({"rte": 5})
    with pytest.raises(ValidationError):
        Switches().changed({"order": "sideways"})
