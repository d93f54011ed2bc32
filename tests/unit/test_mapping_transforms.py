"""Transforms: each pure, named, and honest about what it cannot read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping.context import Context, Made, Outcome, Practitioner, Scope, Unmapped
from workbench.mapping.rows import Ref, RefKind
from workbench.mapping.templates import shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.mapping.unknown import unknown_row
from workbench.staging import places
from workbench.staging.findings import Refused
from workbench.staging.profile import profile_records
from workbench.staging.times import Order
from workbench.state import IssueKind

CONTEXT = Context(
    timezone="Europe/Amsterdam",
    patient_key={"7": "patient_7", "99": "patient_7"}.get,
    country="NL",
    appointment_types={"3": "Follow-up"},
    practitioners={
        "11": Practitioner("Eva Smit", "eva@example.org", "eva@example.org"),
        "12": Practitioner("Tom Bos", None, None),
    },
    contacts={"m.vos@example.org": 77},
    companies={"goudvink zorg": 78},
    states=frozenset({"nl/utrecht", "nl/ut"}),
)
SCOPE = Scope(
    CONTEXT, country="NL", values={"Yes": "Yes please"}, keys={"Yes please": "yes_please"}
)
PROPERTIES = settings(derandomize=True, deadline=None, max_examples=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def run(name: str, value: object, scope: Scope = SCOPE) -> Outcome:
    """Apply a transform of one field."""
    return TRANSFORMS[name].make({"": value}, scope)["value"]


def combine(name: str, /, **parts: object) -> dict[str, Outcome]:
    """Apply a transform of several fields."""
    return dict(TRANSFORMS[name].make(parts, SCOPE))


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
@PROPERTIES
@given(JSON)
def test_no_transform_fails_on_any_value(name: str, value: object) -> None:
    """Whatever an account holds in a field, a load never breaks off over it."""
    transform = TRANSFORMS[name]
    parts = dict.fromkeys(transform.parts or {"x": ""}, value)
    outputs = transform.make(parts, SCOPE)

    assert outputs.keys() <= {
        *transform.parts.values(),
        *(one.output for one in transform.also),
        "value",
    }
    assert all(isinstance(one, Made | Refused | Unmapped) for one in outputs.values())
    assert outputs == transform.make(parts, SCOPE)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"stage", "entity"}))
def test_an_empty_value_stays_empty(name: str) -> None:
    """Nothing is made up where the source holds nothing."""
    transform = TRANSFORMS[name]
    for nothing in (None, "", "  "):
        for outcome in transform.make(dict.fromkeys(transform.parts, nothing), SCOPE).values():
            assert outcome in (Made(None), Made("{}"))


def test_every_transform_named_exists_and_every_one_is_named() -> None:
    """Templates name no transform that is missing, and none exists that nothing uses."""
    named = {
        entry.transform
        for template in shipped().resources.values()
        for entry in (*template.entries, *([template.combine] if template.combine else []))
        if entry.transform
    }
    values: list[object] = [
        1, 1.5, True, "2024-01-01", "31-12-2024", "2024-01-01 10:00", "<p>x</p>", "word", ["a"],
    ]  # fmt: skip
    for value in values:
        for profile in profile_records("patients", [{"f": value}]):
            named.add(unknown_row(profile, shipped().resources["patients"], taken=())[0].transform)
    for profile in profile_records("patients", [{"f": [{"a": 1}]}]):
        named.add(unknown_row(profile, shipped().resources["patients"], taken=())[0].transform)
    by_choice = {"json_text"}  # chosen by hand

    assert named | by_choice == set(TRANSFORMS)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("identifier", 12, Made("12")),
        ("text", " a \n b ", Made("a, b")),
        ("plain_text", "a<br>b", Made("a\nb")),
        ("date", "03-04-1984", Refused(IssueKind.DATE_UNREADABLE)),
        ("date", "0000-00-00", Made(None, (IssueKind.DATE_ZERO,))),
        ("datetime", "2025-07-10 09:00:00", Made("2025-07-10 07:00:00")),
        ("boolean", "ja", Made(value=True)),
        ("integer", "12", Made(12)),
        ("float", "37,5", Made(37.5)),
        ("email", "A@EXAMPLE.com", Made("A@example.com")),
        ("phone", "06 1234 5123", Made("+31 6 12345123")),
        ("join_lines", ["a", "", "b"], Made("a\nb")),
        ("json_text", {"b": 1, "a": "é"}, Made('{"a": "é", "b": 1}')),
        ("country", "Nederland", Made(Ref(RefKind.COUNTRY, "NL"))),
        ("country", "gb", Made(Ref(RefKind.COUNTRY, "GB"))),
        ("country", "Atlantis", Refused(IssueKind.COUNTRY_UNKNOWN)),
        ("state", "Utrecht", Made(Ref(RefKind.STATE, "NL/Utrecht"))),
        ("state", "Ohio", Refused(IssueKind.STATE_UNKNOWN)),
        ("selection", " Yes ", Made("yes_please")),
        ("selection", "yes", Unmapped("yes")),
        ("stage", "Yes", Made(Ref(RefKind.STAGE, "Yes please"))),
        ("stage", None, Unmapped("(empty)")),
        ("patient", 7, Made(Ref(RefKind.RECORD, "patient_7"))),
        ("patient", "99", Made(Ref(RefKind.RECORD, "patient_7"))),
        ("patient", 8, Made(None, (IssueKind.ORPHAN,))),
        ("appointment_type", 3, Made("Follow-up")),
        ("appointment_type", 4, Made("type 4", (IssueKind.REFERENCE_UNKNOWN,))),
        ("entity", "patient", Made("res.partner")),
        ("entity", "practitioner", Made(None, (IssueKind.FILE_OF_ANOTHER_KIND,))),
    ],
)
def test_a_value_becomes_what_the_map_says(name: str, value: object, expected: Outcome) -> None:
    """A table of readings: the value as PracticeHub has it, and as Odoo is to hold it."""
    assert run(name, value) == expected


def test_a_state_without_its_country_is_not_guessed() -> None:
    """A province stays raw text where nobody knows the country."""
    assert run("state", "Utrecht", replace(SCOPE, country="")) == Refused(IssueKind.STATE_UNKNOWN)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("nl", Made("nl_NL")),
        (" nl ", Made("nl_NL")),
        ("ja", Made(None, (IssueKind.LANGUAGE_NOT_INSTALLED,))),
        ("en", Unmapped("en")),
    ],
)
def test_a_language_becomes_what_was_decided_and_its_code_is_kept(raw: str, value: Outcome) -> None:
    """A contact gets the language a person chose; PracticeHub's own code stands beside it."""
    scope = replace(SCOPE, values={"nl": "nl_NL", "ja": "leave empty"}, keys={})
    made = TRANSFORMS["language"].make({"": raw}, scope)

    assert made == {"value": value, "raw": Made(raw.strip())}


def test_a_name_is_put_together_in_order() -> None:
    """First, middle and last name make one name, whatever is missing."""
    assert combine("full_name", last="Vries", first=" Anna ", middle="de")["value"] == Made(
        "Anna de Vries"
    )
    assert combine("full_name", last="Vries", first=None)["value"] == Made("Vries")


def test_a_list_of_numbers_is_sorted_into_land_line_and_mobile() -> None:
    """No number of the list is lost, and empty entries make no field."""
    made = combine(
        "phone_list",
        country_code=["31", "31", "", "34", "31"],
        number=["06 1234 5123", "020 123 4567", "", "612 345 678", "x12"],
        iso2=["NL", "NL", "", "ES", "NL"],
    )

    assert made == {
        "mobile": Made("+31 6 12345123"),
        "value": Made("+31 20 123 4567", (IssueKind.PHONE_UNREADABLE,)),
        "other": Made("+34 612 34 56 78, +31 x12"),
    }


@pytest.mark.parametrize(
    ("parts", "start", "end"),
    [
        ({"start": "2025-07-10 09:00:00", "end": "2025-07-10 09:30:00"}, "07:00:00", "07:30:00"),
        ({"date": "2025-07-10", "time": "09:00", "minutes": 45}, "07:00:00", "07:45:00"),
        ({"date": "2025-07-10", "time": "09:00", "minutes": None}, "07:00:00", None),
    ],
)
def test_a_visit_has_start_and_end_in_utc(
    parts: dict[str, object], start: str, end: str | None
) -> None:
    """Both vocabularies' times come out the same."""
    made = combine("visit_time", **parts)

    assert made["start"] == Made(f"2025-07-10 {start}")
    assert made["end"] == Made(f"2025-07-10 {end}" if end else None)


def test_a_visit_over_the_autumn_change_lasts_as_long_as_it_did() -> None:
    """A visit from half past one to a quarter past two does not end before it starts."""
    made = combine("visit_time", start="2025-10-26 02:45:00", end="2025-10-26 02:15:00")
    by_minutes = combine("visit_time", date="2025-10-26", time="01:30", minutes=120)

    assert made["start"] == Made("2025-10-26 00:45:00", (IssueKind.TIME_TWICE,))
    assert made["end"] == Made("2025-10-26 01:15:00", (IssueKind.TIME_TWICE,))
    assert by_minutes["end"] == Made("2025-10-26 01:30:00")


def test_an_unreadable_start_makes_no_end_up() -> None:
    """Where the time of a visit cannot be read, neither start nor end is invented."""
    made = combine("visit_time", date="2025-07-10", time="soon", minutes=30)

    assert made == {
        "start": Refused(IssueKind.TIME_UNREADABLE), "end": Refused(IssueKind.TIME_UNREADABLE),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "user", "name"),
    [
        ({"id": 11, "email": "EVA@example.org"}, "eva@example.org", "Eva Smit"),
        ({"id": None, "email": "eva@example.org"}, "eva@example.org", "Eva Smit"),
        ({"id": "12"}, None, "Tom Bos"),
        ({"id": "12", "email": "tom@example.org"}, None, "Tom Bos <tom@example.org>"),
        ({"id": 99, "email": "x@example.org"}, None, "practitioner 99 <x@example.org>"),
        ({"id": None}, None, None),
    ],
)
def test_a_practitioner_is_a_user_or_at_least_a_name(
    parts: dict[str, object], user: str | None, name: str | None
) -> None:
    """Who treated the patient can always be read on the visit."""
    made = combine("practitioner", **parts)
    known = isinstance(made["value"], Made) and made["value"].value

    assert (known or None) == (Ref(RefKind.USER, user) if user else None)
    assert made["name"] == Made(name)


def test_a_referring_doctor_is_linked_and_kept_as_text() -> None:
    """The doctor's name and address stay readable, whether Odoo knows the contact or not."""
    assert combine("referrer", name="Dr. M. Vos", email="m.vos@example.org") == {
        "value": Made("Dr. M. Vos <m.vos@example.org>"),
        "link": Made(Ref(RefKind.ID, "res.partner:77")),
    }
    assert combine("referrer", name=None, email="n@example.org")["link"] == Made(None)


def test_an_insurer_is_linked_and_kept_as_text() -> None:
    """The insurer's name stays, also where a company of that name is linked."""
    made = TRANSFORMS["company"].make({"": "Goudvink Zorg"}, SCOPE)

    assert made == {"value": Made("Goudvink Zorg"), "link": Made(Ref(RefKind.ID, "res.partner:78"))}


def test_an_address_is_split_only_where_that_is_certain() -> None:
    """A whole address in one field is taken apart by lines, postcode and country, or left whole."""
    split = TRANSFORMS["address"].make({"": "Weg 1\n1011 AB Amsterdam\nNederland"}, SCOPE)
    whole = TRANSFORMS["address"].make({"": "Weg 1, Amsterdam"}, SCOPE)

    assert {name: made.value for name, made in split.items() if isinstance(made, Made)} == {
        "value": "Weg 1", "street2": None, "zip": "1011 AB", "city": "Amsterdam",
        "country": Ref(RefKind.COUNTRY, "NL"),
    }  # fmt: skip
    assert whole["value"] == Made("Weg 1, Amsterdam", (IssueKind.ADDRESS_UNSPLIT,))


def test_lists_of_objects_stay_readable() -> None:
    """An unknown list of objects is kept as one JSON list, a line each."""
    made = combine("json_list", name=["Bo", "Al"], age=[3, None])["value"]

    assert isinstance(made, Made)
    assert json.loads(str(made.value)) == [{"age": 3, "name": "Bo"}, {"name": "Al"}]


def test_country_codes_are_unambiguous() -> None:
    """A word that is no country is never taken for one."""
    assert [places.country_code(word) for word in ("UK", "Holland", "DEU", "Noord", "")] == [
        "GB", "NL", "DE", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "country", "code"),
    [
        ("NH", "NL", "NL-NH"), ("nl-nh", "NL", "NL-NH"), ("Noord Holland", "NL", "NL-NH"),
        ("ohio", "US", "US-OH"), ("Bayern", "DE", "DE-BY"), ("Illes Balears", "ES", None),
        ("Ohio", "NL", None), ("", "NL", None), (None, "NL", None), ("Utrecht", "XX", None),
    ],
)  # fmt: skip
def test_a_state_is_found_in_its_country_alone(
    value: object, country: str, code: str | None
) -> None:
    """A state is known by code or by name; one that two places share is not chosen."""
    assert places.state_code(value, country) == code


@pytest.mark.parametrize(
    ("value", "region"),
    [("NL", "NL"), ("Germany", "DE"), ("31", "NL"), ("+44", "GB"), ("0049", "DE"), (34, "ES"),
     ("999", ""), ("", ""), (None, ""), ("x", "")],
)  # fmt: skip
def test_what_stands_beside_a_number_tells_its_country(value: object, region: str) -> None:
    """A country's code, name or dialling code says how a number is to be read."""
    assert places.region_of(value) == region


@pytest.mark.parametrize(
    ("order", "expected"), [(Order.DAY_FIRST, "1984-04-03"), (Order.MONTH_FIRST, "1984-03-04")]
)
def test_a_date_is_read_in_the_order_of_its_field(order: Order, expected: str) -> None:
    """Dates and times with the year last are read as the map says of their field."""
    scope = replace(SCOPE, orders={"": order})

    assert run("date", "03-04-1984", scope) == Made(expected)
    assert run("datetime", "03-04-1984 12:00", scope) == Made(
        f"{expected} {'10' if order is Order.DAY_FIRST else '11'}:00:00"
    )


def test_a_number_whose_code_and_country_differ_is_kept_as_typed() -> None:
    """Nobody knows whose number it is, so it is not made into one; it is listed."""
    made = combine("phone_list", country_code=["31"], number=["06 1234 5123"], iso2=["DE"])

    assert made["value"] == Made("+31 06 1234 5123", (IssueKind.PHONE_UNREADABLE,))
    assert made["mobile"] == Made(None)


def test_a_dialling_code_alone_tells_the_country() -> None:
    """A number with a code and no country is not taken for one of the clinic's country."""
    made = combine("phone_list", country_code=["34"], number=["612 345 678"], iso2=[""])

    assert made["mobile"] == Made("+34 612 34 56 78")


@pytest.mark.parametrize(
    ("start", "end", "start_utc", "end_utc"),
    [
        ("02:45", "03:15", "01:45", "02:15"),  # half an hour, not one and a half
        ("01:45", "02:15", "23:45", "00:15"),
        ("02:15", "02:45", "00:15", "00:45"),
        ("02:45", "02:15", "00:45", "01:15"),
        ("02:30", "02:30", "00:30", "00:30"),
        ("02:30", "soon", "00:30", None),
        ("02:30", "01:00", "00:30", "23:00"),  # an end before its start stays what it is
    ],
)
def test_a_visit_in_the_hour_that_came_twice_is_as_long_as_it_says(
    start: str, end: str, start_utc: str, end_utc: str | None
) -> None:
    """Of the two instants a clock showed, start and end are those that lie closest."""
    made = combine("visit_time", start=f"2025-10-26 {start}", end=f"2025-10-26 {end}")
    found = [one.value if isinstance(one, Made) else None for one in made.values()]

    assert [str(one)[11:16] if one else None for one in found] == [start_utc, end_utc]


def test_a_start_that_came_twice_is_the_first_where_only_minutes_tell() -> None:
    """Minutes fit both readings, so the first one is taken and listed."""
    made = combine("visit_time", date="2025-10-26", time="02:45", minutes=30)

    assert made["start"] == Made("2025-10-26 00:45:00", (IssueKind.TIME_TWICE,))
    assert made["end"] == Made("2025-10-26 01:15:00")
