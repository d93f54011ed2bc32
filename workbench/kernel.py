"""The kernel's side: an error is shown as sentences, never as values or source lines.

A traceback prints what the failing line held, and an error of a foreign library quotes
the value it choked on; either would put a patient into a saved notebook. So the shell of a
notebook shows the three sentences of a WorkbenchError, and of any other error its class
and the places in this package that it passed through, nothing more.

`python -m workbench.kernel -f FILE` is the kernel that the engine starts. It imports
little on purpose: papermill, which the engine needs, takes longer than the kernel's start.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import MethodType
from typing import Any

from workbench.errors import StorageFullError, WorkbenchError, of_system

FAULT_MIME = "application/vnd.workbench.fault+json"
"""How the kernel tells the engine of an error: by class and fields, not by text."""

_PACKAGE = Path(__file__).parent


def fault_of(error: BaseException) -> dict[str, Any]:
    """Describe an error without a value, a message of a foreign class or a source line.

    Returns:
        JSON: `name` of the class; `lineage`, the names of its WorkbenchError classes,
        nearest first; `what`, `safe` and `do` where there is a lineage; `frames`, the
        places in this package, outermost first; `line` of the cell, or None; `causes`,
        the class names of the errors behind it, nearest first.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, OSError) and isinstance(full := of_system(error), StorageFullError):
        error = full  # whoever wrote: what to do is the same
    lineage = [
        kind.__name__
        for kind in type(error).__mro__
        if issubclass(kind, WorkbenchError) and kind.__module__.startswith("workbench.")
    ]
    fault: dict[str, Any] = {
        "name": type(error).__name__,
        "lineage": lineage,
        "frames": [place for frame in frames if (place := _place(frame))],
        "line": next((f.lineno for f in frames if "ipykernel_" in f.filename), None),
        "causes": _causes(error),
    }
    if isinstance(error, WorkbenchError):
        fault |= {"what": error.what, "safe": error.safe, "do": error.do}
    return fault


def sentences(fault: dict[str, Any]) -> list[str]:
    """Say what a fault tells, a line each; the first names the class."""
    name = str(fault["name"])
    if fault.get("lineage"):
        return [f"{name}: {fault['what']}", str(fault["safe"]), str(fault["do"])]
    behind = f", because of {', '.join(fault['causes'])}" if fault.get("causes") else ""
    return [
        f"{name}{behind}. Its message is left out: it may hold a patient's data.",
        *(f"  in {frame}" for frame in fault.get("frames") or ()),
        "Everything recorded in the run folder so far is kept.",
        "Run the phase again; if it comes back, report the class and the places named above.",
    ]


def install_here() -> None:
    """Do so in the notebook that this process is the kernel of, if it is one."""
    if "IPython" in sys.modules:
        from IPython import get_ipython  # noqa: PLC0415 - not for the command line

        shell = get_ipython()
        if shell is not None:
            install(shell)


def install(shell: Any, *, tell_engine: bool = False) -> None:  # noqa: ANN401 - IPython is untyped
    """Make a shell show errors as sentences.

    IPython offers `_showtraceback` for overriding ("to put the traceback on a different
    place"); unlike `set_custom_exc` it also covers syntax errors and errors while a result
    is being displayed. Installing twice is harmless.

    Args:
        shell: the running InteractiveShell.
        tell_engine: also publish the fault under FAULT_MIME, for the engine.
    """
    if getattr(shell, "workbench_installed", False):
        return
    show = shell._showtraceback  # noqa: SLF001 - the documented place to override

    def _showtraceback(
        shell: Any,  # noqa: ANN401
        _kind: type[BaseException],
        error: BaseException | str,
        _lines: Sequence[str],
    ) -> None:
        raised = error if isinstance(error, BaseException) else RuntimeError()
        fault = fault_of(raised)
        if tell_engine:
            shell.display_pub.publish({FAULT_MIME: fault})
        told = sentences(fault)
        show(type(raised), "\n".join(told), told)

    shell._showtraceback = MethodType(_showtraceback, shell)  # noqa: SLF001 - see above
    shell.workbench_installed = True


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    if not path.is_relative_to(_PACKAGE):
        return ""
    return f"{path.relative_to(_PACKAGE.parent)}:{frame.lineno}, {frame.name}"


def _causes(error: BaseException) -> list[str]:
    names: list[str] = []
    seen = {id(error)}
    behind = error
    while True:
        following = behind.__cause__ or (
            None if behind.__suppress_context__ else behind.__context__
        )
        if following is None or id(following) in seen:
            return names
        behind = following
        seen.add(id(behind))
        names.append(type(behind).__name__)


def main() -> None:
    """Start an IPython kernel whose errors are sentences; ends when the engine says so."""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - interactive use has it already

    # the run folder is the kernel's working folder: nothing in it may be imported
    app: Any = IPKernelApp.instance(ignore_cwd=True)  # untyped
    app.initialize()
    install(app.shell, tell_engine=True)
    app.start()


if __name__ == "__main__":
    main()
