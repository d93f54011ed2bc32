"""The catalogue: what each list resource is called, whose child it is, and which times it has."""

from __future__ import annotations

import pytest

from workbench.errors import ConfigError
from workbench.practicehub import RESOURCES, catalogue, resource
from workbench.practicehub.catalogue import ids_at
from workbench.sandbox.clinic import Clinic, Vocabulary, generate

KNOWN = {one.name: one for one in RESOURCES}


@pytest.fixture(scope="module", params=["brief", "observed"])
def clinic(request: pytest.FixtureRequest) -> Clinic:
    """Give a small clinic in either vocabulary."""
    vocabulary: Vocabulary = request.param
    return generate(patients=40, vocabulary=vocabulary, files=False)


def test_every_resource_is_there_once_and_patients_come_first() -> None:
    """Nothing is read twice, and external ids cannot collide."""
    assert RESOURCES[0].name == "patients"
    assert len(KNOWN) == len(RESOURCES) == 17
    assert len({one.singular for one in RESOURCES}) == len(RESOURCES)


def test_parents_are_read_before_their_children() -> None:
    """When a record arrives, what it refers to was read before it."""
    place = {one.name: number for number, one in enumerate(RESOURCES)}
    wrong = [
        (one.name, path)
        for one in RESOURCES
        for path, parent in one.parents.items()
        if place[parent] >= place[one.name]
    ]

    assert wrong == []


def test_every_reference_of_a_record_is_in_the_catalogue(clinic: Clinic) -> None:
    """A field named after one of the lists, such as appointment_id, is known as a parent."""
    lists = {f"{one.singular}_id" for one in RESOURCES}
    missing = {
        (name, field)
        for name, records in clinic.items()
        for record in records
        for field in record
        if field in lists and field not in KNOWN[name].parents
    }

    assert missing == set()


def test_further_resources_come_behind_those_known_in_the_order_given() -> None:
    """An account's own lists are read last: what they refer to is there by then."""
    found = catalogue(["recalls", "letters"])

    assert found[: len(RESOURCES)] == RESOURCES
    assert [(one.name, one.singular, one.path) for one in found[len(RESOURCES) :]] == [
        ("recalls", "recall", "/recalls"), ("letters", "letter", "/letters"),
    ]  # fmt: skip
    assert found[-1].patient_of({"patient_id": 7}) == "7"
    assert found[-1].patient_of({"name": "nobody's"}) is None


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["patients"], "patients is read anyway"),
        (["recalls", "recalls"], "recalls is named twice"),
        (["patient"], "patient would call its records as patients does: patient_1"),
        (["recall", "recalls"], "recalls would call its records as recall does"),
        (["Letters"], "'Letters' cannot be a PracticeHub resource"),
        (["../patients"], "cannot be a PracticeHub resource"),
        (["letters\n"], "cannot be a PracticeHub resource"),
        ([""], "cannot be a PracticeHub resource"),
    ],
)
def test_a_further_resource_that_cannot_be_is_refused(names: list[str], told: str) -> None:
    """A name that is known, doubled or no name is told before anything is asked."""
    with pytest.raises(ConfigError) as caught:
        catalogue(names)

    assert told in caught.value.what


def test_a_resource_outside_the_catalogue_is_a_plain_list() -> None:
    """What a run has read stays readable: its pages name a resource nobody has described."""
    known = resource("recalls")

    assert known.file is None
    assert known.parents["appointment_id"] == "appointments"
    assert resource("invoices") is KNOWN["invoices"]


@pytest.mark.parametrize(
    ("path", "row", "ids"),
    [
        ("patient_id", {"patient_id": 7}, ["7"]),
        ("patient_id", {"patient_id": " 7 "}, ["7"]),
        ("patient_id", {"patient_id": ""}, []),
        ("patient_id", {"patient_id": {"id": 7}}, []),
        ("patient_id", {}, []),
        ("sharers[].patient_id", {"sharers": [{"patient_id": 7}, "x", {"patient_id": "8"}]},
         ["7", "8"]),
        ("sharers[].patient_id", {"sharers": {"patient_id": 7}}, []),
        ("sharers[].patient_id", {}, []),
    ],
)  # fmt: skip
def test_ids_are_found_where_they_stand(path: str, row: dict[str, object], ids: list[str]) -> None:
    """An id is text however it is typed, and what is none is no id."""
    assert list(ids_at(path, row)) == ids
