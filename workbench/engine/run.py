"""The one call that runs a notebook without a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.engine.parameters import check_parameters
from workbench.engine.report import CellProgress, ExecutionReport
from workbench.errors import EngineError, WorkbenchError


def execute(
    notebook: Path,
    output: Path,
    *,
    parameters: Mapping[str, object],
    env: Mapping[str, str],
    cwd: Path,
    cell_timeout: float | None = None,
    grace: float = 10.0,
    on_cell: Callable[[CellProgress], None] | None = None,
) -> ExecutionReport:
    """Run a notebook through papermill on a kernel of its own, and report what became of it.

    A killed kernel, a cell over its time and a notebook that ends itself (`sys.exit(0)`) are
    failures, and cells that never ran are called so. The executed notebook is written beside
    its place and renamed, whatever happened; it holds no traceback and no widget's state.
    Works in the main thread only, because Ctrl-C arrives there.

    Args:
        notebook: the file to run; it is not changed.
        output: the file to write; must not exist. Mode 0600.
        parameters: values for names of the cell tagged `parameters`.
        env: variables for the kernel, on top of ours; WORKBENCH_HEADLESS=1 is always set.
        cwd: the kernel's working folder.
        cell_timeout: seconds that one cell may take; None: no limit.
        grace: seconds that an interrupted cell is given to come to its end.
        on_cell: told when a code cell begins and ends.

    Returns:
        What became of the run and of each code cell. An error raised in a cell is in the
        report, not raised; a `DecisionNeededError` makes the outcome "waiting".

    Raises:
        UsageError: the notebook or a parameter is refused; nothing was run or written.
        EngineError: there is a file of the output's name already; nothing was run.
        StateError: the output cannot be written; the kernel is gone.
        KeyboardInterrupt: Ctrl-C; the cell was interrupted, the notebook saved, and the
            kernel shut down.
    """
    check_parameters(notebook, parameters)
    if output.exists():
        what = f"{output.name} exists already; an executed notebook is never overwritten."
        raise EngineError(what, safe="Nothing was run.", do="Run the phase again.")
    # here, because papermill takes 1.5 s to import and `workbench status` does not need it
    from papermill import execute_notebook  # noqa: PLC0415

    from workbench.engine.papermill_engine import NAME, Job  # noqa: PLC0415

    job = Job(output.absolute(), cwd, dict(env), cell_timeout, grace, on_cell)
    try:
        execute_notebook(
            # papermill fills in braces in a path as if it were a template
            str(notebook).replace("{", "{{").replace("}", "}}"),
            None,
            parameters=dict(parameters),
            engine_name=NAME,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            job=job,
        )
    except WorkbenchError as error:
        if job.report is None or job.report.error is not error:
            raise
    assert job.report is not None, "the engine reports or raises"  # noqa: S101
    return job.report
