"""Running a notebook without a person: papermill's bookkeeping over an engine that is truthful.

papermill and nbclient call a notebook completed whose kernel was killed, and one that ended
itself with `sys.exit(0)`. Here a cell that did not run is never called completed, and what
is saved holds no traceback.
"""

from workbench.engine.parameters import check_parameters
from workbench.engine.report import CellProgress, CellReport, CellState, ExecutionReport, Outcome
from workbench.engine.run import execute

__all__ = [
    "CellProgress", "CellReport", "CellState", "ExecutionReport", "Outcome", "check_parameters",
    "execute",
]  # fmt: skip
