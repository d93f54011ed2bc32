"""Writing the executed notebook: all of it or none, readable by its owner only."""

from __future__ import annotations

import errno
import html
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from workbench.engine.report import CellState, ExecutionReport, Outcome
from workbench.errors import StateError, StorageFullError

BANNER_TAG = "workbench-outcome"

_HEADINGS = {
    Outcome.WAITING: "This run of the notebook waits for a person.",
    Outcome.FAILED: "This run of the notebook failed.",
    Outcome.INTERRUPTED: "This run of the notebook was interrupted.",
}


def save(nb: Any, path: Path) -> None:  # noqa: ANN401 - nbformat is untyped
    """Write a notebook beside its place, then rename it: a reader sees old or new, no half.

    The file's mode is 0600. What was there under that name is replaced.

    Raises:
        StorageFullError: the disk is full; what was there before is still there.
        StateError: it cannot be written for another reason.
    """
    # a lone surrogate in an output becomes a JSON escape in place of an error
    content = nbformat.writes(nb).encode("utf-8", "backslashreplace")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(
            prefix=f".{path.stem}.", suffix=".part", dir=path.parent
        )
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            what = f"The disk that holds {path.name} is full."
            raise StorageFullError(what) from None
        what = f"{path.name} cannot be written: {errno.errorcode.get(error.errno or 0, 'error')}."
        raise StateError(what, do="See who owns the folder that holds it.") from None


def mark(nb: Any, report: ExecutionReport) -> None:  # noqa: ANN401 - nbformat is untyped
    """Write the outcome into the notebook: its metadata, and a cell on top where it stopped."""
    states = {cell.cell: cell for cell in report.cells}
    for cell in nb.cells:
        if cell.cell_type == "code" and cell.id in states:
            cell.metadata.papermill["status"] = states[cell.id].state.value
        elif cell.cell_type != "code":  # prose has nothing to run
            cell.metadata.papermill["status"] = CellState.COMPLETED.value
    nb.metadata["workbench"] = {
        "outcome": report.outcome.value,
        "error": type(report.error).__name__ if report.error else None,
        "stopped_at": report.stopped_at,
        "never_ran": list(report.never_ran),
    }
    nb.metadata.papermill["output_path"] = report.output.name
    if report.outcome is not Outcome.DONE:
        nb.metadata.papermill["exception"] = True
        banner = nbformat.v4.new_markdown_cell(_banner(report), id=BANNER_TAG)
        banner.metadata["tags"] = [BANNER_TAG]
        nb.cells.insert(0, banner)


def _banner(report: ExecutionReport) -> str:
    lines = [f"> **{_HEADINGS[report.outcome]}**"]
    if report.stopped_at:
        lines.append(f"> It stopped at the cell `{report.stopped_at}`.")
    if report.error:
        lines += [
            "> " + html.escape(" ".join(sentence.split()), quote=False)
            for sentence in (report.error.what, report.error.safe, report.error.do)
        ]
    if report.never_ran:
        cells = ", ".join(f"`{cell}`" for cell in report.never_ran)
        lines.append(f"> Cells that never ran ({len(report.never_ran)}): {cells}.")
    return "\n>\n".join(lines)
