"""Over what is held: reading values, profiling fields, finding duplicates; knows no Odoo."""

from __future__ import annotations

from workbench.staging.checks import Rule, Rules, ValueKind, check
from workbench.staging.duplicates import DuplicatePair, PatientFields, Verdict, candidates
from workbench.staging.findings import Clean, Finding, Reading, Refused
from workbench.staging.profile import FieldProfile, profile_records

__all__ = [
    "Clean",
    "DuplicatePair",
    "FieldProfile",
    "Finding",
    "PatientFields",
    "Reading",
    "Refused",
    "Rule",
    "Rules",
    "ValueKind",
    "Verdict",
    "candidates",
    "check",
    "profile_records",
]
