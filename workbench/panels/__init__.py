"""Where a person decides: decisions ← desk ← panel, and a table where nobody can click.

Each function gives a panel for a notebook, or, when the notebook is run without a person, a
`Listing` of the same questions. A panel holds nothing: built again, it looks the same.
"""

from workbench.panels.desk import Brief, Counts, DecisionDesk, Show
from workbench.panels.listing import Listing
from workbench.panels.panel import DecisionPanel
from workbench.panels.rollback import RollbackDesk, RollbackPanel
from workbench.panels.views import (
    RunLike,
    duplicates,
    fields,
    practitioners,
    rollback,
    sample,
    sign_off,
    values,
)

__all__ = [
    "Brief", "Counts", "DecisionDesk", "DecisionPanel", "Listing", "RollbackDesk",
    "RollbackPanel", "RunLike", "Show", "duplicates", "fields", "practitioners", "rollback",
    "sample", "sign_off", "values",
]  # fmt: skip
