"""Visits that a desk deleted and entered again are known by who, with whom and when."""

from __future__ import annotations

from datetime import datetime

import pytest

from workbench.mapping.model import Disposition, Mapping, MapRow
from workbench.mapping.remade import Visit, VisitReader, remade
from workbench.staging.times import Order

NOON = datetime.fromisoformat("2026-11-20 12:00")


def visit(number: int, *, at: str = "12:00", patient: str = "7", practitioner: str = "3") -> Visit:
    """Make a visit on one day."""
    return Visit(str(number), patient, practitioner, datetime.fromisoformat(f"2026-11-20 {at}"))


@pytest.mark.parametrize(
    ("again", "same"),
    [
        (visit(2), True), (visit(2, at="13:30"), True), (visit(2, at="10:30"), True),
        (visit(2, at="13:31"), False), (visit(2, patient="8"), False),
        (visit(2, practitioner="4"), False),
    ],
    ids=["same time", "90 minutes later", "90 minutes earlier", "91 minutes later",
         "another patient", "another practitioner"],
)  # fmt: skip
def test_a_visit_made_anew_is_of_the_same_people_at_about_the_same_time(
    again: Visit, *, same: bool
) -> None:
    """A desk enters it up to an hour and a half off when the patient checks out."""
    assert remade([visit(1)], [again]) == ({"1": "2"} if same else {})


def test_each_visit_stands_for_one_other_the_nearest_in_time() -> None:
    """Two visits of a morning, both made anew: neither takes the other's place."""
    gone = [visit(1, at="09:00"), visit(2, at="10:00")]
    new = [visit(3, at="09:15"), visit(4, at="10:15")]

    assert remade(gone, new) == {"1": "3", "2": "4"}
    assert remade(gone, new[:1]) == {"1": "3"}
    assert remade([], new) == {}


ROWS = (
    ("date", "appointment_date", "visit_time"), ("time", "appointment_time", "visit_time"),
    ("start", "start", "visit_time"), ("id", "practitioner_id", "practitioner"),
    ("email", "practitioner_email", "practitioner"),
)  # fmt: skip


@pytest.fixture
def read() -> VisitReader:
    """Give a reader by a map that knows both ways of writing a visit's time."""
    rows = tuple(
        MapRow(field=f"appointments.{path}", disposition=Disposition.COMBINED, target="crm.lead.x",
               type="datetime", transform=transform, part=part, order=Order.ISO)
        for part, path, transform in ROWS
    )  # fmt: skip
    return VisitReader(Mapping(rows=rows), "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"patient_id": 7, "start": "2026-11-20 13:00:00", "practitioner_id": 3}, ("7", "3", NOON)),
        ({"patient_id": "7", "appointment_date": "2026-11-20", "appointment_time": "13:00",
          "practitioner_email": "a@example.org"}, ("7", "a@example.org", NOON)),
        ({"patient_id": 7, "start": "2026-11-20 13:00:00"}, ("7", "", NOON)),
        ({"patient_id": None, "start": "2026-11-20 13:00:00"}, None),
        ({"patient_id": 7, "start": "soon"}, None),
        ({"patient_id": 7}, None),
    ],
    ids=["one time", "date and time", "nobody's", "no patient", "no time to read", "no time"],
)  # fmt: skip
def test_a_visit_is_read_where_the_map_says_that_it_stands(
    read: VisitReader, record: dict[str, object], told: tuple[str, str, datetime] | None
) -> None:
    """Ids as text, the start in UTC; a visit of nobody, or without a time, is none to match."""
    found = read("1", record)

    assert (found and (found.patient, found.practitioner, found.start)) == told
