"""The two vocabularies we know: every field of both, and where it is proposed to go."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.mapping import Disposition, field_questions

Table = Mapping[str, Mapping[str, str]]
"""Resource → target → the fields that go there, by name."""
CERTAIN = 0.9
ANSWERS = "custom_form_responses.data["
"""Answers to a clinic's own forms have paths of their own; the list's fields are in the tables."""

BOTH: Table = {
    "clinical_notes": {
        "mail.message.date": "created",
        "mail.message.body": (
            "data.soap_data[].key data.soap_data[].label data.soap_data[].val "
            "data.soap_data[].value state type"
        ),
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "patient_logs": {
        "mail.message.date": "created",
        "mail.message.body": "data sub_type type",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "care_plans": {
        "mail.message.body": "active duration frequency_type interval start_date visits",
        "mail.message.date": "created",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "custom_form_responses": {
        "mail.message.date": "created",
        "mail.message.body": "data[].help_text data[].label data[].name form_id form_name",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "invoices": {
        "mail.message.body": "appointment_id total",
        "mail.message.date": "created",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "payments": {
        "mail.message.body": "amount note payment_type_id service",
        "mail.message.date": "created",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "patient_packages": {
        "mail.message.body": (
            "active balance name owing package_balance package_type price "
            "subscribed_patients[].patient_id visits visits_left"
        ),
        "mail.message.date": "created",
        "mail.message.id": "id",
        "mail.message.res_id": "patient_id",
    },
    "payment_methods": {
        "archive": "id",
        "mail.message.body": "name",
    },
}
BRIEF: Table = {
    "patients": {
        "res.partner.street": "address_line_1",
        "res.partner.street2": "address_line_2",
        "res.partner.x_allergies": "allergies",
        "res.partner.x_blood_type": "blood_type",
        "res.partner.city": "city",
        "res.partner.x_clinic_location": "clinic_location",
        "res.partner.x_contact_status": "contact_status",
        "res.partner.country_id": "country",
        "res.partner.x_practicehub_created": "created",
        "res.partner.x_first_visit_reason": "custom_fields.first_visit_reason",
        "res.partner.x_intake_date": "custom_fields.intake_date",
        "res.partner.x_newsletter_consent": "custom_fields.newsletter_consent",
        "res.partner.x_occupation": "custom_fields.occupation",
        "res.partner.x_shoe_size": "custom_fields.shoe_size",
        "res.partner.x_sport": "custom_fields.sport",
        "res.partner.x_date_of_birth": "date_of_birth",
        "res.partner.email": "email",
        "res.partner.x_emergency_contact": "emergency_contact",
        "res.partner.name": "first_name last_name",
        "res.partner.x_practicehub_id": "id",
        "res.partner.x_insurance_provider": "insurance_provider",
        "res.partner.lang": "locale",
        "res.partner.x_medical_history": "medical_history",
        "res.partner.x_mobile": "mobilephone",
        "res.partner.comment": "note",
        "res.partner.ref": "patient_number",
        "res.partner.phone": "phone",
        "res.partner.x_policy_number": "policy_number",
        "res.partner.x_referring_doctor": "referring_doctor referring_doctor_email",
        "res.partner.state_id": "state",
        "res.partner.x_practicehub_updated": "updated",
        "res.partner.x_visit_type": "visit_type",
        "res.partner.zip": "zip",
    },
    "practitioners": {
        "archive": "active color created id updated",
        "crm.lead.user_id": "email",
        "crm.lead.x_practitioner": "first_name last_name",
    },
    "appointments": {
        "crm.lead.x_appointment_time": "appointment_date appointment_time",
        "crm.lead.x_clinic_location": "clinic_location",
        "crm.lead.x_practicehub_created": "created",
        "crm.lead.x_appointment_end": "duration",
        "crm.lead.x_practicehub_id": "id",
        "crm.lead.description": "note",
        "crm.lead.partner_id": "patient_id",
        "crm.lead.x_planned_date": "planned_date",
        "crm.lead.user_id": "practitioner_email practitioner_id",
        "crm.lead.x_reminder_sent": "reminder_sent",
        "crm.lead.x_practicehub_updated": "updated",
        "crm.lead.stage_id": "visit_status",
        "crm.lead.x_visit_type": "visit_type",
    },
    "documents": {
        "ir.attachment.description": "created description title",
        "ir.attachment.name": "file_name",
        "ir.attachment.datas": "file_url",
        "ir.attachment.id": "id",
        "ir.attachment.mimetype": "mime_type",
        "ir.attachment.res_id": "patient_id",
    },
    "files": {
        "ir.attachment.description": "created description file_type",
        "ir.attachment.res_model": "entity_type",
        "ir.attachment.name": "file_name",
        "ir.attachment.datas": "file_url size",
        "ir.attachment.id": "id",
        "ir.attachment.mimetype": "mime_type",
        "ir.attachment.res_id": "patient_id",
    },
    "prescriptions": {
        "res.partner.x_prescription_summary": (
            "created dosage frequency id medication_name pharmacy_reference prescribing_doctor "
            "prescription_date"
        ),
        "res.partner.id": "patient_id",
        "ir.attachment.name": "pdf_name",
        "ir.attachment.datas": "pdf_url",
    },
}
OBSERVED: Table = {
    "patients": {
        "res.partner.city": "address.city",
        "res.partner.country_id": "address.country",
        "res.partner.street": "address.line1",
        "res.partner.street2": "address.line2",
        "res.partner.zip": "address.postcode",
        "res.partner.x_communication_status": "communication_status",
        "res.partner.x_practicehub_created": "created",
        "res.partner.x_custom_reference": "custom_reference",
        "res.partner.x_date_of_birth": "dob",
        "res.partner.email": "email",
        "res.partner.name": "first_name last_name",
        "res.partner.x_practicehub_id": "id",
        "res.partner.lang": "locale",
        "res.partner.comment": "note",
        "res.partner.phone": "numbers[].country_code numbers[].iso2 numbers[].number",
        "res.partner.ref": "patient_number",
        "res.partner.x_recall_status": "recall_status",
        "res.partner.x_sex": "sex",
        "res.partner.x_practicehub_updated": "updated",
    },
    "practitioners": {
        "archive": (
            "active color columns created default_clinical_note_type description id messenger_uid "
            "modality_id online_booking photo slot_duration updated"
        ),
        "crm.lead.x_practitioner": "first_name last_name",
    },
    "appointments": {
        "crm.lead.x_visit_type": "appointment_type_id",
        "crm.lead.x_practicehub_created": "created",
        "crm.lead.x_appointment_end": "end",
        "crm.lead.x_practicehub_id": "id",
        "crm.lead.x_clinic_location": "location_id",
        "crm.lead.partner_id": "patient_id",
        "crm.lead.name": "patient_name",
        "crm.lead.user_id": "practitioner_id",
        "crm.lead.x_appointment_time": "start",
        "crm.lead.stage_id": "status",
        "crm.lead.x_practicehub_updated": "updated",
    },
    "files": {
        "ir.attachment.description": "created description file_type",
        "ir.attachment.res_model": "entity_type",
        "ir.attachment.name": "file_name",
        "ir.attachment.id": "id",
        "ir.attachment.mimetype": "mime_type",
        "ir.attachment.res_id": "patient_id",
        "ir.attachment.datas": "size url",
    },
    "appointment_types": {
        "archive": "id",
        "crm.lead.x_visit_type": "name",
    },
    "payment_allocations": {
        "archive": "amount created id",
    },
}
ALL: Mapping[Vocabulary, Table] = {"brief": {**BOTH, **BRIEF}, "observed": {**BOTH, **OBSERVED}}


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_field_of_a_known_vocabulary_goes_where_it_should(vocabulary: Vocabulary) -> None:
    """No field of the brief's names, or of the real interface's, is missing or goes astray."""
    expected = {
        f"{resource}.{path}": target
        for resource, targets in ALL[vocabulary].items()
        for target, paths in targets.items()
        for path in paths.split()
    }
    made = {one.row.field: one.row.target for one in world(vocabulary).proposals}
    answers = {field for field in made if field.startswith(ANSWERS) and field not in expected}

    assert {field: made[field] for field in made if field not in answers} == expected
    assert {made[field] for field in answers} == {"mail.message.body"}


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_a_known_vocabulary_is_proposed_surely_but_for_the_clinics_own_fields(
    vocabulary: Vocabulary,
) -> None:
    """A person is asked to look only at what the clinic itself added."""
    made = world(vocabulary).proposals
    doubtful = {
        one.row.field for one in made
        if one.confidence <= CERTAIN and one.row.disposition is Disposition.MAPPED
    }  # fmt: skip
    own = {one.row.field for one in made if one.row.path.startswith("custom_fields.")}

    assert doubtful == own
    assert [one.subject for one in field_questions(made) if one.proposal is None] == []


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_field_gets_exactly_one_proposal_and_none_is_dropped(vocabulary: Vocabulary) -> None:
    """No field of any record is without a proposal, and no proposal leaves a value behind."""
    made = world(vocabulary)
    fields = [one.row.field for one in made.proposals]

    assert sorted(fields) == sorted(one.field for one in made.profiles)
    assert len(set(fields)) == len(fields)
    assert not [one for one in made.proposals if one.row.disposition is Disposition.DROPPED]


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_proposal_says_why(vocabulary: Vocabulary) -> None:
    """Each proposal has at least one reason that a person can read."""
    assert all(one.reasons and all(one.reasons) for one in world(vocabulary).proposals)
