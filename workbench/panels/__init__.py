"""Where a person decides: decisions ← desk ← panel, and a table where nobody can click.

Each function gives a panel for a notebook, or, when the notebook is run without a person, a
`Listing` of the same questions. A panel holds nothing: built again, it looks the same.
"""

from workbench.panels.desk import Brief, Counts, DecisionDesk, Show
from workbench.panels.fields_facts import FieldFacts
from workbench.panels.fields_panel import FieldsPanel, fields
from workbench.panels.listing import Listing
from workbench.panels.pair_panel import PairPanel
from workbench.panels.panel import DecisionPanel
from workbench.panels.rollback import RollbackDesk
from workbench.panels.rollback_panel import RollbackPanel
from workbench.panels.sample_panel import SamplePanel
from workbench.panels.schema_panel import SchemaPanel, agreed
from workbench.panels.sign_off_panel import SignOffPanel
from workbench.panels.table_panel import TablePanel
from workbench.panels.views import (
    RunLike,
    changes,
    duplicates,
    practitioners,
    rollback,
    sample,
    schema,
    sign_off,
    values,
)

__all__ = [
    "Brief", "Counts", "DecisionDesk", "DecisionPanel", "FieldFacts", "FieldsPanel", "Listing",
    "PairPanel", "RollbackDesk", "RollbackPanel", "RunLike", "SamplePanel", "SchemaPanel", "Show",
    "SignOffPanel", "TablePanel", "agreed", "changes", "duplicates", "fields", "practitioners",
    "rollback", "sample", "schema", "sign_off", "values",
]  # fmt: skip
