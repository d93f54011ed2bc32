"""What Odoo has for each of a clinic's workings: the construct, its module and its edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Edition(StrEnum):
    """In which edition of Odoo a module comes."""

    COMMUNITY = "Community"
    ENTERPRISE = "Enterprise"


@dataclass(frozen=True, slots=True)
class Construct:
    """One way to rebuild a working.

    Args:
        name: as Odoo's screens call it.
        model: its technical name.
        module: what has to be installed.
        edition: where that module comes; Community's come in Enterprise too.
        does: what it would do for the clinic.
    """

    name: str
    model: str
    module: str
    edition: Edition
    does: str


_C, _E = Edition.COMMUNITY, Edition.ENTERPRISE

_RULE_ON_STAGE = Construct(
    "Automation rule, \u201cStage is set to\u201d", "base.automation", "base_automation", _C,
    "Acts when a visit enters a stage: sends a mail, plans an activity, changes a field.",
)  # fmt: skip
_RULE_ON_DATE = Construct(
    "Automation rule, \u201cBased on date field\u201d", "base.automation", "base_automation", _C,
    "Acts a set time before or after a date on the record, such as the appointment's time.",
)  # fmt: skip
_PLAN = Construct(
    "Activity plan", "mail.activity.plan", "mail", _C,
    "A series of to-dos with delays, started by one click on a contact or an opportunity.",
)  # fmt: skip
_APPOINTMENT_TYPE = Construct(
    "Appointment type", "appointment.type", "appointment", _E,
    "Length, lead time, who may be booked and what is asked; patients book it online.",
)  # fmt: skip

CONSTRUCTS: Mapping[str, tuple[Construct, ...]] = MappingProxyType({
    "types": (
        Construct("Tag of a meeting", "calendar.event.type", "calendar", _C,
                  "One tag a type, on the event; the length is set with each event."),
        Construct("Service product", "product.template", "sale_management", _C,
                  "One product a type, where visits have prices."),
        _APPOINTMENT_TYPE,
    ),
    "endings": (
        Construct("Stage", "crm.stage", "crm", _C,
                  "Where a visit stands; the migration makes the stages that the map names."),
        Construct("Lost reason", "crm.lost.reason", "crm", _C,
                  "Why a visit did not take place, so that it can be counted."),
        _RULE_ON_STAGE,
        Construct("Status of an appointment", "calendar.event", "appointment", _E,
                  "Booked, checked in, no-show and cancelled, kept with the event itself."),
    ),
    "reminders": (
        Construct("Calendar reminder, by e-mail or on screen", "calendar.alarm", "calendar", _C,
                  "Goes to all attendees of an event, a set time before it."),
        Construct("Calendar reminder, by SMS", "calendar.alarm", "calendar_sms", _C,
                  "The same by SMS; each SMS is paid for with Odoo's credits."),
        _RULE_ON_DATE,
        Construct("Mail template", "mail.template", "mail", _C,
                  "The words, with placeholders; one for each language."),
        Construct("SMS template", "sms.template", "sms", _C, "The same for SMS."),
        Construct("Reminders of an appointment type", "appointment.type", "appointment", _E,
                  "Set once a type, for everything booked under it."),
        Construct("WhatsApp template", "whatsapp.template", "whatsapp", _E,
                  "Messages by WhatsApp, after its own approval."),
    ),
    "states": (
        Construct("Activity type", "mail.activity.type", "mail", _C,
                  "\u201cRecall\u201d as a to-do with a due date, for whoever calls."),
        _PLAN,
        _RULE_ON_DATE,
        Construct("Mailing list and blacklist", "mailing.list", "mass_mailing", _C,
                  "Who wants news; whoever opted out is left out everywhere."),
        Construct("Marketing campaign", "marketing.campaign", "marketing_automation", _E,
                  "Chains of mails and SMS with conditions and waiting times."),
    ),
    "forms": (
        Construct("Survey", "survey.survey", "survey", _C,
                  "Questions with answer types, sent by link; answers stay with the survey."),
        Construct("Website form", "website", "website_crm", _C,
                  "A form on the website that makes an opportunity with its fields."),
        Construct("Document to sign", "sign.template", "sign", _E,
                  "Consents with a signature that counts."),
    ),
    "plans": (
        Construct("Recurring event", "calendar.recurrence", "calendar", _C,
                  "Every so many days or weeks, so many times."),
        _PLAN,
        Construct("Quotation template", "sale.order.template", "sale_management", _C,
                  "A course of visits offered and sold as one order."),
    ),
    "packages": (
        Construct("Service product, paid in advance", "product.template", "sale_management", _C,
                  "Ordered visits stand on the order line; each visit adds to what is delivered."),
        Construct("eWallet or loyalty programme", "loyalty.program", "sale_loyalty", _C,
                  "Value that is paid in and used up."),
        Construct("Partnership and membership", "res.partner.grade", "partnership", _C,
                  "A grade with a price list of its own (since 19; before it, Members)."),
        Construct("Subscription", "sale.order", "sale_subscription", _E,
                  "Invoiced every month until it is cancelled."),
    ),
    "booking": (
        Construct("Website form", "website", "website_crm", _C,
                  "A wish for a time, which becomes an opportunity; nothing is booked by it."),
        Construct("Online booking", "appointment.type", "website_appointment", _E,
                  "Patients choose a free time on the website."),
    ),
    "weeks": (
        Construct("Working schedule", "resource.calendar", "resource", _C,
                  "Days and hours of each practitioner; the calendar greys out the rest."),
        Construct("Availability of an appointment type", "appointment.type", "appointment", _E,
                  "The hours that patients are offered."),
        Construct("Planning", "planning.slot", "planning", _E, "Shifts and who works where."),
    ),
    "places": (
        Construct("Sales team", "crm.team", "sales_team", _C,
                  "One a location: its own pipeline, members and figures."),
        Construct("Company", "res.company", "base", _C,
                  "One a clinic, where books or access must be apart."),
        Construct("Room or other resource", "appointment.resource", "appointment", _E,
                  "What can be booked once at a time."),
    ),
    "money": (
        Construct("Customer invoice", "account.move", "account", _C, "One a visit or a course."),
        Construct("Journal and payment method", "account.journal", "account", _C,
                  "One a way to pay: bank, cash, card."),
        Construct("Point of Sale", "pos.payment.method", "point_of_sale", _C,
                  "Paying at the desk, with terminal and till."),
        Construct("Accounting", "account.bank.statement", "accountant", _E,
                  "Reconciling with the bank, and the books themselves."),
    ),
})  # fmt: skip
"""Section of the page → what Odoo has for it, Community's first."""

MODULES = frozenset(one.module for known in CONSTRUCTS.values() for one in known)
"""Every module that is named, to be looked for in the database."""
