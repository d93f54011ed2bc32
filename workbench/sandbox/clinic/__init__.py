"""A synthetic clinic: invented people, visits and papers, the same ones for the same seed."""

from __future__ import annotations

from workbench.sandbox.clinic.blobs import Blobs
from workbench.sandbox.clinic.model import (
    BLOB,
    DEFAULT_TODAY,
    URL_FIELDS,
    Clinic,
    Vocabulary,
    generate,
    practitioner_accounts,
)

__all__ = [
    "BLOB",
    "DEFAULT_TODAY",
    "URL_FIELDS",
    "Blobs",
    "Clinic",
    "Vocabulary",
    "generate",
    "practitioner_accounts",
]
