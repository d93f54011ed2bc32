"""Pictures: deterministic, readable without seeing them, and safe to stand in a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from workbench.proof import Balance, Terms
from workbench.reports import Figure, charts, fill, flow, issues, verdicts, volumes
from workbench.reports.charts import ahead, endings
from workbench.state import FieldRow, Verdict

CLOSED = Balance(
    (
        Terms("patients", 6, 7, 6, created=4, merged=1, excluded=1),
        Terms("appointments", 9, 9, 9, created=9),
    ),
    Terms("files", 2, 2, 2, created=1, rejected=1),
)
OPEN = Balance((Terms("patients", 6, 6, 6, created=4),), Terms("files", 0, 0, 0))
VERDICTS = [
    Verdict("all", "res.partner", "name", "equal", "", 6),
    Verdict("all", "res.partner", "comment", "tolerated", "html_equivalent", 2),
    Verdict("all", "crm.lead", "x_visit_type", "different", "", 1),
]
FIELDS = [
    FieldRow("patients.first_name", "patients", {"records": 6, "filled": 6}),
    FieldRow("patients.note", "patients", {"records": 6, "filled": 0}),
]


DRAWINGS: dict[str, Callable[[], Figure]] = {
    "flow": lambda: flow(CLOSED),
    "flow open": lambda: flow(OPEN),
    "volumes": lambda: volumes(CLOSED),
    "verdicts": lambda: verdicts(VERDICTS),
    "issues": lambda: issues([("orphan", "appointments", "patient_id", 3)]),
    "fill": lambda: fill(FIELDS),
    "endings": lambda: endings([("X-ray", {"done": 4, "missed": 1}), ("Massage", {"done": 2})]),
    "ahead": lambda: ahead(
        {"sms": {"a day": 3, "an hour": 1}, "mail": {"a day": 2}}, ["an hour", "a day", "a week"]
    ),
    "nothing": lambda: issues([]),
    "no visits": lambda: endings([]),
    "no verdicts": lambda: verdicts([]),
    "no fields": lambda: fill([]),
    "no resources": lambda: flow(Balance((), Terms("files", 0, 0, 0))),
}


def test_titles_state_the_finding() -> None:
    """A reader who sees only the titles knows what there is to know."""
    assert {name: draw().title for name, draw in DRAWINGS.items()} == {
        "flow": "All 15 records and 2 files have one fate each",
        "flow open": "2 records or files have no fate yet",
        "volumes": "16 rows read, 1 of them repeated",
        "verdicts": "1 of 9 cells differ",
        "issues": "Issues met: 3, kinds: 1",
        "fill": "2 source fields, 1 of them empty everywhere",
        "endings": "How 7 visits ended, by type",
        "ahead": "When 6 messages went out before a visit",
        "nothing": "No issues",
        "no visits": "How 0 visits ended, by type",
        "no verdicts": "0 cells, none differs",
        "no fields": "0 source fields, 0 of them empty everywhere",
        "no resources": "All 0 records and 0 files have one fate each",
    }


def test_three_of_a_million_can_be_seen() -> None:
    """A part too thin for the eye is drawn a little wider; the whole stays the whole."""
    parts = {"created": 999_997, "rejected": 3, "merged": 0}

    assert charts._share(parts, "rejected") >= 0.7
    assert charts._share(parts, "merged") == 0
    assert sum(charts._share(parts, one) for one in parts) == pytest.approx(100)
    assert charts._share({"created": 0}, "created") == 0


def test_the_words_say_all_that_the_picture_shows() -> None:
    """Who cannot see the picture gets every number of it."""
    assert flow(CLOSED).text() == (
        "All 15 records and 2 files have one fate each. patients: 4 created, 1 merged, "
        "1 excluded; appointments: 9 created; files (bytes): 1 created, 1 rejected"
    )
    assert "res.partner.comment: 2 tolerated" in verdicts(VERDICTS).text()
    assert repr(flow(OPEN)) == flow(OPEN).text()


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_numbers_give_the_same_bytes(name: str) -> None:
    """A report's hash changes only when what it says does."""
    assert DRAWINGS[name]() == DRAWINGS[name]()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_is_one_labelled_image_that_loads_nothing(name: str) -> None:
    """A picture has a role and a label, and neither scripts nor anything from elsewhere."""
    drawn = DRAWINGS[name]()._repr_html_()

    assert drawn.startswith('<div role="img" aria-label="')
    root = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    assert not any(tag in drawn for tag in ("<script", "<image", "<metadata", "<!DOCTYPE"))
    targets = re.findall(r'href="([^"]*)"', drawn)
    assert all(target.startswith("#") for target in targets)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in targets} <= set(ids)


def test_ids_of_two_pictures_in_one_page_do_not_clash() -> None:
    """Two pictures can stand in one page without borrowing each other's parts."""
    first, second = (re.findall(r'\bid="([^"]*)"', f.svg) for f in (flow(CLOSED), flow(OPEN)))

    assert not set(first) & set(second)


def test_a_name_with_signs_is_escaped_in_the_label() -> None:
    """A field's name cannot break out of the picture's label."""
    row = FieldRow('patients.x"><script>', "patients", {"records": 1, "filled": 1})

    assert "<script" not in fill([row])._repr_html_()


def test_a_very_long_list_is_cut_in_the_picture_and_not_in_the_words() -> None:
    """A picture stays on a screen; the words still name every field."""
    many = [FieldRow(f"patients.f{n}", "patients", {"records": 1, "filled": 1})
            for n in range(90)]  # fmt: skip

    assert "patients.f89" in fill(many).text()


def test_more_statuses_than_can_be_told_apart_stand_together() -> None:
    """The most frequent ones keep a colour each; nothing is left out of the whole."""
    many = {f"status {n}": 20 - n for n in range(10)}
    figure = endings([("X-ray", many)])

    assert "20 status 0" in figure.words
    assert f"{sum(20 - n for n in range(6, 10))} all others" in figure.words
    assert "status 6" not in figure.words


def test_messages_stand_in_the_order_of_time_and_empty_times_are_left_out() -> None:
    """An hour before a visit comes before a day before it."""
    words = DRAWINGS["ahead"]().words

    assert words == "an hour: 1 sms, 0 mail; a day: 3 sms, 2 mail"
