"""The sample: few patients, and yet everything that can occur is among them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.proof import FactGatherer, SampleFacts, choose
from workbench.proof.sample import scripts


def facts(**covers: str) -> list[SampleFacts]:
    """Make facts from p1="a b"."""
    return [SampleFacts(one[1:], frozenset(keys.split())) for one, keys in covers.items()]


def test_the_one_who_covers_most_comes_first() -> None:
    """The choice starts with the patient who tries out most, and says what for."""
    found = choose(facts(p1="a", p2="a b c", p3="d", p4="b c"), size=2)

    assert found.ids == ("2", "3")
    assert found.covers == {"2": ("a", "b", "c"), "3": ("d",)}
    assert found.left_over == ()


def test_what_does_not_fit_and_what_cannot_be_covered_is_said() -> None:
    """Keys that the size leaves out and keys that no patient has are two different lists."""
    found = choose(facts(p1="a", p2="b"), size=1, wanted=["b", "missed"])

    assert found.left_over == ("b",)
    assert found.impossible == ("missed",)


def test_room_that_is_left_is_filled_with_second_examples() -> None:
    """Once everything is covered, further patients cover the same again."""
    found = choose(facts(p1="a b", p2="a", p3="", p4="b"), size=4)

    assert found.ids == ("1", "2", "4", "3")
    assert found.as_json()["covers"] == {"1": ["a", "b"]}


def test_a_clinic_smaller_than_the_sample_is_taken_whole() -> None:
    """With fewer patients than asked for, all of them are the sample."""
    assert choose(facts(p2="a", p1="a"), size=50).ids == ("1", "2")
    assert choose([], size=50).ids == ()


keys = st.frozensets(st.sampled_from("abcdefgh"), max_size=4)
clinics = st.lists(keys, max_size=25).map(
    lambda found: [SampleFacts(str(n), covers) for n, covers in enumerate(found)]
)


@given(clinic=clinics, size=st.integers(1, 30))
def test_the_choice_covers_all_it_can_and_does_not_depend_on_the_order(
    clinic: list[SampleFacts], size: int
) -> None:
    """The same clinic gives the same sample, of the right size, with an honest account."""
    found = choose(clinic, size=size)

    assert choose(list(reversed(clinic)), size=size) == found
    assert len(found.ids) == len(set(found.ids)) == min(size, len(clinic))
    covered = {key for keys in found.covers.values() for key in keys}
    every = {key for row in clinic for key in row.covers}
    assert covered | set(found.left_over) == every
    if size >= len(every):
        assert found.left_over == ()


def test_records_tell_what_they_would_try_out() -> None:
    """Fields, values, relations, scripts, the longest text and the emptiest record are facts."""
    gatherer = FactGatherer({"appointments.status"})
    gatherer.add("1", "patients", {"name": "Анна", "note": "a long note", "address": {"city": ""}})
    gatherer.add("2", "patients", {"name": "Zoë", "note": "short", "numbers": [{"iso2": "NL"}]})
    gatherer.add("3", "patients", {"name": "Bo", "note": None, "numbers": []})
    gatherer.add("2", "appointments", {"status": "missed", "patient_id": 2})

    found = {row.id: row.covers for row in gatherer.facts()}

    assert {"field:patients.name", "script:cyrillic", "longest:patients.note",
            "empty:patients.address.city"} <= found["1"]  # fmt: skip
    assert {"relation:appointments", "value:appointments.status=missed", "script:latin-accented",
            "field:patients.numbers[].iso2"} <= found["2"]  # fmt: skip
    assert {"emptiest", "empty:patients.note", "empty:patients.numbers"} <= found["3"]
    assert not any("Bo" in key or "short" in key for covers in found.values() for key in covers)


def test_scripts_are_named() -> None:
    """A text's scripts are told by its letters, digits and signs aside."""
    assert scripts("plain (1)") == frozenset()
    assert scripts("Ünal 李") == {"latin-accented", "cjk"}
    assert scripts("€ 5") == frozenset()
