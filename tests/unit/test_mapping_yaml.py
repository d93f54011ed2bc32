"""mapping.yaml: short to read, safe to edit, every mistake found with its line."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decided_map import ODOO_FIELDS, Vocabulary, world
from workbench.errors import MappingError
from workbench.mapping import Disposition, Mapping, MapRow, dump_yaml, load_yaml
from workbench.staging.times import Order

HEAD = """version: 1
appointments_to: crm.lead
timezone: Europe/Amsterdam
region: NL
fields:
  patients:
    first_name: {as: combined, to: res.partner.name, with: full_name, part: first}
"""


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_a_map_is_read_back_as_it_was_written(vocabulary: Vocabulary) -> None:
    """What stands in mapping.yaml is the whole map: reading it gives the same hash."""
    mapping = world(vocabulary).mapping
    text = dump_yaml(mapping)

    assert load_yaml(text, odoo_fields=ODOO_FIELDS).hash == mapping.hash
    assert dump_yaml(load_yaml(text)) == text


def test_a_map_takes_one_line_a_field() -> None:
    """A map can be read and compared line by line."""
    mapping = world("brief").mapping
    lines = dump_yaml(mapping).splitlines()
    fields = [line for line in lines if line.startswith("    ") and "{as: " in line]

    assert len(fields) == len(mapping.rows)
    assert max(map(len, fields)) < 180


def test_the_hash_does_not_depend_on_order() -> None:
    """Two people who decide in another order get the same map."""
    mapping = world("brief").mapping
    rows = list(mapping.rows)
    random.Random(1).shuffle(rows)  # noqa: S311 - an order, not a secret
    values = {
        key: dict(sorted(known.items(), reverse=True))
        for key, known in sorted(mapping.values.items(), reverse=True)
    }

    assert replace(mapping, rows=tuple(rows), values=values).hash == mapping.hash


def test_the_order_of_dates_stands_in_the_file() -> None:
    """A person can read, and change, which of day and month comes first."""
    line = "    dob: {as: mapped, to: res.partner.x_dob, with: date, order: dmy}\n"
    read = load_yaml(HEAD + line)

    assert read.by_field["patients.dob"].order is Order.DAY_FIRST
    assert "order: dmy" in dump_yaml(read)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "{as: mapped, to: res.partner.x_dob, with: date, order: either}",
            "day or the month",
        ),
        ("{as: mapped, to: res.partner.x_dob, with: date, order: ydm}", "order must be dmy or mdy"),
        ("{as: mapped, to: res.partner.x_dob, with: text, order: dmy}", "reads no date"),
    ],
)
def test_an_order_that_says_nothing_is_a_fault(line: str, words: str) -> None:
    """An order that is open, unknown, or of a field without dates makes no map."""
    with pytest.raises(MappingError, match=words):
        load_yaml(f"{HEAD}    dob: {line}\n")


@pytest.mark.parametrize(
    "change", [{"zone": "UTC"}, {"region": "BE"}, {"practitioners": {"1": "x"}}]
)
def test_the_hash_changes_with_what_a_load_depends_on(change: dict[str, object]) -> None:
    """Another zone, country or practitioner makes another map."""
    mapping = world("brief").mapping

    assert replace(mapping, **change).hash != mapping.hash  # type: ignore[arg-type]  # a table of kinds


NAMES = st.text(min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and "." not in text
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(NAMES, NAMES, st.text(min_size=1, max_size=20).filter(str.strip))
def test_any_name_and_value_survives_the_file(path: str, value: str, label: str) -> None:
    """Fields and values in any script, or that look like YAML, come back as they were."""
    mapping = Mapping(
        rows=(
            MapRow("patients.first_name", Disposition.COMBINED, "res.partner.name", "full_name",
                   "char", "first"),
            MapRow(f"patients.{path}_", Disposition.MAPPED, "res.partner.x_a", "selection",
                   "selection", label=label),
        ),
        values={f"patients.{path}_": {value: label}},
    )  # fmt: skip

    assert load_yaml(dump_yaml(mapping)).hash == mapping.hash


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    x: {as: mapped, to: res.partner.x_x, with: magic}", "names no transform we know"),
        ("    x: {as: mapped, to: res.partner.x_x, with: date, type: char}", "cannot feed"),
        ("    x: {as: mapped, to: res.users.x_x, with: text}", "on no model of ours"),
        ("    x: {as: mapped, to: res.partner.x_X!, with: text}", "cannot be the name"),
        ("    x: {as: mapped, with: text}", "has no target"),
        ("    x: {as: dropped}", "dropped without a reason"),
        ("    x: {as: dropped, why: old, to: res.partner.x_x}", "has a target as well"),
        ("    x: {as: transformed, to: res.partner.x_x}", "as must be one of"),
        ("    x: {as: mapped, to: res.partner.nope, with: text}", "Odoo has no field"),
        ("    x: {as: mapped, to: res.partner.comment, with: text, type: char}", "is of type html"),
        ("    x: {as: mapped, to: res.partner.name, with: text}", "without a combiner"),
        ("    x: {as: combined, to: res.partner.name, with: full_name, part: first}", "same part"),
        ("    x: {as: combined, to: res.partner.name, with: full_name, part: nick}", "no part"),
        ("    x: {as: kept, to: somewhere.else}", "no place of ours"),
        ("    x: {as: mapped, to: res.partner.x_x, with: text, colour: red}", "no key of a field"),
        ("    x: [1, 2]", "must hold"),
        ("    x: {as: mapped, to: res.partner.x_x, with: text, clinical: maybe}", "true or false"),
        ("    x: {as: mapped, to: res.partner.x_x, with: text, also: res}", "must be a list"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, words: str) -> None:
    """Whoever edits the map by hand is told which line is wrong and why."""
    with pytest.raises(MappingError) as caught:
        load_yaml(f"{HEAD}{line}\n", odoo_fields=ODOO_FIELDS)

    assert words in caught.value.what
    assert "line 8" in caught.value.what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("version: 1", "version: 2"), "line 1: version: must be 1"),
        (HEAD + "colours: {}\n", "line 8: colours: is no section"),
        (HEAD.replace("crm.lead", "somewhere"), "line 2: appointments_to: must be one of"),
        (HEAD + "values:\n  patients.nope: {a: b}\n", "line 9: values.patients.nope"),
        (HEAD + "    first_name: {as: dropped, why: x}\n", "stands there twice"),
        (HEAD + "duplicates:\n  patient_1+patient_2: perhaps\n", "line 9: duplicates.patient_1"),
        ("a: [", "is not YAML: line 1"),
        ("a: \x01", "is not YAML"),
        ("[]", "must hold `name: …` lines"),
        (HEAD.replace("res.partner.name", "res.partner.x_n"), "every record needs"),
    ],
)
def test_a_broken_file_is_told_so(text: str, words: str) -> None:
    """A file that is no map, or half of one, never loads."""
    with pytest.raises(MappingError) as caught:
        load_yaml(text)

    assert words in caught.value.what


def test_pairs_that_contradict_each_other_are_found() -> None:
    """One person cannot be merged with two who are kept apart."""
    text = HEAD + (
        "duplicates:\n  patient_1+patient_2: merge\n  patient_2+patient_3: merge\n"
        "  patient_1+patient_3: keep both\n"
    )
    with pytest.raises(MappingError, match="merged by way of other pairs"):
        load_yaml(text)


def test_merged_patients_become_the_lowest_id_of_their_group() -> None:
    """Of several entries of one person the oldest one stays."""
    pairs = {"patient_9+patient_10": "merge", "patient_2+patient_10": "merge"}

    assert Mapping(rows=(), duplicates=pairs).survivors == {"9": "2", "10": "2"}
