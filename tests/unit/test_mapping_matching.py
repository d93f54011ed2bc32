"""Names: whole ones count, in any language and order; values have their say; doubt stays doubt."""

from __future__ import annotations

import pytest
import yaml

from tests.support.decided_map import ODOO_FIELDS, world
from workbench.assets import templates
from workbench.mapping import Expecter, MapOptions, Proposal, mapping_from, propose
from workbench.mapping.matching import AMBIGUOUS
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging import profile_records

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")
RECORDS = 40


def made_of(resource: str = "patients", /, **fields: object) -> dict[str, Proposal]:
    """Propose for records that all have these fields; a list's values take turns."""
    rows = [
        {
            "id": number,
            **{
                name: values[number % len(values)] if isinstance(values, list) else values
                for name, values in fields.items()
            },
        }
        for number in range(1, RECORDS)
    ]
    found = propose(profile_records(resource, rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    return {one.row.path: one for one in found}


@pytest.mark.parametrize(
    ("name", "value", "never"),
    [
        ("emergency_contact_phone", "0612345123", "phone"),
        ("partner_email", "a@example.com", "email"),
        ("insurance_city", "Utrecht", "city"),
        ("father_name", "Jan de Vries", "name"),
        ("billing_street", "Weg 1", "street"),
        ("gp_postcode", "1011 AB", "zip"),
        ("birth_country", "Spain", "country_id"),
        ("nationality", "Spain", "country_id"),
        ("family_blood_type", "A+", "x_blood_type"),
        ("no_of_children", "2", "ref"),
        ("phone_consent", "yes", "phone"),
        ("city_of_birth", "Utrecht", "city"),
        ("second_language", "nl", "lang"),
        ("guardian_date_of_birth", "1984-07-19", "x_date_of_birth"),
        ("address_line_3", "Weg 1", "street2"),
    ],
)
def test_a_longer_name_is_not_the_word_inside_it(name: str, value: str, never: str) -> None:
    """An emergency contact's telephone is not the patient's, whatever words the names share."""
    made = made_of(**{name: value, "address_line_2": "Floor 2"})[name]

    assert made.row.name != never
    assert made.row.name == f"x_{name}"


@pytest.mark.parametrize("head", ["insurance", "emergency_contact", "employer", "partner", "gp"])
def test_an_object_of_somebody_elses_data_is_not_the_patients(head: str) -> None:
    """A telephone, an e-mail or a town inside another one's object stays that one's."""
    values = {"phone": "0612345123", "email": "a@example.com", "city": "Utrecht"}
    made = made_of(**{head: values})

    assert [made[f"{head}.{leaf}"].row.name for leaf in values] == [
        f"x_{head}_{leaf}" for leaf in values
    ]


@pytest.mark.parametrize("head", ["personal", "contact_details", "demographics", "coordonnees"])
def test_an_object_of_the_patients_own_data_may_have_any_name(head: str) -> None:
    """What only groups a patient's own fields changes nothing in what they are."""
    values = {"phone": "0612345123", "email": "a@example.com", "city": "Utrecht"}
    made = made_of(**{head: values})

    assert [made[f"{head}.{leaf}"].row.name for leaf in values] == list(values)


@pytest.mark.parametrize("name", sorted(AMBIGUOUS))
@pytest.mark.parametrize("resource", ["patients", "appointments"])
@pytest.mark.parametrize("value", ["word", "Word", "XY", "2024-01-02", "12", "0612345123"])
def test_a_name_that_means_many_things_is_never_certain(
    resource: str, name: str, value: str
) -> None:
    """Nobody is offered to confirm `state` or `date` unseen in a clinic we do not know."""
    assert made_of(resource, **{name: value, "fecha": "2024-01-02"})[name].confidence <= 0.9


@pytest.mark.parametrize(
    ("values", "target"),
    [(["NSW", "VIC", "QLD"], "state_id"), (["active", "inactive"], "x_contact_status")],
)
def test_a_state_is_a_region_or_a_status_by_its_values(values: list[str], target: str) -> None:
    """Words in small letters are a status; the abbreviation of a province is a province."""
    assert made_of(state=values, city="Utrecht")["state"].row.name == target


def test_where_a_county_is_known_a_state_is_a_status() -> None:
    """Two fields are not one province: the one with the plainer name is."""
    made = made_of(county=["Kent", "Essex"], state=["Active", "Archived"])

    assert made["county"].row.name == "state_id"
    assert made["state"].row.name == "x_contact_status"


@pytest.mark.parametrize(
    ("values", "target"),
    [("2024-01-02", "x_last"), ("Vos", "name"), ("a@example.com", "x_last")],
)
def test_half_a_name_is_believed_only_where_its_values_fit(values: str, target: str) -> None:
    """A field called last is the family name only if it holds names, not the last visit."""
    assert made_of(last=values, email="b@example.com")["last"].row.name == target


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"prenom": "Ana", "nom": "Vos"}, ["first", "last"]),
        ({"nombre": "Ana", "apellidos": "Vos"}, ["first", "last"]),
        (
            {"nombre": "Ana", "apellido1": "Vos", "apellido2": "Gil"},
            ["first", "last", "second_last"],
        ),
        ({"Vorname": "Ana", "Name": "Vos"}, ["first", "last"]),
        ({"full_name": "Ana Vos"}, ["last"]),
        ({"naam": "Ana Vos"}, ["last"]),
    ],
)
def test_a_word_for_name_is_the_part_that_the_others_leave(
    fields: dict[str, str], parts: list[str]
) -> None:
    """The French nom is the family name, the Spanish nombre the first one, alone it is all."""
    made = made_of(**fields)

    assert [made[path].row.part for path in fields] == parts
    assert {made[path].row.target for path in fields} == {"res.partner.name"}


def test_a_street_and_its_number_are_one_line() -> None:
    """Where the house number has a field of its own, the street line is put together of both."""
    rows = [{"id": 1, "naam": "Vos", "straat": "Lindelaan", "huisnummer": 12, "toevoeging": "bis"}]
    proposals = propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    answers = {f"field:{one.row.field}": one.row.choice for one in proposals}
    draft = mapping_from(proposals, answers.get, options=OPTIONS, odoo_fields=ODOO_FIELDS)
    expected = Expecter(draft.mapping, world("brief").context)
    values = expected.patient(rows[0], prescriptions=[], merged=[]).rows[0].values

    assert draft.faults == ()
    assert values["street"] == "Lindelaan 12"
    assert values["street2"] == "bis"


def test_two_family_names_stand_in_their_order() -> None:
    """A Spanish patient keeps both family names, the first one first."""
    rows = [{"id": 1, "apellido2": "Gil", "apellido1": "Vos", "nombre": "Ana"}]
    proposals = propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    answers = {f"field:{one.row.field}": one.row.choice for one in proposals}
    draft = mapping_from(proposals, answers.get, options=OPTIONS, odoo_fields=ODOO_FIELDS)
    expected = Expecter(draft.mapping, world("brief").context)

    name = expected.patient(rows[0], prescriptions=[], merged=[]).rows[0].values["name"]

    assert name == "Ana Vos Gil"


def test_a_house_number_without_a_street_is_a_field_of_its_own() -> None:
    """A number alone is no street."""
    assert made_of(huisnummer=[12, 4])["huisnummer"].row.name == "x_huisnummer"


def test_an_address_is_taken_apart_only_where_its_parts_have_no_fields() -> None:
    """With a town of its own, an address line is a street and nothing is fed twice."""
    alone = made_of(direccion="Calle Mayor 14")["direccion"].row
    beside = made_of(direccion="Calle Mayor 14", ciudad="Vigo")["direccion"].row

    assert (alone.transform, alone.name) == ("address", "street")
    assert (beside.transform, beside.name, beside.also) == ("text", "street", ())


def test_the_length_of_a_visit_gives_its_end_only_where_no_field_does() -> None:
    """Minutes beside an end are kept as what they are."""
    visit = {"start": "2024-01-02 10:00:00", "duration": 30}
    alone = made_of("appointments", **visit)
    beside = made_of("appointments", **visit, end="2024-01-02 10:30:00")

    assert alone["duration"].row.name == "x_appointment_end"
    assert beside["duration"].row.name == "x_duration"


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("telefoonnumer", "0201234567", "phone"), ("emial_address", "a@example.com", "email"),
        ("adress_line_1", "Weg 1", "street"), ("Geburtsdatm", "1984-07-19", "x_date_of_birth"),
        ("Téléphone portable", "06 12 34 51 23", "x_mobile"), ("STRASSE", "Weg 1", "street"),
        ("Straße", "Weg 1", "street"), ("phoneNo", "0201234567", "phone"),
        ("numero de telefono", "912345123", "phone"),
        ("dateofbirth", "1984-07-19", "x_date_of_birth"),
    ],
)  # fmt: skip
def test_spelling_language_and_order_of_words_do_not_matter(
    name: str, value: str, target: str
) -> None:
    """A slip of the hand, an accent or another order of the words hides no field."""
    made = made_of(**{name: value})[name]

    assert made.row.name == target
    assert made.confidence < 0.98


@pytest.mark.parametrize(
    ("name", "value", "target", "transform"),
    [
        ("kontaktfeld", "a@example.com", "email", "email"),
        ("field_17", "+31 20 123 45 67", "phone", "phone"),
        ("col3", ["A+", "O-"], "x_blood_type", "text"),
        ("veld9", "1011 AB", "zip", "text"),
        ("zzz", ["nl", "fr"], "lang", "language"),
        ("qqq", ["Spain", "France"], "country_id", "country"),
        ("partner_login", "a@example.com", "x_partner_login", "email"),
        ("werk_nr", "+31 20 123 45 67", "x_werk_nr", "phone"),
        ("foo", ["2024-01-02", "2024-03-04"], "x_foo", "date"),
        ("bar", ["ja", "nee"], "x_bar", "boolean"),
        ("baz", "1234 5678 99", "x_baz", "text"),
    ],
)
def test_a_name_that_says_nothing_is_read_by_its_values(
    name: str, value: object, target: str, transform: str
) -> None:
    """A column of e-mail addresses is read as such, and nobody claims to be sure of it."""
    made = made_of(**{name: value})[name]

    assert (made.row.name, made.row.transform) == (target, transform)
    assert made.confidence <= 0.7
    assert made.reasons[0]


def test_of_two_columns_of_addresses_neither_is_taken_for_the_patients() -> None:
    """Where the values cannot say which e-mail is the patient's, no field is guessed to be it."""
    made = made_of(aaa="a@example.com", bbb="b@example.com")

    assert [made[path].row.name for path in ("aaa", "bbb")] == ["x_aaa", "x_bbb"]
    assert [made[path].row.transform for path in ("aaa", "bbb")] == ["email", "email"]


def test_an_empty_field_takes_nothing_from_a_filled_one() -> None:
    """A field that is never filled does not claim the telephone; its like does."""
    made = made_of(phone=None, telefoon="0201234567", mobiel=None)

    assert made["telefoon"].row.name == "phone"
    assert made["phone"].row.choice == "keep"
    assert made["mobiel"].row.choice == "keep"


@pytest.mark.parametrize(
    "fields",
    [
        {"mobilephone": "0612345123", "mobile": "0612345124", "cell": "0612345125"},
        {"first_name": "Ana", "name": "Ana Vos", "last_name": "Vos", "full_name": "Ana Vos"},
        {"numbers": {"x": 1}, "phone": "0201234567", "telephone": "0201234568"},
        {"address": "Weg 1", "street": "Weg 2", "city": "Utrecht", "town": "Delft"},
        {"clinic_location": "Noord", "location": "Zuid", "location_id": 3, "branch": "West"},
        {"created": "2024-01-02", "created_at": "2024-01-02", "date_added": "2024-01-02"},
    ],
)
def test_what_is_proposed_can_be_accepted_as_it_stands(fields: dict[str, object]) -> None:
    """Fields that could be the same thing never end up at one target without a way to join them."""
    rows = [{"id": number, "last_name": "Vos", **fields} for number in range(1, 4)]
    proposals = propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    answers = {f"field:{one.row.field}": one.row.choice for one in proposals}
    draft = mapping_from(proposals, answers.get, options=OPTIONS, odoo_fields=ODOO_FIELDS)

    assert draft.faults == ()


def test_no_word_stands_for_two_things() -> None:
    """In the list of words every word has one meaning, and none that counts for nothing."""
    raw = yaml.safe_load((templates() / "mapping" / "words.yaml").read_text(encoding="utf-8"))
    said = [word for words in raw["same"].values() for word in words]

    assert sorted(said) == sorted(set(said))
    assert set(said) & set(raw["silent"]) == set()
    assert all(
        isinstance(word, str) for words in (*raw["same"].values(), raw["silent"]) for word in words
    )
    assert TRANSFORMS.keys() >= {"street", "full_name"}


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("Straatnaam", "Kerkstraat", "street"),
        ("klantnr", "10023", "ref"),
        ("Versicherungsnr", "HG017351", "x_policy_number"),
        ("Praxisstandort", ["Köln", "Bonn"], "x_clinic_location"),
        ("geslachtsnaam", ["Jansen", "Bakker"], "name"),
    ],
)
def test_a_compound_says_what_its_parts_say(name: str, value: object, target: str) -> None:
    """Dutch and German write a field's words together, with letters that join them."""
    assert made_of(**{name: value})[name].row.name == target


@pytest.mark.parametrize("name", ["Notfallnummer", "Krankenkassennummer", "Arbeitstelefon"])
def test_a_compound_of_another_persons_or_use_stays_that(name: str) -> None:
    """A number in case of emergency, the insurer's own number and a work phone are no others."""
    assert made_of(**{name: "0612345123"})[name].row.name.startswith("x_")
    assert made_of(**{name: "0612345123"})[name].row.name != "x_policy_number"


def test_an_object_called_name_holds_the_parts_of_a_name_and_nothing_else() -> None:
    """`name.surname` is the surname; `name.phone` would be nobody's telephone for sure."""
    made = made_of(name={"given": "Mia", "surname": "Hartley", "title": "Mr", "phone": "061234512"})

    assert made["name.given"].row.part == "first"
    assert made["name.surname"].row.part == "last"
    assert made["name.title"].row.name == "x_name_title"
    assert made["name.phone"].row.name == "x_name_phone"


def test_of_two_words_for_one_thing_the_more_usual_one_is_it() -> None:
    """The landline is the telephone, and not the number for the day, whatever the alphabet says."""
    made = made_of(daytime_tel="020 7946 0123", landline="020 7946 0999")

    assert made["landline"].row.name == "phone"
    assert made["daytime_tel"].row.name == "x_daytime_tel"


def test_a_word_that_is_known_is_no_misspelt_other_one() -> None:
    """One letter is all between a county and a country."""
    assert made_of(county_name=["Kent", "Essex"])["county_name"].row.name == "state_id"
