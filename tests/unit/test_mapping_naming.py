"""Whatever a clinic calls its fields: names that Odoo takes, apart, and labels one can read."""

from __future__ import annotations

import keyword
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decided_map import ODOO_FIELDS
from workbench.mapping import (
    Draft,
    MapOptions,
    Proposal,
    check,
    dump_yaml,
    load_yaml,
    mapping_from,
    propose,
    schema_needs,
)
from workbench.mapping.model import RESERVED
from workbench.mapping.naming import CUSTOM, LONGEST, LONGEST_LABEL, custom_label, custom_name
from workbench.mapping.templates import shipped
from workbench.staging import profile_records

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")
SCRIPT = "<script>alert(1)</script>"
TABLES = "Robert'); DROP TABLE patients;--"
ATTACKS = (TABLES, SCRIPT, "' OR 1=1 --", "${7*7}", "{{7*7}}", "../../etc/passwd", "a=b",
           "x: y", "{as: dropped}", "- list", "null", "a\tb\nc", "%s", "\u202egnp",
           "a\u200bb")  # fmt: skip
RESERVED_WORDS = (
    "id", "create_date", "create_uid", "write_date", "__last_update", "x_", "_", "active",
    "display_name", "select", "table", "order", "group", "user", "where", "null", "self", "env",
    "x_practicehub_id", "x_unread_values", "x_studio_x", *keyword.kwlist,
)  # fmt: skip
FOREIGN = ("名前", "名前 2", "ключ", "ключи", "🦵", "🦵🦵", "الاسم", "שם")
ALIKE = ("Shoe size", "shoe_size", "shoe-size", "Shoe  Size", "SHOE SIZE", "shoe.size", "shoesize")
LONG = ("n" * 300, f"{'n' * 299}m", f"{'word ' * 40}end", f"{'word ' * 40}End.")
PLAIN = tuple(f"Own field number {n}" for n in range(400))
NAMES = tuple(dict.fromkeys((*ATTACKS, *RESERVED_WORDS, *FOREIGN, *ALIKE, *LONG, *PLAIN)))


@lru_cache(maxsize=1)
def proposed() -> tuple[Proposal, ...]:
    """Propose for patients with more than four hundred fields of their clinic's own."""
    rows = [
        {"id": n, "last_name": "Vos", "custom_fields": dict.fromkeys(NAMES, f"words {n}")}
        for n in range(1, 4)
    ]
    return tuple(
        propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    )


@lru_cache(maxsize=1)
def drafted() -> Draft:
    """Accept every proposal."""
    answers = {f"field:{one.row.field}": one.row.choice for one in proposed()}
    return mapping_from(proposed(), answers.get, options=OPTIONS, odoo_fields=ODOO_FIELDS)


def test_four_hundred_odd_names_make_a_map_that_can_be_loaded() -> None:
    """Nothing is wrong with the map, every field gets its own target, and none is dropped."""
    draft = drafted()
    targets = [row.target for row in draft.mapping.rows if row.path != "last_name"]

    assert draft.faults == ()
    assert check(draft.mapping, odoo_fields=ODOO_FIELDS) == []
    assert len(draft.mapping.rows) == len(NAMES) + 2
    assert len(set(targets)) == len(targets)


def test_four_hundred_odd_names_make_four_hundred_distinct_fields_in_odoo() -> None:
    """What must exist in Odoo has names it takes, one for each, and labels that tell them apart."""
    needs = [one for one in schema_needs(drafted().mapping).fields if one.name not in RESERVED]
    own = {row.name: row.path for row in drafted().mapping.rows if row.name.startswith("x_")}

    assert len({one.name for one in needs}) == len(NAMES)
    assert all(CUSTOM.fullmatch(one.name) and len(one.name) <= LONGEST for one in needs)
    assert all(0 < len(one.label) <= LONGEST_LABEL for one in needs)
    assert all(one.label.isprintable() for one in needs)
    assert all(own[one.name] for one in needs)


def test_fields_that_look_alike_keep_labels_that_do_not() -> None:
    """Two fields of one name in small print are told apart by what the clinic wrote."""
    labels = {
        one.name: one.label
        for one in schema_needs(drafted().mapping).fields
        if one.name.startswith("x_shoe_size")
    }

    assert len(labels) == len(ALIKE) - 1
    assert {"Shoe size", "shoe_size", "shoe-size", "SHOE SIZE"} <= set(labels.values())


def test_a_map_of_odd_names_is_written_and_read_back_as_it_is() -> None:
    """The file of the map keeps every name, whatever marks it is made of."""
    mapping = drafted().mapping

    assert load_yaml(dump_yaml(mapping)).by_field == mapping.by_field


@pytest.mark.parametrize("name", [SCRIPT, TABLES, "名前", "🦵", "Größe (cm)"])
def test_a_label_is_what_the_clinic_wrote(name: str) -> None:
    """A label is no place for changes: it is escaped where it is shown, and nowhere else."""
    assert custom_label(f"custom_fields.{name}", name=custom_name(name)) == name


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("shoe_size", "Shoe size"), ("shoeSize", "Shoe size"),
        ("custom_fields.shoe-size", "Shoe size"),
        ("address.doorCode", "Address door code"), ("a\u200bb\n c", "ab c"), ("\u200b", "Field"),
    ],
)  # fmt: skip
def test_a_name_for_machines_becomes_words(path: str, label: str) -> None:
    """People read words over a field, without marks that cannot be seen."""
    assert custom_label(path, name=custom_name(path)).startswith(label)


@given(st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=12, unique=True))
def test_any_names_at_all_become_distinct_ones_that_odoo_takes(names: list[str]) -> None:
    """No text that a field can be called makes a name that is refused or taken twice."""
    rows = [{"id": 1, "custom_fields": dict.fromkeys(names, "some words")}]
    made = propose(profile_records("patients", rows), odoo_fields={}, options=OPTIONS)
    own = [one.row for one in made if one.row.path.startswith("custom_fields.")]
    known = {entry.target for entry in shipped().resources["patients"].entries}
    customs = [row.name for row in own if row.target not in known]

    assert len(own) == len(names)
    assert len(set(customs)) == len(customs)
    assert all(CUSTOM.fullmatch(name) for name in customs)
