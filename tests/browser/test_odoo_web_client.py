"""A clinic's staff see their data in Odoo's web client on the first morning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.support import real_odoo, small_load
from tests.support.browser import launch
from tests.support.odoo import database
from workbench.mapping.clinical import apart, vault_fields
from workbench.mapping.rows import FieldNeed
from workbench.odoo import apply_schema, plan_schema
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = [pytest.mark.browser, pytest.mark.odoo, pytest.mark.xdist_group("odoo-web-client")]

PATIENCE_MS = 30_000
"""A page's first drawing on a busy machine; usually two seconds."""
WORD = "rita-password-1"
"""What `real_odoo.person` gives her as a password."""
ZONE = "Europe/Amsterdam"
MORNING = datetime(2026, 10, 27, 7, 0, tzinfo=UTC)
"""When the browser thinks it is: the Tuesday after the clocks went back, 8 in the morning."""
SUMMER, WINTER = "2026-10-23", "2026-10-26"
"""The Friday before the clocks went back, and the Monday after."""
NEEDS = replace(
    small_load.NEEDS,
    fields=(
        *(need for need in small_load.NEEDS.fields if need.model != "calendar.event"),
        FieldNeed("crm.lead", "x_appointment_end", "datetime", "Appointment end"),
        FieldNeed("crm.lead", "x_visit_type", "char", "Visit type"),
        FieldNeed("crm.lead", "x_clinic_location", "selection", "Clinic", ("North", "South")),
    ),
)


@dataclass(frozen=True)
class Clinic:
    """A prepared Odoo with three patients and their visits, and a receptionist."""

    connection: OdooConnection
    patient: int
    visit: int
    actions: dict[str, int]


@pytest.fixture(scope="module")
def clinic(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """One database for all these tests; none of them writes."""
    assert odoo_server.url
    folder = tmp_path_factory.mktemp("clinic")
    store = Store(folder / "state.sqlite")
    names = vault_fields(NEEDS)
    people = [small_load.partner(number, name=name, x_allergies=allergy, x_blood_type="AB-",
                                 x_clinic_location=where)
              for number, name, allergy, where in (
                  (1, "Ann Example", "Penicillin", "North"), (2, "Bob Sample", None, "South"),
                  (3, "Cas Model", None, "South"))]  # fmt: skip
    parts = [part for row in people for part in apart(row, names, there=False)]
    parts.sort(key=lambda part: part.model != "res.partner")
    # nine in the morning in Amsterdam, on both sides of the change of the clocks
    visits = [small_load.lead(number, number, x_appointment_time=f"{day} {start}:00",
                              x_appointment_end=f"{day} {stop}:00", x_visit_type="Consult",
                              x_clinic_location="North")
              for number, day, start, stop in (
                  (1, SUMMER, "07:00", "07:30"), (2, WINTER, "08:00", "08:30"))]  # fmt: skip
    with database() as connection, real_odoo.client(connection) as odoo:
        plan = plan_schema(odoo, NEEDS, module=small_load.MODULE, restrict_clinical=True)
        apply_schema(odoo, store, plan, phase="prepare")
        loaded = small_load.loader(odoo, store, folder).load([*parts, *visits])
        assert loaded.refused == []
        groups = ("sales_team.group_sale_salesman_all_leads", "base.group_partner_manager")
        with real_odoo.person(connection, "rita", groups=groups) as rita:
            odoo.call("res.users", "write", ids=[rita.me().id, odoo.me().id], vals={"tz": ZONE})
        links = {one.external_id: one.res_id for one in store.destination.links()}
        opened = {item.name: links[item.external_id] for item in plan.items
                  if item.kind.value == "action"}  # fmt: skip
        yield Clinic(connection, links["patient_1"], links["appointment_2"], opened)
    store.close()


@dataclass
class Screen:
    """A browser in which somebody is signed in, and what went wrong in it."""

    page: Page
    url: str
    folder: Path
    failed: list[str]

    def open(self, path: str, shows: str) -> None:
        """Go to a page of the web client, and wait until it shows something."""
        self.page.goto(f"{self.url}/odoo/{path}")
        self.page.locator(shows).first.wait_for()

    def keep(self, name: str) -> None:
        """Keep a picture, and see that the page is drawn and shows no error."""
        expect(self.page.locator(".o_error_dialog, .o_notification.border-danger")).to_have_count(0)
        self.page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
        with Image.open(self.folder / f"{name}.png") as picture:
            colours = picture.convert("RGB").getcolors(maxcolors=1_000_000) or []
        assert len(colours) > 50  # a blank page has one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all these tests."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@contextmanager
def _signed_in(
    chromium: Browser, clinic: Clinic, folder: Path, *, login: str, password: str
) -> Iterator[Screen]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, timezone_id=ZONE)
    context.clock.set_fixed_time(MORNING)
    page = context.new_page()
    failed: list[str] = []
    page.on("response", lambda one: failed.append(one.url) if one.status >= 500 else None)
    page.on("pageerror", lambda error: failed.append(error.message))
    page.set_default_timeout(PATIENCE_MS)
    url = clinic.connection.url
    page.goto(f"{url}/web/login?db={clinic.connection.database}")
    page.get_by_label("Email").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/odoo**")
    yield Screen(page, url, folder, failed)
    context.close()
    assert failed == []


@pytest.fixture(scope="module")
def doctor(
    chromium: Browser, clinic: Clinic, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screen]:
    """Who prepared the database is a member of the clinical group."""
    folder = tmp_path_factory.mktemp("doctor")
    mine = clinic.connection
    with _signed_in(chromium, clinic, folder, login=mine.login, password=mine.password) as screen:
        yield screen


@pytest.fixture(scope="module")
def receptionist(
    chromium: Browser, clinic: Clinic, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screen]:
    """Sells and edits contacts, and is outside the clinical group."""
    folder = tmp_path_factory.mktemp("receptionist")
    with _signed_in(chromium, clinic, folder, login="rita", password=WORD) as screen:
        yield screen


def _field(page: Page, name: str) -> Locator:
    return page.locator(f".o_form_view .o_field_widget[name={name}]")


def test_a_contact_that_was_loaded_is_seen_in_the_browser(doctor: Screen, clinic: Clinic) -> None:
    """After logging in with the sandbox's password, a patient's form shows the patient's name."""
    doctor.open(f"contacts/{clinic.patient}", ".o_form_view .o_field_widget[name=name]")
    name = _field(doctor.page, "name").first
    expect(name.locator("input, textarea").first).to_have_value("Ann Example")
    icon = doctor.page.evaluate(
        "() => document.fonts.load('16px FontAwesome').then((found) => found.length > 0)"
    )
    doctor.keep("contact")

    assert icon is True


def test_a_member_of_the_clinical_group_reads_health_on_the_patient_page(
    doctor: Screen, clinic: Clinic
) -> None:
    """The doctor opens a contact, and allergies and blood type stand beside the clinic."""
    doctor.open(f"contacts/{clinic.patient}", ".o_notebook")
    doctor.page.get_by_role("tab", name="Patient", exact=True).click()
    expect(_field(doctor.page, "x_allergies")).to_have_text("Penicillin")
    expect(_field(doctor.page, "x_blood_type")).to_have_text("AB-")
    expect(doctor.page.get_by_text("Where it came from")).to_be_visible()
    number = _field(doctor.page, "x_practicehub_id")
    doctor.keep("patient page of the doctor")

    assert number.inner_text() == "1"
    assert number.locator("input").count() == 0  # shown, not edited


def test_who_is_outside_the_group_sees_no_health_on_the_patient_page(
    receptionist: Screen, clinic: Clinic
) -> None:
    """The receptionist sees the clinic, and neither a value nor a heading about health."""
    receptionist.open(f"contacts/{clinic.patient}", ".o_notebook")
    receptionist.page.get_by_role("tab", name="Patient", exact=True).click()
    expect(_field(receptionist.page, "x_clinic_location")).to_be_visible()
    receptionist.keep("patient page of the receptionist")
    text = receptionist.page.locator(".o_form_view").inner_text()

    assert "Penicillin" not in text
    assert "AB-" not in text
    assert "health" not in text.casefold()
    assert _field(receptionist.page, "x_allergies").count() == 0


def test_patients_are_found_in_the_menu_and_by_their_clinic(
    receptionist: Screen, clinic: Clinic
) -> None:
    """From the menu to the list of patients, and with one tick to those of one clinic."""
    receptionist.open("", ".o_navbar")
    receptionist.page.locator(".o_navbar_apps_menu button").click()
    receptionist.page.get_by_role("menuitem", name="PracticeHub").click()
    receptionist.page.locator(".o_calendar_view").wait_for()
    entries = receptionist.page.locator(".o_menu_sections").inner_text()
    receptionist.page.locator(".o_menu_sections").get_by_text("Patients").click()
    rows = receptionist.page.locator(".o_list_view .o_data_row")
    expect(rows).to_have_count(3)
    receptionist.page.locator(".o_search_panel").get_by_text("South").click()
    expect(rows).to_have_count(2)
    receptionist.keep("patients of one clinic")

    assert entries.split() == ["Visits", "Patients"]
    assert rows.locator("[name=complete_name]").all_inner_texts() == ["Bob Sample", "Cas Model"]


def test_odoos_own_contacts_can_be_filtered_and_grouped_by_the_clinic(
    receptionist: Screen,
) -> None:
    """In the ordinary list of contacts two clicks show patients only, by their clinic."""
    page = receptionist.page
    receptionist.open("contacts", ".o_list_view .o_data_row")
    page.locator(".o_searchview_dropdown_toggler").click()
    page.get_by_role("menuitemcheckbox", name="PracticeHub patients").click()
    page.get_by_role("menuitemcheckbox", name="Clinic", exact=True).click()
    groups = page.locator(".o_list_view .o_group_header")
    expect(groups).to_have_count(2)
    receptionist.keep("contacts by clinic")

    assert [text.split("\t")[0].strip() for text in groups.all_inner_texts()] == [
        "North (1)", "South (2)",
    ]  # fmt: skip


def _hour_of(page: Page, visit: Locator) -> str:
    """Tell beside which line of the calendar a visit begins."""
    box = visit.bounding_box()
    assert box
    for line in page.locator(".fc-timegrid-slot-lane").all():
        place = line.bounding_box()
        if place and abs(place["y"] - box["y"]) < 4:
            return str(line.get_attribute("data-time"))
    return "between the lines"


def test_the_calendar_shows_visits_at_the_clinics_hour_on_both_sides_of_the_clock_change(
    receptionist: Screen, clinic: Clinic
) -> None:
    """A visit at nine stands at nine, in summer time on Friday as in winter time on Monday."""
    page = receptionist.page
    receptionist.open(f"action-{clinic.actions['Visits']}", ".o_calendar_view .fc-event")
    winter = page.locator(".fc-event")
    expect(winter).to_have_count(1)
    seen = {"winter": (winter.inner_text().strip(), _hour_of(page, winter))}
    receptionist.keep("calendar in winter time")
    winter.click()
    expect(page.locator(".o_cw_popover")).to_contain_text("Dr. Vermeer")
    receptionist.keep("a visit in the calendar")
    page.locator(".o_cw_popover_close").click()
    page.locator(".o_calendar_button_prev").click()
    summer = page.locator(".fc-day-fri .fc-event")
    expect(summer).to_have_count(1)
    seen["summer"] = (summer.inner_text().strip(), _hour_of(page, summer))
    receptionist.keep("calendar in summer time")

    assert seen == {
        "winter": ("Bob Sample", "09:00:00"), "summer": ("Ann Example", "09:00:00"),
    }  # fmt: skip


def test_the_list_of_visits_shows_the_newest_first_and_todays_alone(
    receptionist: Screen, clinic: Clinic
) -> None:
    """The filter for today goes by the clinic's day."""
    page = receptionist.page
    receptionist.open(f"action-{clinic.actions['Visits']}", ".o_calendar_view")
    page.locator("button.o_switch_view.o_list").click()
    page.locator(".o_list_view .o_data_row").first.wait_for()
    rows = page.locator(".o_list_view .o_data_row")
    expect(rows).to_have_count(2)
    patients = [row.locator("[name=partner_id]").inner_text() for row in rows.all()]
    times = [row.locator("[name=x_appointment_time]").inner_text() for row in rows.all()]
    page.locator(".o_searchview_dropdown_toggler").click()
    receptionist.keep("filters of visits")
    page.get_by_role("menuitemcheckbox", name="From today on").click()
    expect(rows).to_have_count(0)

    assert patients == ["Bob Sample", "Ann Example"]
    assert [time.partition(",")[2].strip() for time in times] == ["9:00 AM", "9:00 AM"]


def test_a_lead_opens_on_its_visit(receptionist: Screen, clinic: Clinic) -> None:
    """Time, practitioner and clinic of a visit stand on the page that is open."""
    page = receptionist.page
    receptionist.open(f"action-{clinic.actions['Visits']}/{clinic.visit}", ".o_notebook")
    expect(page.get_by_role("tab", name="Visit", exact=True)).to_have_class(re.compile("active"))
    for name, value in (("x_practitioner", "Dr. Vermeer"), ("x_visit_type", "Consult")):
        expect(_field(page, name).locator("input").first).to_have_value(value)
    expect(_field(page, "x_appointment_time").first).to_be_visible()
    receptionist.keep("a visit")


def test_an_opportunity_of_the_pipeline_has_no_page_of_ours(
    receptionist: Screen, clinic: Clinic
) -> None:
    """A new opportunity from Odoo's own pipeline looks as it did before the migration."""
    receptionist.open("crm/new", ".o_form_view .o_notebook")

    assert clinic.visit
    expect(receptionist.page.get_by_role("tab", name="Notes")).to_be_visible()
    expect(receptionist.page.get_by_role("tab", name="Visit", exact=True)).to_have_count(0)
