"""What becomes what: pure functions over source values, neither HTTP nor SQL.

A map is proposed from what records really hold (`propose`), decided field by field
(`questions`), written as mapping.yaml (`yaml_io`), and then binding: `schema_needs` says what
must exist in Odoo, `Expecter` what Odoo is to hold for each record. `rows` is what other
rooms build on.
"""

from __future__ import annotations

from workbench.mapping.choices import as_choice, choice_faults, decided
from workbench.mapping.combiners import practitioner_of
from workbench.mapping.context import Context, Practitioner
from workbench.mapping.drafts import Draft, mapping_from
from workbench.mapping.expected import Expecter
from workbench.mapping.faults import Fault, check
from workbench.mapping.model import AppointmentsTo, Disposition, Mapping, MapRow
from workbench.mapping.needs import schema_needs
from workbench.mapping.outcome import Alias, Expected
from workbench.mapping.propose import MapOptions, Proposal, propose
from workbench.mapping.questions import (
    duplicate_questions,
    field_questions,
    patient_fields,
    practitioner_questions,
    value_questions,
)
from workbench.mapping.yaml_io import dump_yaml, load_yaml

__all__ = [
    "Alias",
    "AppointmentsTo",
    "Context",
    "Disposition",
    "Draft",
    "Expected",
    "Expecter",
    "Fault",
    "MapOptions",
    "MapRow",
    "Mapping",
    "Practitioner",
    "Proposal",
    "as_choice",
    "check",
    "choice_faults",
    "decided",
    "dump_yaml",
    "duplicate_questions",
    "field_questions",
    "load_yaml",
    "mapping_from",
    "patient_fields",
    "practitioner_of",
    "practitioner_questions",
    "propose",
    "schema_needs",
    "value_questions",
]
