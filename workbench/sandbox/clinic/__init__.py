"""A synthetic clinic: invented people, visits and papers, the same ones for the same seed."""

from __future__ import annotations

from workbench.sandbox.clinic.model import (
    URL_FIELDS,
    Clinic,
    Vocabulary,
    generate,
    practitioner_accounts,
)
from workbench.sandbox.clinic.papers import BLOB

__all__ = [
    "BLOB",
    "URL_FIELDS",
    "Clinic",
    "Vocabulary",
    "generate",
    "practitioner_accounts",
]
