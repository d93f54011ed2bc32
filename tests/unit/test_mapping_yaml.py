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
from workbench.mapping.yaml_io import _Reader
from workbench.mapping.yaml_nodes import parse
from workbench.staging.times import Order

HEAD = """version: 1
appointments_to: crm.lead
timezone: Europe/Amsterdam
region: NL
fields:
  patients:
    first_name: {as: combined, to: res.partner.name, with: full_name, part: first}
"""
WRITTEN = HEAD + (
    "    dob: {as: mapped, to: res.partner.x_dob, with: date, order: dmy, clinical: true}\n"
    '    "a: b": {as: dropped, why: "never: filled"}\n'
    "    smoker: {as: lookup, to: res.partner.x_s, with: selection, type: selection}\n"
    "values:\n  patients.smoker:\n    no: No\npractitioners:\n  17: name only\n"
)


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
        ("    x: [1, 2]", "must be a line in braces"),
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
        ("a: [", "line 1 is not YAML"),
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


FAULTY = """\
version: 1
account: brightspine
appointments_to: crm.lead
timezone: Mars/Olympus
region: Holland
colours: {red: blue}
fields:
  patients:
    first_name: {as: combined, to: res.partner.name, with: full_name, part: first}
    a: {as: mapped, to: res.partner.x_a, with: magic}
    b: {as: mapped, to: res.partner.x_b, with: date, type: char}
    c: {as: mapped, to: res.users.x_c, with: text}
    d: {as: mapped, to: res.partner.x_d, with: text, also: [res.partner.x_e]}
    e: {as: dropped}
    f: {as: dropped, why: ~}
    g: {as: mapped, to: res.partner.x_g, with: text, clinical: maybe}
    h: {as: mapped, as: kept, to: res.partner.x_h, with: text}
    i: {as: mapped, to: res.partner.x_i, with: date, order: ydm}
    j: {as: mapped, to: res.partner.x_j, with: text, colour: red}
    k: res.partner.x_k
    l: {as: mapped, to: res.partner.email, with: email}
    m: {as: mapped, to: res.partner.email, with: email}
    n: {as: kept, to: mail.message.body}
    n: {as: kept, to: mail.message.body}
values:
  patients.l: {x: y, z: }
  patients.first_name:
    some: ~
practitioners:
  17:
duplicates:
  patient_1+patient_2: perhaps
"""


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    """Whoever corrects a map sees the whole list, line by line, and not one fault a time."""
    with pytest.raises(MappingError) as caught:
        load_yaml(FAULTY, odoo_fields=ODOO_FIELDS)
    told = caught.value.what.splitlines()[1:]

    assert [int(line.split()[1].rstrip(":")) for line in told] == [
        4, 5, 6, *range(10, 23), 24, 26, 26, 28, 28, 30, 32,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"version: 1\nregion: \xff", ["line 2 is not UTF-8"]),
        (HEAD.encode("utf-16"), ["line 1 is not UTF-8"]),
        (HEAD + "\tx: {}\n\ty: {}\n", ["line 8 is not YAML: a tab", "line 9 is not YAML: a tab"]),
        (HEAD + "    x: &a {as: kept}\n    y: *a\n", ["line 8 &a marks", "line 9 *a stands for"]),
        (HEAD + "    x: {<<: {as: kept}}\n", ["line 8 << would merge"]),
        (HEAD + "    x: !!python/object:os.system {as: kept}\n", ["line 8 !!python/object"]),
        (HEAD + "    x: {as: !!str kept}\n    y: {as: !mine kept}\n",
         ["line 8 !!str is a tag", "line 9 !mine is a tag"]),
        (HEAD + "---\nversion: 1\n", ["line 8 is not YAML of one document"]),
        (HEAD + "    x: " + "[" * 10_000, ["line 8 is nested deeper"]),
        (HEAD + "    x: " + "{a: " * 10_000, ["line 8 is nested deeper"]),
        ("- " * 10_000, ["line 1 is nested deeper"]),
        ("a" * 5_000_000, ["larger than 2 MB"]),
        (HEAD + '    "\\UFFFFFFFF": {}\n', ["is not YAML: an escape"]),
        ("%YAML " + "1" * 5_000 + ".1\n---\n" + HEAD, ["is not YAML"]),
        ("", ["version: must be 1", "fields: is missing"]),
        ("version: 1\nfields: {patients: {? [a]: {}}}\n", ["line 2: patients: has a name that is"]),
    ],
)  # fmt: skip
def test_what_hides_or_attacks_is_no_map(text: str | bytes, lines: list[str]) -> None:
    """A map says what it says on the line it stands on, and no file can choke the reader."""
    with pytest.raises(MappingError) as caught:
        load_yaml(text)

    assert [line for line in lines if line not in caught.value.what] == []


def test_a_billion_laughs_are_not_laughed() -> None:
    """Lines that stand for other lines, ten times over, are refused and never written out."""
    laughs = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )
    with pytest.raises(MappingError, match="stands for another place"):
        load_yaml(laughs)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_saved_on_another_system_is_the_same_map(end: str, mark: str) -> None:
    """A byte order mark and the line ends of Windows change nothing."""
    text = mark + HEAD.replace("\n", end)

    assert load_yaml(text.encode()) == load_yaml(text) == load_yaml(HEAD)


TRAPS = ["no", "on", "Yes", "y", "~", "null", "1_000", "0777", "0x1F", "1e3", "2024-01-01", "12:30",
         "=", "<<", "", " ", "a: b", "a #b", "- a", "[]", "{}", "<script>", "'; DROP TABLE x; --",
         '"', "a\nb", "a\u2028b", "\x1b[2J", "\ud800", "!!str", "&a", "*a", "@a", "%a", "`", "é",
         "東京", "a" * 2_000]  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS, ids=repr)
def test_a_name_or_a_value_is_the_text_it_is(trap: str) -> None:
    """Neither a yes, a date, a tag nor a line break in a name becomes something else."""
    mapping = Mapping(
        rows=(MapRow(f"patients.{trap}", Disposition.LOOKUP, "res.partner.x_a", "selection",
                     "selection", label=trap),
              MapRow("patients.z", Disposition.COMBINED, "res.partner.name", "full_name", "char",
                     "first")),
        values={f"patients.{trap}": {trap: trap if trap.strip() else "x"}},
        practitioners={trap: "name only"},
    )  # fmt: skip

    assert load_yaml(dump_yaml(mapping)) == mapping


@pytest.mark.parametrize(
    "written", ["no", "on", "1_000", "0777", "2024-01-01", "12:30", "~", "null"]
)
def test_a_value_written_by_hand_without_quotes_is_text(written: str) -> None:
    """What other readers of YAML take for a truth, a number or nothing is a pick-list's value."""
    line = "    smoker: {as: lookup, to: res.partner.x_s, with: selection, type: selection}\n"
    read = load_yaml(f"{HEAD}{line}values:\n  patients.smoker:\n    {written}: No\n")

    assert read.values == {"patients.smoker": {written: "No"}}


def test_a_value_that_odoo_s_own_list_lacks_is_told() -> None:
    """A standard selection takes what Odoo offers, by label or as stored; ours takes any."""
    offered: dict[str, dict[str, dict[str, object]]] = {"res.partner": {
        **ODOO_FIELDS["res.partner"],
        "type": {"type": "selection", "selection": [["contact", "Contact"], ["other", "Other"]]},
        "x_kind": {"type": "selection", "selection": [["a", "A"]]},
    }}  # fmt: skip
    text = HEAD + (
        "    kind: {as: lookup, to: res.partner.type, with: selection, type: selection}\n"
        "    sort: {as: lookup, to: res.partner.x_kind, with: selection, type: selection}\n"
        "values:\n  patients.kind:\n    a: Contact\n    b: other\n    c: Elsewhere\n"
        "  patients.sort: {q: Quite new}\n"
    )
    with pytest.raises(MappingError) as caught:
        load_yaml(text, odoo_fields=offered)

    assert "has 1 fault(s)" in caught.value.what
    assert "line 14: values.patients.kind.c: res.partner.type has no value" in caught.value.what
    assert load_yaml(text).values["patients.kind"]["c"] == "Elsewhere"


def test_a_fault_of_a_line_is_not_told_twice() -> None:
    """What is missing only because another line cannot be read is no news."""
    text = HEAD.replace("part: first}", "part: first, colour: red}")
    with pytest.raises(MappingError) as caught:
        load_yaml(text + "values:\n  patients.first_name: {}\n")

    assert "has 1 fault(s)" in caught.value.what


def test_some_lines_of_a_map_are_read_where_the_rest_stands_elsewhere() -> None:
    """A map for decisions may name one field; a whole map may not."""
    text = "version: 1\nfields:\n  patients:\n    x: {as: kept, to: mail.message.body}\n"

    assert load_yaml(text, whole=False).by_field["patients.x"].disposition is Disposition.KEPT
    with pytest.raises(MappingError, match="every record needs"):
        load_yaml(text)


def test_one_changed_decision_is_one_changed_line() -> None:
    """Two maps can be compared by what compares texts."""
    mapping = world("brief").mapping
    before = dump_yaml(mapping).splitlines()
    row = mapping.by_field["patients.allergies"]
    status = next(one.field for one in mapping.rows if one.transform == "stage")
    changes = [
        replace(mapping, rows=tuple(
            replace(one, label="Known\nallergies") if one == row else one for one in mapping.rows
        )),
        replace(mapping, values={**mapping.values, status: {
            **mapping.values[status], min(mapping.values[status]): "Elsewhere"}}),
        replace(mapping, practitioners={**mapping.practitioners,
                                        min(mapping.practitioners): "someone"}),
    ]  # fmt: skip
    for changed in changes:
        after = dump_yaml(changed).splitlines()
        assert len(after) == len(before)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_a_map_says_nothing_that_goes_without_saying() -> None:
    """Empty sections, an unknown country and usual types are left out."""
    text = dump_yaml(load_yaml(HEAD.replace("timezone: Europe/Amsterdam\nregion: NL\n", "")))

    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "version: 1",
        "appointments_to: crm.lead",
        "fields:",
        "  patients:",
        "    first_name: {as: combined, to: res.partner.name, with: full_name, part: first}",
    ]


def test_whose_map_it_is_stands_in_the_file_and_not_in_the_hash() -> None:
    """What is loaded depends on what was decided, not on where that was."""
    mapping = replace(world("brief").mapping, account="brightspine")
    text = dump_yaml(mapping)

    assert "account: brightspine\n" in text
    assert load_yaml(text) == mapping
    assert mapping.hash == world("brief").mapping.hash


TEXTS = st.text(max_size=15) | st.sampled_from(TRAPS)
SOME = TEXTS.filter(str.strip)
TARGETS = st.sampled_from(
    ["res.partner.x_a", "res.partner.name", "crm.lead.x_b", "archive", "", "x"]
)
ROWS = st.builds(
    MapRow,
    field=st.builds("{}.{}".format, st.sampled_from(["patients", "files", "odd: one"]), TEXTS),
    disposition=st.sampled_from(Disposition),
    target=TARGETS,
    transform=st.sampled_from(["", "text", "date", "selection", "magic"]),
    type=st.sampled_from(["", "char", "date", "selection"]),
    part=TEXTS,
    also=st.lists(TEXTS, max_size=2).map(tuple),
    clinical=st.booleans(),
    label=TEXTS,
    why=TEXTS,
    order=st.sampled_from(Order),
)  # fmt: skip
MAPS = st.builds(
    Mapping,
    rows=st.lists(ROWS, max_size=5, unique_by=lambda row: row.field).map(tuple),
    values=st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), max_size=3),
    practitioners=st.dictionaries(TEXTS, TEXTS, max_size=3),
    duplicates=st.dictionaries(TEXTS, TEXTS, max_size=3),
    zone=TEXTS,
    region=TEXTS,
    account=TEXTS,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(MAPS)
def test_any_map_survives_its_file(mapping: Mapping) -> None:
    """Right or wrong, a map is read as it was written, and equal maps have equal hashes."""
    root, found = parse(dump_yaml(mapping))
    read = _Reader().read(root, whole=False)

    assert found == []
    assert read == mapping
    assert read.hash == mapping.hash
    dump_yaml(mapping).encode()


CHUNKS = st.sampled_from(
    [
        "\t",
        "\n",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!!x ",
        "<<: ",
        ": ",
        "- ",
        "? ",
        "|\n",
        "'",
        '"',
        "%",
        "---\n",
        "\x00",
        "\ud800",
        "~",
        "#",
        "\\",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.data())
def test_any_mutilated_text_is_a_map_or_a_fault(data: st.DataObject) -> None:
    """Whatever an editor, a transfer or a person does to a file, the answer is a sentence."""
    text = WRITTEN
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(CHUNKS | st.text(max_size=4)) + text[at + cut :]
    try:
        read: object = load_yaml(text, odoo_fields=ODOO_FIELDS)
    except MappingError as error:
        read = error

    assert isinstance(read, Mapping | MappingError)


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
