"""The views, actions and menus we add to Odoo: well-formed, complete, usable, and discreet."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from workbench.mapping.clinical import VAULT, guarded
from workbench.mapping.model import CLINICAL_OF
from workbench.mapping.rows import FieldNeed, SchemaNeeds
from workbench.odoo.menus import Action, actions, menus
from workbench.odoo.own_views import own_views
from workbench.odoo.views import (
    FIXED,
    MOST_COLUMNS,
    MOST_DATES,
    MOST_GROUPS,
    MOST_SEARCHED,
    View,
    views,
)

GROUP = "__practicehub_test__.schema_group_clinical"
FIELDS = [
    FieldNeed("res.partner", "x_practicehub_id", "char", "PracticeHub id"),
    FieldNeed("res.partner", "x_practicehub_created", "datetime", "Created in PracticeHub"),
    FieldNeed("res.partner", "x_clinic_location", "selection", "Clinic", ("N", "S")),
    FieldNeed("res.partner", "x_note", "text", 'Notes <about> "everything" & more'),
    FieldNeed("res.partner", "x_allergies", "text", "Allergies", clinical=True),
    FieldNeed("res.partner", "x_blood_type", "selection", "Blood type", ("A",), clinical=True),
]
VISIT = [
    FieldNeed("crm.lead", "x_practicehub_id", "char", "PracticeHub id"),
    FieldNeed("crm.lead", "x_appointment_time", "datetime", "Appointment"),
    FieldNeed("crm.lead", "x_appointment_end", "datetime", "Appointment end"),
    FieldNeed("crm.lead", "x_practitioner", "char", "Practitioner"),
    FieldNeed("crm.lead", "x_visit_type", "char", "Visit type"),
    FieldNeed("crm.lead", "x_clinic_location", "selection", "Clinic", ("N", "S")),
]
TYPES = ("char", "text", "date", "datetime", "boolean", "integer", "float", "selection", "many2one")
MANY = [
    *FIELDS,
    *(FieldNeed("res.partner", f"x_own_{number}", TYPES[number % len(TYPES)], f"Own {number}",
                relation="res.partner" if number % len(TYPES) == 8 else "")
      for number in range(400)),
]  # fmt: skip


def _of(made: list[View], kind: str) -> ET.Element:
    arch = next(view.arch for view in made if view.name.rpartition(".")[2] == kind)
    return ET.fromstring(arch)  # noqa: S314  # our own text


def _arch(made: list[View], name: str) -> str:
    return next(view.arch for view in made if view.name == name)


def _all(needs: list[FieldNeed], *, rows: str = "list") -> list[View]:
    made: list[View] = []
    for model in dict.fromkeys(need.model for need in needs):
        own = [need for need in needs if need.model == model]
        made += views(model, own, group=GROUP) + own_views(model, own, rows=rows)
    return made


def _names(root: ET.Element, tag: str = "field") -> list[str]:
    return [str(node.get("name")) for node in root.iter(tag)]


def _actions(needs: list[FieldNeed], *, rows: str = "list") -> dict[str, Action]:
    names = [view.name for view in _all(needs, rows=rows)]
    made = actions(SchemaNeeds(tuple(needs), (), ("PracticeHub patient",)), views=names,
                   group=GROUP, rows=rows)  # fmt: skip
    return {one.name: one for one in made}


def _events(needs: list[FieldNeed]) -> Iterator[FieldNeed]:
    for need in needs:
        yield FieldNeed("calendar.event", need.name, need.type, need.label, need.selection)


@pytest.mark.parametrize("fields", [FIELDS, MANY, VISIT, FIELDS[:1]],
                         ids=["a few", "four hundred", "visits", "the number alone"])  # fmt: skip
def test_every_field_stands_on_the_form_exactly_once(fields: list[FieldNeed]) -> None:
    """Nothing that was migrated stays invisible."""
    names = _names(_of(views(fields[0].model, fields, group=GROUP), "form"))

    assert sorted(names) == sorted(need.name for need in fields)


def test_clinical_fields_stand_only_in_parts_that_the_group_sees() -> None:
    """Neither a column nor a filter gives them away."""
    for view in _all(FIELDS):
        root = ET.fromstring(view.arch)  # noqa: S314  # our own text
        guarded_ones = {
            field.get("name")
            for node in root.iter("group")
            if node.get("groups") == GROUP
            for field in node.iter("field")
        }
        clinical = {"x_allergies", "x_blood_type"} & set(_names(root))

        assert clinical <= guarded_ones
        assert view.name.endswith("form") or not clinical
        assert "x_blood_type" not in view.arch or view.name.endswith("form")


@pytest.mark.parametrize("model", ["crm.lead", "calendar.event"])
def test_visits_get_a_page_columns_and_filters(model: str) -> None:
    """Three views for each model that visits go to."""
    fields = [
        FieldNeed(model, "x_practicehub_id", "char", "PracticeHub id"),
        FieldNeed(model, "x_appointment_time", "datetime", "Appointment"),
    ]

    assert [view.name.rpartition(".")[2] for view in views(model, fields, group=GROUP)] == [
        "form", "list", "search",
    ]  # fmt: skip


def test_a_model_without_a_place_gets_no_view() -> None:
    """Messages and files are seen where Odoo shows them."""
    fields = [FieldNeed("mail.message", "x_a", "char", "A")]

    assert views("mail.message", fields, group=GROUP) == []
    assert own_views("mail.message", fields, rows="list") == []


def test_many_fields_of_a_clinics_own_get_a_page_of_their_own_in_two_columns() -> None:
    """Four hundred fields do not push the clinic and the health of a patient off the screen."""
    few, many = (
        _of(views("res.partner", fields, group=GROUP), "form") for fields in (FIELDS, MANY)
    )
    patient, more = many.iter("page")
    columns = [len(part.findall("field")) for part in more.findall("group/group")]

    assert [page.get("string") for page in few.iter("page")] == ["Patient"]
    assert len(_names(patient)) == len(FIELDS) - 1
    assert len(_names(more)) == 401
    assert len(columns) == 3  # two columns, and the long texts across the page
    assert columns[0] - columns[1] in {0, 1}


def test_a_list_and_a_search_offer_only_so_much() -> None:
    """With four hundred fields a person still finds the clinic among the columns and filters."""
    made = _all(MANY)
    for name in ("list", "own.list"):
        arch = _arch(made, f"practicehub.res.partner.{name}")
        optional = [node for node in ET.fromstring(arch).iter("field") if node.get("optional")]  # noqa: S314
        assert "x_clinic_location" in {node.get("name") for node in optional}
        assert len(optional) <= MOST_COLUMNS + 4  # Odoo's own ones of our list among them
    search = _of(views("res.partner", MANY, group=GROUP), "search")
    filters = list(search.iter("filter"))

    assert len(_names(search)) <= MOST_SEARCHED
    assert len([one for one in filters if one.get("date")]) <= MOST_DATES
    assert len([one for one in filters if one.get("context")]) <= MOST_GROUPS
    assert "practicehub_by_x_clinic_location" in {one.get("name") for one in filters}


def test_nobody_edits_where_a_record_came_from() -> None:
    """The number that ties a record to PracticeHub is read-only on forms and in lists."""
    found = 0
    for view in _all([*MANY, *VISIT]):
        for node in ET.fromstring(view.arch).iter("field"):  # noqa: S314  # our own text
            if node.get("name") in FIXED and not view.name.endswith("search"):
                found += 1
                assert node.get("readonly") == "1"
    assert found >= 6


@pytest.mark.parametrize("label", [
    'Notes <b> & "quotes" \'single\' {{ 7 * 7 }} {% raw %} %(x)s ]]>', "Größe 靴 \U0001f600",
    "line\nbreak\tand\x00\x1b\ud800control",
])  # fmt: skip
def test_any_label_makes_a_well_formed_view(label: str) -> None:
    """A clinic that named a field oddly reads that name, and Odoo reads the view."""
    fields = [FieldNeed(need.model, need.name, need.type, label, need.selection)
              for need in (*FIELDS, *VISIT)]  # fmt: skip
    fields += [FieldNeed("res.partner", "x_referring_doctor", "char", label),
               FieldNeed("res.partner", "x_referring_doctor_id", "many2one", label)]  # fmt: skip
    made = _all(fields)
    roots = [ET.fromstring(view.arch) for view in made]  # noqa: S314  # our own text
    told = {str(node.get("string")) for root in roots for node in root.iter("filter")}
    read = label.replace("\n", " ").replace("\t", " ")  # as XML reads an attribute

    assert all(view.arch.encode() for view in made)
    assert any(text == read for text in told) or "\x00" in label
    assert any(text.startswith(read[:5]) for text in told)


def test_visits_with_a_time_open_as_a_calendar_and_others_as_a_list() -> None:
    """Without a start there is nothing that a calendar could go by."""
    timed = _actions(VISIT)["Visits"]
    plain = [need for need in VISIT if not need.name.startswith("x_appointment")]
    untimed = _actions(plain)["Visits"]
    calendar = _of(_all(VISIT), "calendar")

    assert timed.modes[0] == "calendar"
    assert (calendar.get("date_start"), calendar.get("date_stop")) == (
        "x_appointment_time", "x_appointment_end",
    )  # fmt: skip
    assert untimed.modes == ("list", "kanban", "form", "pivot")
    assert not any("x_appointment" in view.arch.replace("not x_appointment_time", "")
                   for view in _all(plain))  # fmt: skip


def test_a_visit_without_an_end_still_has_a_calendar() -> None:
    """Where no end is mapped at all, each visit stands at its start."""
    calendar = _of(_all([need for need in VISIT if need.name != "x_appointment_end"]), "calendar")

    assert (calendar.get("date_start"), calendar.get("date_stop")) == ("x_appointment_time", None)


def test_a_time_that_is_only_text_makes_no_calendar() -> None:
    """A person may have mapped the start to a plain text: Odoo would refuse a calendar of it."""
    texts = [FieldNeed(need.model, need.name, "char", need.label, need.selection)
             for need in VISIT]  # fmt: skip

    assert "calendar" not in _actions(texts)["Visits"].modes
    assert "datetime" not in "".join(view.arch for view in _all(texts))


def test_a_visit_made_tomorrow_is_among_the_visits() -> None:
    """It has no number of PracticeHub's, and still must not vanish once it is saved."""
    visits, patients = (_actions([*FIELDS, *VISIT])[name] for name in ("Visits", "Patients"))

    assert visits.domain == (
        "['|', ('x_practicehub_id', '!=', False), ('x_appointment_time', '!=', False)]"
    )
    assert "('category_id.name', '=', 'PracticeHub patient')" in patients.domain
    assert patients.tag == "PracticeHub patient"


def test_a_tag_with_a_quote_makes_a_domain_that_can_be_read() -> None:
    """The tag's name is quoted as the expression's language does."""
    made = actions(SchemaNeeds(tuple(FIELDS), (), ("Mary's",)), views=[], group=GROUP, rows="list")

    assert made[0].domain.endswith("""('category_id.name', '=', "Mary's")]""")


def test_the_ordinary_pipeline_keeps_its_columns_and_its_first_page() -> None:
    """Opportunities that are no visits show no page of ours, and no column without asking."""
    made = views("crm.lead", VISIT, group=GROUP)
    page = next(_of(made, "form").iter("page"))
    shown = {node.get("optional") for node in _of(made, "list").iter("field")}
    filters = {
        str(one.get("name")): one.get("domain") for one in _of(made, "search").iter("filter")
    }

    assert page.get("invisible") == (
        "not x_practicehub_id and not x_appointment_time and not context.get('practicehub_visit')"
    )
    assert shown == {"hide"}
    assert filters["practicehub_others"] == (
        "['!', '|', ('x_practicehub_id', '!=', False), ('x_appointment_time', '!=', False)]"
    )


def test_a_page_asks_for_no_field_that_it_lacks() -> None:
    """Odoo refuses a form whose condition names a field that is not on it."""
    page = next(_of(views("crm.lead", VISIT[:1], group=GROUP), "form").iter("page"))

    assert page.get("invisible") == (
        "not x_practicehub_id and not context.get('practicehub_visit')"
    )


def test_visits_that_are_leads_and_events_have_a_list_and_a_calendar() -> None:
    """The events are the calendar; the leads open as a list, newest first."""
    both = _actions([*VISIT, *_events(VISIT), *FIELDS])
    events = _actions([*_events(VISIT), *FIELDS])

    assert list(both) == ["Visits", "Calendar", "Patients"]
    assert both["Visits"].modes[:2] == ("list", "calendar")
    assert both["Calendar"].modes[0] == "calendar"
    assert list(events) == ["Calendar", "Patients"]
    assert events["Calendar"].domain == "[]"  # tomorrow's visits, and the staff's meetings


def test_lists_of_visits_show_the_newest_first() -> None:
    """A reception desk looks at today and what comes, not at the year 2009."""
    made = _all(VISIT)

    assert _of(made, "kanban").get("default_order") == "x_appointment_time desc, id desc"
    assert _arch(made, "practicehub.crm.lead.own.list").startswith(
        '<list string="Visits" default_order="x_appointment_time desc, id desc">'
    )


def test_an_odoo_17_gets_trees_and_cards_of_its_kind() -> None:
    """A list was a tree until 17, in the view as in the action, and a card was a box."""
    made = _all([*FIELDS, *VISIT], rows="tree")
    opened = _actions([*FIELDS, *VISIT], rows="tree")
    kanban = _of(made, "kanban")

    assert opened["Visits"].modes == ("calendar", "tree", "kanban", "form", "pivot")
    assert opened["Visits"].own["tree"] == "practicehub.crm.lead.own.list"
    assert {view.arch[:5] for view in made if view.name.endswith("own.list")} == {"<tree"}
    assert [str(node.get("t-name")) for node in kanban.iter("t")] == ["kanban-box"]


def test_clinical_records_have_an_entry_that_the_group_alone_sees() -> None:
    """It is there only where clinical fields have a model of their own."""
    needs = guarded(SchemaNeeds(tuple(FIELDS), (), ()))
    fields = [*needs.fields, FieldNeed(VAULT, CLINICAL_OF, "many2one", "Patient")]
    records = _actions(fields)["Clinical records"]
    entries = {menu.path: menu.group for menu in menus(list(_actions(fields).values()))}

    assert "Clinical records" not in _actions(FIELDS)
    assert records.group == GROUP
    assert entries["PracticeHub/Clinical records"] == GROUP
    assert entries["PracticeHub/Patients"] == ""
    assert {CLINICAL_OF, "x_allergies", "x_blood_type"} <= set(
        _names(ET.fromstring(next(view.arch for view in _all(fields)  # noqa: S314  # our own text
                                  if view.name == f"practicehub.{VAULT}.own.form")))
    )  # fmt: skip


def test_without_anything_to_open_there_is_no_entry() -> None:
    """An empty entry in the main menu would only raise questions."""
    assert menus([]) == []
    assert _actions([]) == {}
