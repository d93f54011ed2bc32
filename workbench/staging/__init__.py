"""Over what is held: reading values, profiling fields, finding duplicates; knows no Odoo."""

from __future__ import annotations

from workbench.staging.checks import Rule, Rules, ValueKind
from workbench.staging.duplicates import DuplicatePair, PatientFields, Verdict, candidates
from workbench.staging.findings import Clean, Finding, Reading, Refused
from workbench.staging.profile import FieldProfile, profile_records
from workbench.staging.typed import TYPED_RULES, Change, RecordSchema, Typed, explain

__all__ = [
    "TYPED_RULES",
    "Change",
    "Clean",
    "DuplicatePair",
    "FieldProfile",
    "Finding",
    "PatientFields",
    "Reading",
    "RecordSchema",
    "Refused",
    "Rule",
    "Rules",
    "Typed",
    "ValueKind",
    "Verdict",
    "candidates",
    "explain",
    "profile_records",
]
