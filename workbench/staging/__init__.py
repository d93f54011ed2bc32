"""Over what is held: reading values, profiling fields, finding duplicates; knows no Odoo."""

from __future__ import annotations

from workbench.staging.checks import Rule, Rules, ValueKind
from workbench.staging.duplicates import ContactPair, DuplicatePair, Patients, candidates
from workbench.staging.findings import Clean, Finding, Reading, Refused
from workbench.staging.persons import KnownContact, PatientFields, Verdict, birth_dates
from workbench.staging.profile import FieldProfile, profile_records
from workbench.staging.typed import TYPED_RULES, Change, RecordSchema, Typed, explain

__all__ = [
    "TYPED_RULES",
    "Change",
    "Clean",
    "ContactPair",
    "DuplicatePair",
    "FieldProfile",
    "Finding",
    "KnownContact",
    "PatientFields",
    "Patients",
    "Reading",
    "RecordSchema",
    "Refused",
    "Rule",
    "Rules",
    "Typed",
    "ValueKind",
    "Verdict",
    "birth_dates",
    "candidates",
    "explain",
    "profile_records",
]
