"""The sample: few patients, and yet everything that can occur is among them."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.proof import FactGatherer, Kind, SampleChoice, SampleFacts, choose, key_words
from workbench.proof.sample import TIERS
from workbench.proof.sample_facts import ALONE, scripts


def facts(**covers: str) -> SampleFacts:
    """Make facts from p1="field:a field:b"."""
    return SampleFacts.of({one[1:]: keys.split() for one, keys in covers.items()})


def names(facts: SampleFacts, patient: str) -> set[str]:
    """Give the keys that a patient covers."""
    mask = facts.patients[patient]
    return {key for place, key in enumerate(facts.keys) if mask >> place & 1}


def test_the_one_who_covers_most_comes_first() -> None:
    """The choice starts with the patient who tries out most, and says what for."""
    found = choose(facts(p1="file:a", p2="file:a file:b file:c", p3="file:d",
                         p4="file:b file:c"), size=2)  # fmt: skip

    assert found.ids == ("2", "3")
    assert found.covers == {"2": ("file:a", "file:b", "file:c"), "3": ("file:d",)}
    assert found.left_over == ()


def test_what_does_not_fit_and_what_cannot_be_covered_is_said() -> None:
    """Keys that the size leaves out and keys that no patient has are two different lists."""
    found = choose(facts(p1="file:a", p2="file:b"), size=1, wanted=["file:b", "file:missed"])

    assert found.left_over == ("file:b",)
    assert found.impossible == ("file:missed",)


def test_what_must_be_tried_comes_before_what_may() -> None:
    """Where few may be taken, a value or a relation is tried before a longest text is."""
    found = choose(
        facts(p1="longest:a longest:b empty:c", p2="value:x=1", p3="longest:d empty:e"), size=2
    )

    assert found.ids == ("2", "1")
    assert found.left_over == ("empty:e", "longest:d")


def test_a_choice_is_read_back_from_the_run() -> None:
    """Who was chosen, and why, is kept in two documents: only the first is approved."""
    found = choose(facts(p10="file:a", p2="file:b", p3=""), size=3, wanted=["file:c"])

    assert SampleChoice.of_reasons(json.loads(json.dumps(found.reasons()))) == found
    assert found.patients() == {"ids": ["2", "3", "10"]}


def test_room_that_is_left_is_filled_with_second_examples() -> None:
    """Once everything is covered, further patients cover the same again."""
    found = choose(facts(p1="file:a file:b", p2="file:a", p3="", p4="file:b"), size=4)

    assert found.ids == ("1", "2", "4", "3")
    assert {one for one, keys in found.covers.items() if keys} == {"1"}


def test_a_clinic_smaller_than_the_sample_is_taken_whole() -> None:
    """With fewer patients than asked for, all of them are the sample."""
    assert choose(facts(p2="file:a", p1="file:a"), size=50).ids == ("1", "2")
    assert choose(facts(), size=50).ids == ()


tried = st.frozensets(
    st.sampled_from([f"{kind}:{what}" for kind in ("file", "longest", "empty") for what in "abc"]),
    max_size=4,
)  # fmt: skip
clinics = st.lists(tried, max_size=25).map(lambda found: dict(enumerate(found)))


@given(clinic=clinics, size=st.integers(1, 30))
def test_the_choice_covers_all_it_can_and_does_not_depend_on_the_order(
    clinic: dict[int, frozenset[str]], size: int
) -> None:
    """The same clinic gives the same sample, of the right size, with an honest account."""
    covers = {str(number): sorted(keys) for number, keys in clinic.items()}
    found = choose(SampleFacts.of(covers), size=size)

    assert choose(SampleFacts.of(dict(reversed(covers.items()))), size=size) == found
    assert len(found.ids) == len(set(found.ids)) == min(size, len(clinic))
    covered = {key for keys in found.covers.values() for key in keys}
    every = {key for keys in covers.values() for key in keys}
    assert covered | set(found.left_over) == every
    assert all(set(keys) <= set(covers[one]) for one, keys in found.covers.items())
    if size >= len(every):
        assert found.left_over == ()


def test_records_tell_what_they_would_try_out() -> None:
    """Fields, values, relations, scripts, the longest text and the emptiest record are facts."""
    gatherer = FactGatherer()
    gatherer.add("1", "patients", {"name": "Анна", "note": "a long note", "address": {"city": ""}})
    gatherer.add("2", "patients", {"name": "Zoë", "note": "short", "numbers": [{"iso2": "NL"}]})
    gatherer.add("3", "patients", {"name": "Bo", "note": None, "numbers": []})
    gatherer.add("2", "appointments", {"status": "missed", "patient_id": 2},
                 keys=["value:appointments.status=missed"])  # fmt: skip
    gatherer.mark("1", "file:held")
    gatherer.mark("9", "file:missing")
    facts = gatherer.facts()

    assert {"field:patients.name", "script:cyrillic", "longest:patients.note", "file:held",
            "empty:patients.address.city", ALONE} <= names(facts, "1")  # fmt: skip
    assert {"relation:has appointments", "value:appointments.status=missed",
            "script:latin-accented", "field:patients.numbers[].iso2", "most:",
            } <= names(facts, "2")  # fmt: skip
    assert {"emptiest:", "empty:patients.note", "empty:patients.numbers"} <= names(facts, "3")
    assert ALONE not in names(facts, "2")
    assert not any("Bo" in key or "short" in key or "missing" in key for key in facts.keys)
    assert ("1" in gatherer, "9" in gatherer) == (True, False)


def test_of_equally_long_texts_the_lowest_patient_counts() -> None:
    """The facts do not depend on the order in which records come."""
    one, other = FactGatherer(), FactGatherer()
    for number in ("10", "9"):
        one.add(number, "patients", {"note": "same"})
    for number in ("9", "10"):
        other.add(number, "patients", {"note": "same"})

    assert "longest:patients.note" in names(one.facts(), "9")
    assert names(one.facts(), "10") == names(other.facts(), "10")


def test_very_many_patients_take_little_memory() -> None:
    """What is held of a patient is a number as long as there are things to try, no more."""
    gatherer = FactGatherer()
    record = {f"field {number}": "text" for number in range(300)}
    tracemalloc.start()
    for number in range(200):
        gatherer.add(str(number), "patients", record)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 200 * 600 + 300 * 1000


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("field:patients.allergies", "patients.allergies is filled"),
        ("value:appointments.status=missed", "appointments.status=missed"),
        ("value:patients.custom.a=b=O+", "patients.custom.a=b=••"),
        ("reference:appointments.practitioner_id=7", "appointments.practitioner_id=7"),
        ("relation:has documents", "has documents"),
        ("longest:patients.note", "the longest text in patients.note"),
        ("emptiest:", "the fewest filled fields"),
    ],
)
def test_a_key_is_told_in_words_and_clinical_values_are_masked(key: str, words: str) -> None:
    """Beside a patient's number no clinical value is readable."""
    told = key_words(key, hidden={"patients.custom.a=b"}, mask=lambda value: "•" * len(str(value)))

    assert told == words


def test_every_kind_has_words_and_one_tier() -> None:
    """Nothing that is tried is without a name, or forgotten in the order of the choice."""
    assert all(key_words(f"{kind}:x") for kind in Kind)
    assert sorted(kind for tier in TIERS for kind in tier) == sorted(Kind)


def test_scripts_are_named() -> None:
    """A text's scripts are told by its letters, digits and signs aside."""
    assert scripts("plain (1)") == frozenset()
    assert scripts("Ünal 李") == {"latin-accented", "cjk"}
    assert scripts("€ 5") == frozenset()
