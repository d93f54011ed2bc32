"""What becomes what: pure functions over source values, neither HTTP nor SQL.

A map is proposed from what records really hold (`propose`), decided field by field
(`questions`), written as mapping.yaml (`yaml_io`), and then binding: `schema_needs` says what
must exist in Odoo, `Expecter` what Odoo is to hold for each record. `rows` is what other
rooms build on.
"""

from __future__ import annotations

from workbench.mapping.choices import as_choice, choice_faults, decided
from workbench.mapping.clinical import apart, guarded, vault_fields
from workbench.mapping.combiners import practitioner_of
from workbench.mapping.context import Context, Practitioner
from workbench.mapping.drafts import Draft, mapping_from
from workbench.mapping.expected import Expecter
from workbench.mapping.faults import Fault, check
from workbench.mapping.model import AppointmentsTo, Disposition, Mapping, MapRow
from workbench.mapping.needs import schema_needs
from workbench.mapping.options import MapOptions
from workbench.mapping.outcome import Alias, Expected
from workbench.mapping.people import (
    AtStake,
    OdooUser,
    at_stake,
    count_visits,
    invited,
    login_of,
    practitioner_fault,
    practitioner_questions,
)
from workbench.mapping.propose import Proposal, propose
from workbench.mapping.questions import field_questions
from workbench.mapping.twins import (
    People,
    birth_targets,
    contact_pair,
    contact_pair_name,
    contact_questions,
    duplicate_questions,
    pair_faults,
    patient_fields,
    who_is_whom,
)
from workbench.mapping.values import (
    Offered,
    PickList,
    is_pick_list,
    list_faults,
    offered_selections,
    pick_lists,
    stored_values,
    value_key,
    value_questions,
)
from workbench.mapping.yaml_io import dump_yaml, load_yaml

__all__ = [
    "Alias",
    "AppointmentsTo",
    "AtStake",
    "Context",
    "Disposition",
    "Draft",
    "Expected",
    "Expecter",
    "Fault",
    "MapOptions",
    "MapRow",
    "Mapping",
    "OdooUser",
    "Offered",
    "People",
    "PickList",
    "Practitioner",
    "Proposal",
    "apart",
    "as_choice",
    "at_stake",
    "birth_targets",
    "check",
    "choice_faults",
    "contact_pair",
    "contact_pair_name",
    "contact_questions",
    "count_visits",
    "decided",
    "dump_yaml",
    "duplicate_questions",
    "field_questions",
    "guarded",
    "invited",
    "is_pick_list",
    "list_faults",
    "load_yaml",
    "login_of",
    "mapping_from",
    "offered_selections",
    "pair_faults",
    "patient_fields",
    "pick_lists",
    "practitioner_fault",
    "practitioner_of",
    "practitioner_questions",
    "propose",
    "schema_needs",
    "stored_values",
    "value_key",
    "value_questions",
    "vault_fields",
    "who_is_whom",
]
