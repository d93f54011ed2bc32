"""Typed values beside the raw ones: nothing goes without a row, nothing changes unexplained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.staging import Change, Clean, RecordSchema, Rule, ValueKind, explain, typed
from workbench.staging.paths import is_empty, leaves, value_at
from workbench.state import IssueKind

BOTH = pytest.mark.parametrize("vocabulary", ["brief", "observed"])
ODD = "Zebedeus Quackenbush"


@dataclass(frozen=True)
class Made:
    """A map of rules made for one test."""

    known: tuple[Rule, ...]
    zone: str = "Europe/Amsterdam"
    region: str = "NL"

    def rules(self, resource: str) -> Mapping[str, Rule]:
        """Give the rules by path, the same for every resource."""
        del resource
        return {rule.path: rule for rule in self.known}


def read(data: Mapping[str, object], *rules: Rule) -> tuple[dict[str, object], list[IssueKind]]:
    """Read one record by some rules; give its values and what was odd."""
    found = RecordSchema("patients", Made(rules))("7", data)
    return found.values, [one.kind for one in found.findings]


def scalars(value: object) -> Iterator[object]:
    """Yield the scalars of a value, however deep in lists."""
    if isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    elif not isinstance(value, dict):
        yield value


def test_each_kind_of_value_is_read_into_its_own_form() -> None:
    """Dates are dates, times in UTC, yes is true, numbers numbers, names without stray spaces."""
    rules = [Rule(kind.value, kind) for kind in ValueKind]
    values, odd = read(
        {
            "text": "  Anna  ", "email": "anna@EXAMPLE.com", "phone": "06 12345678",
            "date": "2024-02-29 00:00:00", "date_dmy": "1-2-2024", "date_mdy": "1/2/2024",
            "datetime": "2024-07-01 09:00:00", "boolean": "ja", "integer": "12",
            "decimal": "12,5", "html": "<b>x</b>", "plain_text": "<p>x</p>", "choice": " A  b ",
            "country": "Nederland", "state": "x", "datetime_dmy": "1-2-2024 09:00",
            "datetime_mdy": "1/2/2024 09:00",
        },
        *rules,
    )  # fmt: skip

    assert values == {
        "text": "Anna", "email": "anna@example.com", "phone": "+31612345678",
        "date": "2024-02-29", "date_dmy": "2024-02-01", "date_mdy": "2024-01-02",
        "datetime": "2024-07-01 07:00:00", "boolean": True, "integer": 12, "decimal": 12.5,
        "html": "<p><b>x</b></p>", "plain_text": "x", "choice": "A b",
        "country": "NL", "state": "x", "datetime_dmy": "2024-02-01 08:00:00",
        "datetime_mdy": "2024-01-02 08:00:00",
    }  # fmt: skip
    assert odd == []


def test_one_reading_lists_all_that_fails() -> None:
    """Four fields that cannot be read give four rows, and the fifth is read all the same."""
    values, odd = read(
        {"a": "spring", "b": "noon", "c": "perhaps", "d": "many", "e": "2024-01-01", "new": ODD},
        Rule("a", ValueKind.DATE), Rule("b", ValueKind.INSTANT), Rule("c", ValueKind.BOOLEAN),
        Rule("d", ValueKind.INTEGER), Rule("e", ValueKind.DATE),
    )  # fmt: skip

    assert values == {"e": "2024-01-01"}
    assert odd == [
        IssueKind.DATE_UNREADABLE, IssueKind.TIME_UNREADABLE, IssueKind.BOOLEAN_UNREADABLE,
        IssueKind.NUMBER_UNREADABLE, IssueKind.FIELD_UNKNOWN,
    ]  # fmt: skip


def test_a_value_the_map_does_not_know_waits() -> None:
    """A new status is listed as such, and its record waits for a decision."""
    rule = Rule("status", ValueKind.CHOICE, choices=frozenset({"Active"}))
    found = RecordSchema("patients", Made((rule,)))("7", {"status": "Dormant"})

    assert found.values == {}
    assert [(one.kind, one.outcome) for one in found.findings] == [
        (IssueKind.VALUE_UNMAPPED, "the record waits for a decision")
    ]


def test_a_list_keeps_its_order_and_its_gaps() -> None:
    """The typed values of a list stand in step with the raw ones, a failed one empty."""
    data = {"tests": [{"on": "2024-01-01"}, {"on": "spring"}, {}, {"on": "2024-01-02 00:00"}],
            "tags": [" a ", "b"], "grid": [["1", "2"], ["3"]]}  # fmt: skip
    values, odd = read(
        data, Rule("tests[].on", ValueKind.DATE), Rule("tags", ValueKind.TEXT),
        Rule("grid[]", ValueKind.INTEGER),
    )  # fmt: skip

    assert values == {
        "tests[].on": ["2024-01-01", None, None, "2024-01-02"], "tags": ["a", "b"],
        "grid[]": [[1, 2], [3]],
    }  # fmt: skip
    assert odd == [IssueKind.DATE_UNREADABLE]


def test_a_number_is_read_by_the_country_that_stands_nearest() -> None:
    """Each number of a list has its own country, else the patient's, else the clinic's."""
    rule = Rule("numbers[].number", ValueKind.PHONE,
                countries=("numbers[].iso2", "address.country"))  # fmt: skip
    others = (Rule("numbers[].iso2", ValueKind.TEXT), Rule("address.country", ValueKind.TEXT))
    numbers = [{"number": "030 901820", "iso2": "DE"}, {"number": "020 7946 0018", "iso2": None}]

    abroad, _ = read({"numbers": numbers, "address": {"country": "United Kingdom"}}, rule, *others)
    at_home, _ = read({"numbers": [{"number": "020 123 4567"}]}, rule, *others)

    assert abroad["numbers[].number"] == ["+4930901820", "+442079460018"]
    assert at_home["numbers[].number"] == ["+31201234567"]


def test_a_dialling_code_beside_a_number_tells_its_country() -> None:
    """A number with a code of its own is never taken for one of the clinic's country."""
    rule = Rule("numbers[].number", ValueKind.PHONE, countries=("numbers[].iso2",),
                code="numbers[].country_code")  # fmt: skip
    code = Rule("numbers[].country_code", ValueKind.TEXT)
    numbers = [{"number": "612345678", "country_code": "31"}, {"country_code": "49"},
               {"number": "30 901820", "country_code": "+49"}]  # fmt: skip

    values, odd = read({"numbers": numbers}, rule, code)

    assert values["numbers[].number"] == ["+31612345678", None, "+4930901820"]
    assert odd == []


def test_a_state_is_read_within_its_country_or_left_as_it_is() -> None:
    """What ISO names becomes its code; what it does not, Odoo may still know."""
    rules = (Rule("state", ValueKind.STATE, countries=("country",)),
             Rule("country", ValueKind.COUNTRY))  # fmt: skip

    read_well = read({"state": "Noord-Holland", "country": "NL"}, *rules)
    unknown = read({"state": "Middle-earth", "country": "NL"}, *rules)
    nowhere = read({"state": "Noord-Holland", "country": "Atlantis"}, *rules)

    assert read_well == ({"country": "NL", "state": "NL-NH"}, [])
    assert unknown == ({"country": "NL", "state": "Middle-earth"}, [])
    assert nowhere == ({"state": "Noord-Holland"}, [IssueKind.COUNTRY_UNKNOWN])


@pytest.mark.parametrize("kind", [ValueKind.HTML, ValueKind.PLAIN])
def test_markup_without_a_word_is_not_dropped_in_silence(kind: ValueKind) -> None:
    """A note of an empty paragraph becomes empty, and the list says so."""
    values, odd = read({"note": "<p>&nbsp;</p>"}, Rule("note", kind))

    assert values == {}
    assert odd == [IssueKind.VALUE_EMPTIED]


def test_no_finding_holds_a_value() -> None:
    """The list of issues may leave the clinic: it names fields and rules only."""
    found = RecordSchema("patients", Made(tuple(Rule(k.value, k) for k in ValueKind)))(
        "7", {**{kind.value: ODD for kind in ValueKind}, "new": ODD}
    )

    assert len(found.findings) >= 6
    assert not any(word in repr(found.findings) for word in ODD.split())


def test_a_reader_that_breaks_its_word_is_no_patients_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A defect of ours stops the work and names the field, never the value."""
    monkeypatch.setattr(typed, "read_value", lambda *_args, **_more: Clean(ODD))

    with pytest.raises(AssertionError, match=r"patients\.born") as caught:
        read({"born": "2024-01-01"}, Rule("born", ValueKind.DATE))
    assert not any(word in repr(caught.getrepr()) for word in ODD.split())


def test_every_change_has_a_rule_a_before_and_an_after() -> None:
    """A person who asks sees what was made of what, also where nothing was left."""
    rules = Made((Rule("phone", ValueKind.PHONE), Rule("born", ValueKind.DATE),
                  Rule("name", ValueKind.TEXT)))  # fmt: skip
    found = explain("patients", {"phone": "06 12345678", "born": "x", "name": "Anna"}, rules)

    assert found == [
        Change("born", "date", "x", None),
        Change("phone", "phone", "06 12345678", "+31612345678"),
    ]


def test_rules_that_differ_have_different_hashes() -> None:
    """Whatever changes the reading or what is said of it makes the records be read again."""
    plain = Rule("a", ValueKind.TEXT)
    made = [
        Made((plain,)), Made((plain,), zone="UTC"), Made((plain,), region="BE"),
        Made((Rule("a", ValueKind.DATE),)), Made((Rule("a", ValueKind.CHOICE),)),
        Made((Rule("a", ValueKind.CHOICE, frozenset()),)), Made((Rule("b", ValueKind.TEXT),)),
        Made((Rule("a", ValueKind.TEXT, outcome="kept as text"),)),
        Made((Rule("a", ValueKind.TEXT, countries=("b",)),)), Made(()),
    ]  # fmt: skip

    assert len({RecordSchema("patients", one).hash for one in made}) == len(made)
    assert RecordSchema("x", made[0]).hash == RecordSchema("x", Made((plain,))).hash


@BOTH
def test_nothing_that_stands_in_a_record_goes_without_a_row(vocabulary: Vocabulary) -> None:
    """Over a whole clinic, field by field: what is empty once it was read is listed."""
    made = world(vocabulary)
    silent = []
    fields = 0
    for resource, records in made.clinic.items():
        schema = RecordSchema(resource, made.mapping)
        for record in records:
            found = schema(str(record["id"]), record)
            listed = {one.field for one in found.findings}
            for path in {path for path, value in leaves(record) if not is_empty(value)}:
                fields += 1
                raw = [one for one in scalars(value_at(record, path)) if not is_empty(one)]
                read = [one for one in scalars(found.values.get(path)) if one is not None]
                if len(read) < len(raw) and f"{resource}.{path}" not in listed:
                    silent.append((resource, record["id"], path))

    assert fields > 5000
    assert silent == []


@BOTH
def test_no_value_changes_without_an_explanation(vocabulary: Vocabulary) -> None:
    """Over a whole clinic: a typed value that is not the raw text has rule, before and after."""
    made = world(vocabulary)
    changed = 0
    for resource, records in made.clinic.items():
        schema = RecordSchema(resource, made.mapping)
        rules = made.mapping.rules(resource)
        for record in records:
            found = schema(str(record["id"]), record)
            told = {(one.path, str(one.before), str(one.after)): one.rule for one in found.changes}
            for path, values in found.values.items():
                pairs = zip(scalars(value_at(record, path)), scalars(values), strict=True)
                for raw, value in pairs:
                    same = str(raw) == str(value) or _equal(raw, value)
                    if not is_empty(raw) and not same:
                        changed += 1
                        assert told[path, str(raw), str(value)] == rules[path].kind

    assert changed > 500


def _equal(raw: object, value: object) -> bool:
    """Tell whether the same number, or the same yes or no, is only spelt in another way."""
    if isinstance(raw, bool) or not isinstance(value, float):
        return isinstance(raw, bool)
    return str(raw) == f"{value:g}"


@BOTH
def test_reading_again_what_was_read_changes_nothing(vocabulary: Vocabulary) -> None:
    """The same record and the same rules give the same values, and they can be stored."""
    made = world(vocabulary)
    for resource, records in made.clinic.items():
        first, again = (RecordSchema(resource, made.mapping) for _ in range(2))
        for record in records[:40]:
            one = first("7", record)
            assert again("7", record) == one
            assert json.loads(json.dumps(one.values)) == one.values


@BOTH
def test_a_decided_map_knows_every_field_and_value(vocabulary: Vocabulary) -> None:
    """Once all proposals are accepted, no record of the clinic holds anything undecided."""
    made = world(vocabulary)
    kinds = {
        one.kind
        for resource, records in made.clinic.items()
        for schema in [RecordSchema(resource, made.mapping)]
        for record in records
        for one in schema(str(record["id"]), record).findings
    }

    assert not kinds & {IssueKind.FIELD_UNKNOWN, IssueKind.VALUE_UNMAPPED}
