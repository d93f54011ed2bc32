"""The map as a page for whoever looks after Odoo, and the picture of where fields go."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.pages import table
from workbench.mapping import AppointmentsTo, Disposition, Mapping, MapRow
from workbench.mapping.model import field_subject, value_subject
from workbench.reports import Person, map_flow, write_mapping
from workbench.reports.map_flow import streams
from workbench.reports.map_page import MOST_VALUES
from workbench.show import Table
from workbench.state import Question, Store

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>alert(1)</script>"
MAPPED, COMBINED = Disposition.MAPPED, Disposition.COMBINED
KEPT, DROPPED = Disposition.KEPT, Disposition.DROPPED
PARTNER = "res.partner"

ROWS = (
    MapRow("patients.first_name", COMBINED, f"{PARTNER}.name", "full_name", "char", "first"),
    MapRow("patients.last_name", COMBINED, f"{PARTNER}.name", "full_name", "char", "last"),
    MapRow("patients.job", MAPPED, f"{PARTNER}.function", "text", "char"),
    MapRow("patients.blood", MAPPED, f"{PARTNER}.x_blood_type", "text", "char", clinical=True,
           label="Blood group"),
    MapRow("patients.kind", MAPPED, f"{PARTNER}.x_kind", "selection", "selection"),
    MapRow("patients.whim", KEPT, "mail.message.body"),
    MapRow("patients.gone", DROPPED, why="Ann said so on 3 May"),
    MapRow("appointments.status", Disposition.LOOKUP, "crm.lead.stage_id", "stage", "many2one"),
)  # fmt: skip
MAP = Mapping(
    rows=ROWS,
    values={"patients.kind": {"priv": "Private", "ins": "Insured"},
            "appointments.status": {"missed": "Missed"}},
    practitioners={"3": "noor@example.org", "4": "name only"},
)  # fmt: skip
ODOO = {
    PARTNER: {"name": {"type": "char", "string": "Name"},
              "function": {"type": "char", "string": "Job Position"},
              "x_kind": {"type": "selection", "string": "Kind"}},
}  # fmt: skip
LISTS = {"patients.kind": {"priv": 30, "ins": 10, "new": 1}}
PEOPLE = [Person("4", "Sam Oakes", 0, works=False), Person("3", "Noor Visser", 1200, works=True)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give the state of a run in which most of the map was decided."""
    made = Store(tmp_path / "state.sqlite")
    for row, filled in zip(ROWS, (40, 40, 12, 3, 40, 1, 7, 90), strict=True):
        made.staging.set_field(row.field, row.resource, {"records": 40, "filled": filled})
    made.decisions.ask(
        [Question(field_subject(row.field), "map", "What?", ["x"], basis=[row.field], proposal="x",
                  reasons=["a name we know"]) for row in ROWS]
        + [Question(value_subject("patients.kind", "priv"), "map", "What?", ["Private"],
                    basis=["priv"]),
           Question("practitioner:3", "map", "Who?", ["noor@example.org"], basis=["3"]),
           Question("duplicate:patient_1+patient_2", "extract", "One?", ["merge", "keep both"],
                    basis=["1"]),
           Question("duplicate:patient_1+contact_9", "extract", "One?", ["link", "keep both"],
                    basis=["1"])]
    )  # fmt: skip
    for row in ROWS[:-1]:
        made.decisions.decide(field_subject(row.field), "x", by="Noor Visser")
    made.decisions.decide(value_subject("patients.kind", "priv"), "Private", by="Sam Oakes")
    made.decisions.decide("practitioner:3", "noor@example.org", by="Sam Oakes")
    made.decisions.decide("duplicate:patient_1+patient_2", "merge", by="Sam Oakes")
    return made


CHECKLIST = Table(
    "Checklist for the administrator of Odoo", ("", "what", "where", "how"),
    [("☐", "field res.partner.x_blood_type", "Settings", "Name x_blood_type")],
)  # fmt: skip


def written(store: Store, folder: Path, mapping: Mapping = MAP) -> str:
    """Write the page and give its text."""
    path = write_mapping(
        store,
        folder,
        mapping=mapping,
        odoo_fields=ODOO,
        lists=LISTS,
        people=PEOPLE,
        checklist=CHECKLIST,
    )
    return path.read_text("utf-8")


def test_each_field_stands_there_with_all_that_was_decided(tmp_path: Path, store: Store) -> None:
    """How full it is, what becomes of it, under which label and type, why, by whom and when."""
    text = written(store, tmp_path)

    rows = {cells[0]: cells[1:] for cells in table(text, "patients, field by field")}
    assert rows["first_name"][:5] == [
        "40\u00a0(100\u00a0%)", "combined", "res.partner.name: Name (char)", "full_name",
        "a name we know",
    ]  # fmt: skip
    assert rows["blood"][2] == "res.partner.x_blood_type: Blood group (char, clinical)"
    assert rows["job"][2] == "res.partner.function: Job Position (char)"
    assert re.fullmatch(r"Noor Visser, \d{4}\u2011\d\d\u2011\d\d", rows["job"][5])
    assert rows["gone"][1:4] == ["dropped", "", ""]
    (status,) = table(text, "appointments, field by field")
    assert status[-1] == "open"
    assert "8 source fields, each with one disposition: 1 lookup, 3 mapped, 2 combined, " in text
    assert "1 of them still wait for a person" in text


def test_the_checklist_stands_on_the_page_as_it_was_given(tmp_path: Path, store: Store) -> None:
    """What has to come in Odoo is told in the same words as by the prepare phase."""
    rows = table(written(store, tmp_path), CHECKLIST.title)

    assert rows == [["☐", "field res.partner.x_blood_type", "Settings", "Name x_blood_type"]]


def test_values_practitioners_and_pairs_stand_there_too(tmp_path: Path, store: Store) -> None:
    """What a value becomes, how often it occurs, and whose appointments hang on an answer."""
    text = written(store, tmp_path)

    kinds = table(text, "Values of patients.kind")
    assert [cells[:3] for cells in kinds] == [
        ["priv", "30", "Private"], ["ins", "10", "Insured"], ["new", "1", "open"],
    ]  # fmt: skip
    assert kinds[0][3].startswith("Sam Oakes, ")
    people = table(text, "Who is which user")
    assert [cells[:5] for cells in people] == [
        ["3", "Noor Visser", "yes", "1,200", "noor@example.org"],
        ["4", "Sam Oakes", "no", "0", "name only"],
    ]
    assert table(text, "Pairs so far") == [["merge", "1"], ["open", "1"]]
    assert "No rule decides who is whom" in text


def test_a_typed_reason_is_shown_as_typed_and_the_page_says_so(
    tmp_path: Path, store: Store
) -> None:
    """Whoever passes the page on is told to read the reasons first: nothing hides what they say."""
    text = written(store, tmp_path)

    rows = {cells[0]: cells for cells in table(text, "patients, field by field")}
    assert rows["gone"][5] == "Ann said so on 3 May"
    footer = text[text.index("<footer>") :]
    assert "shown as a person typed it, with nothing masked" in " ".join(footer.split())
    assert "no patient's data." not in footer


def test_400_custom_fields_and_names_like_markup_are_written_whole(
    tmp_path: Path, store: Store
) -> None:
    """Every field has its row, and no name, value or reason becomes a part of the page."""
    many = tuple(MapRow(f"patients.f{n}", MAPPED, f"{PARTNER}.x_f{n}", "text", "char")
                 for n in range(400))  # fmt: skip
    nasty = (
        MapRow(f"patients.{NASTY}", MAPPED, f"{PARTNER}.x_script", "selection", "selection",
               label=NASTY),
        MapRow(f"{NASTY}.x", DROPPED, why=NASTY),
    )  # fmt: skip
    store.staging.set_field(f"patients.{NASTY}", "patients", {"records": 1, "filled": 1})
    mapping = Mapping(rows=many + nasty, values={f"patients.{NASTY}": {NASTY: NASTY}},
                      practitioners={NASTY: NASTY})  # fmt: skip
    path = write_mapping(
        store, tmp_path, mapping=mapping, odoo_fields={},
        lists={f"patients.{NASTY}": {NASTY: 1, **{f"v{n}": 1 for n in range(3000)}}},
        people=[Person(NASTY, NASTY, 1, works=True)], checklist=CHECKLIST,
    )  # fmt: skip
    text = path.read_text("utf-8")

    assert "<script" not in text
    fields = table(text, "patients, field by field")
    assert len(fields) == 401
    assert NASTY in {cells[0] for cells in fields}
    assert len(table(text, f"Values of patients.{NASTY}")) == MOST_VALUES
    assert f"{3001 - MOST_VALUES:,} more values stand in mapping.yaml" in text


def test_a_run_without_a_map_has_a_page_too(tmp_path: Path) -> None:
    """Nothing read and nothing decided is said, not left out."""
    store = Store(tmp_path / "state.sqlite")

    path = write_mapping(
        store,
        tmp_path,
        mapping=Mapping(rows=()),
        odoo_fields={},
        lists={},
        people=[],
        checklist=CHECKLIST,
    )

    assert "0 source fields" in path.read_text("utf-8")
    store.close()


# the picture -----------------------------------------------------------------------------


def test_the_picture_counts_every_field_once(store: Store) -> None:
    """Each field flows from its resource to one place; the sums are in title and words."""
    figure = map_flow(MAP)

    assert [(one.source, one.target, one.how, one.count) for one in streams(MAP)] == [
        ("patients", "Contact", "becomes", 5),
        ("patients", "Note on the contact", "stays readable", 1),
        ("patients", "Left behind", "is left", 1),
        ("appointments", "Opportunity", "becomes", 1),
    ]
    assert figure.title == (
        "8 source fields: 6 become a part of a field in Odoo, 1 stay readable, 1 are left behind"
    )
    assert "patients to Contact: 5 (becomes)" in figure.words
    both = Mapping(rows=ROWS, appointments_to=AppointmentsTo.BOTH)
    assert "Opportunity and event" in {one.target for one in streams(both)}
    store.close()


@pytest.mark.parametrize(
    "mapping",
    [
        MAP,
        Mapping(rows=()),
        Mapping(rows=(MapRow(f"{NASTY}.x", DROPPED, why="no"),)),
        Mapping(rows=tuple(MapRow(f"{'long' * 20}{n}.x", KEPT, "archive") for n in range(30))),
        Mapping(rows=tuple(MapRow(f"patients.f{n}", MAPPED, f"{PARTNER}.x_f{n}", "text", "char")
                           for n in range(400)) + ROWS),
    ],
    ids=["mixed", "none", "markup", "many resources", "many fields"],
)  # fmt: skip
def test_the_picture_is_labelled_and_inside_its_frame(mapping: Mapping) -> None:
    """It has a title and a description, and nothing is drawn outside what is shown."""
    figure = map_flow(mapping)
    root = ET.fromstring(figure.svg)  # noqa: S314 - our own drawing

    title, words = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert words is not None
    assert (title.text, words.text or "") == (figure.title, figure.words)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
    _x, _y, wide, high = map(float, root.attrib["viewBox"].split())
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= wide
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= high
    for band in root.iter(f"{SVG}path"):
        heights = [float(y) for _x, y in re.findall(r"([\d.]+) ([\d.]+)", band.attrib["d"])]
        assert max(heights) <= high
    assert len(list(root.iter(f"{SVG}path"))) == len(streams(mapping))
    assert map_flow(mapping) == figure
    assert "<script" not in figure.svg
