"""nbclient, made truthful: which cell ran, which did not, and why the run ended."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Protocol

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient import exceptions as nb_errors

from workbench import errors
from workbench.engine.kernels import LOG, kernel_environment
from workbench.engine.report import CellState
from workbench.errors import (
    CellsSkippedError,
    CellTimeoutError,
    DecisionNeededError,
    EngineError,
    KernelDiedError,
    WorkbenchError,
)
from workbench.kernel import FAULT_MIME, sentences

AGAIN_SECONDS = 2.0
"""After this long a cell that goes on is interrupted once more."""

ANSWER_SECONDS = 1.0
"""A kernel that has nothing to do answers within this."""

_ENDED_ITSELF = "Everything the cells before it recorded is kept."


class Witness(Protocol):
    """Whoever writes down what became of the cells."""

    def began(self, cell: Any) -> None:  # noqa: ANN401 - a notebook node
        """A code cell begins."""
        ...

    def ended(self, cell: Any, state: CellState) -> None:  # noqa: ANN401
        """A code cell has ended."""
        ...

    def heard(self) -> None:
        """A running cell has said something."""
        ...


class TruthfulClient(NotebookClient):
    """Run a notebook's cells in order, and stop for good at the first that does not complete.

    Args:
        nb: the notebook, changed in place.
        manager: of a kernel that is not started.
        witness: told of every code cell.
        cell_timeout: seconds that one cell may take; None: no limit.
        grace: seconds that an interrupted cell has to come to its end before it is killed.
    """

    def __init__(
        self,
        nb: Any,  # noqa: ANN401 - a notebook node
        manager: AsyncKernelManager,
        *,
        witness: Witness,
        cell_timeout: float | None,
        grace: float,
    ) -> None:
        super().__init__(
            nb,
            km=manager,
            timeout=None,  # ours: nbclient's drops the cell without interrupting it
            iopub_timeout=60,
            raise_on_iopub_timeout=True,
            force_raise_errors=True,  # a `raises-exception` tag hides no failure
            skip_cells_with_tag="",  # nor does a tag skip a cell
            store_widget_state=False,
            record_timing=False,
            log=LOG,
        )
        self._manager, self._witness = manager, witness
        self._cell_timeout, self._grace = cell_timeout, grace
        self._fault: dict[str, Any] | None = None
        self._exit_asked = False
        self.on_cell_executed = self._look_for_exit

    async def run(self, *, cwd: Path, env: Mapping[str, str]) -> None:
        """Run every code cell; the kernel is shut down whatever happens.

        Raises:
            WorkbenchError: of the class that a cell raised, or an EngineError.
            asyncio.CancelledError: Ctrl-C; the running cell was interrupted first.
        """
        # a second Ctrl-C leaves tasks behind whose end asyncio would print, with a traceback
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        folder = Path(self._manager.connection_file).parent
        environment = kernel_environment(env, folder=folder / "ipython")
        try:
            # what the kernel's libraries print beside the cells may hold a cell's text, too
            await self.async_start_new_kernel(
                cwd=str(cwd), env=environment, stdout=DEVNULL, stderr=DEVNULL
            )
            await self.async_start_new_kernel_client()
        except RuntimeError:
            what = "The notebook's kernel did not start."
            raise KernelDiedError(what) from None
        try:
            for index, cell in enumerate(self.nb.cells):
                if cell.cell_type == "code":
                    await self._cell(cell, index)
        finally:
            await self._async_cleanup_kernel()

    async def _cell(self, cell: Any, index: int) -> None:  # noqa: ANN401
        self._fault, self._exit_asked = None, False
        self._witness.began(cell)
        state = CellState.FAILED
        try:
            await self._execute(cell, index)
            state = CellState.COMPLETED
        except DecisionNeededError:
            state = CellState.WAITING
            raise
        except WorkbenchError as error:
            _show(error, cell)
            raise
        except asyncio.CancelledError:
            state = CellState.INTERRUPTED
            raise
        finally:
            self._witness.ended(cell, state)

    async def _execute(self, cell: Any, index: int) -> None:  # noqa: ANN401
        running = asyncio.ensure_future(self.async_execute_cell(cell, index))
        try:
            done, _ = await asyncio.wait({running}, timeout=self._cell_timeout)
        except asyncio.CancelledError:
            await self._interrupt(running)
            raise
        if not done:
            await self._interrupt(running)
            what = f"The cell {cell.id} took longer than {self._cell_timeout:g} seconds."
            raise CellTimeoutError(what)
        try:
            running.result()
        except nb_errors.CellExecutionError as error:
            raise self._raised(cell, error.ename) from None
        except nb_errors.DeadKernelError:
            what = f"The notebook's kernel was killed in the cell {cell.id}."
            raise KernelDiedError(what) from None
        except nb_errors.CellTimeoutError:
            what = f"The output of the cell {cell.id} did not arrive within a minute."
            raise CellTimeoutError(what) from None
        if self._exit_asked:
            raise _ended_itself(cell)

    async def _interrupt(self, running: asyncio.Future[Any]) -> None:
        """Interrupt the kernel and give the cell a little time to close what it has open.

        An interrupt that finds the kernel on its way from one cell to the next is lost, and
        the cell that was sent begins after it: so it is interrupted again, now and then. One
        that finds it on its way out of a cell may cost the word that the cell has ended: a
        kernel that answers another question has nothing left to do.
        """
        left = self._grace
        while not running.done() and left > 0 and await self._manager.is_alive():
            await self._manager.interrupt_kernel()
            await asyncio.wait({running}, timeout=min(AGAIN_SECONDS, left))
            left -= AGAIN_SECONDS
            if not running.done() and left > 0 and await self._is_idle():
                break
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def _is_idle(self) -> bool:
        """Ask the kernel what it is; it answers in its turn, after the cell that it runs."""
        asking = self._manager.client()
        asking.start_channels(iopub=False, stdin=False, hb=False, control=False)
        try:
            asking.kernel_info()
            await asking.get_shell_msg(timeout=ANSWER_SECONDS)
        except queue.Empty:
            return False
        finally:
            asking.stop_channels()
        return True

    def _raised(self, cell: Any, name: str) -> WorkbenchError:  # noqa: ANN401
        """Rebuild what a cell raised from what the kernel told by class and fields."""
        if name == "SystemExit":
            return _ended_itself(cell)
        fault = self._fault or {"name": name}
        for known in fault.get("lineage", ()):
            kind = getattr(errors, known, None)
            if kind is not None:
                error: WorkbenchError = kind.__new__(kind)
                WorkbenchError.__init__(
                    error, fault["what"], safe=fault["safe"], do=fault["do"]
                )  # a leaf's own __init__ may want numbers that stayed in the kernel
                return error
        line = f", line {fault['line']}" if fault.get("line") else ""
        said = sentences(fault)
        return EngineError(f"The cell {cell.id}{line} ended with {' '.join(said[0:-2])}")

    def _look_for_exit(self, *, execute_reply: dict[str, Any], **_: object) -> None:
        """Notice `exit` and `quit`: the kernel goes away after it has answered "ok"."""
        payload = execute_reply["content"].get("payload") or []
        self._exit_asked = any(item.get("source") == "ask_exit" for item in payload)

    def output(
        self,
        outs: list[Any],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> Any:  # noqa: ANN401 - a notebook node
        """Keep the kernel's word about an error for us; let no traceback into the notebook."""
        content = msg["content"]
        if FAULT_MIME in content.get("data", {}):
            self._fault = content["data"][FAULT_MIME]
            return None
        if msg["msg_type"] == "error":
            told = sentences(self._fault or {"name": content["ename"]})
            msg["content"] = {
                "ename": content["ename"],
                "evalue": "\n".join(told),
                "traceback": told,
            }
        return super().output(outs, msg, display_id, cell_index)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:  # noqa: ANN401
        """Handle a message; what was heard so far may be saved."""
        out = super().process_message(msg, cell, cell_index)
        self._witness.heard()
        return out


def _ended_itself(cell: Any) -> CellsSkippedError:  # noqa: ANN401
    what = f"The cell {cell.id} ended the notebook before its end."
    return CellsSkippedError(what, safe=_ENDED_ITSELF)


def _show(error: WorkbenchError, cell: Any) -> None:  # noqa: ANN401
    """Put the three sentences under a cell that has nothing under it to say why it ended."""
    if any(out.output_type == "error" and out.ename == type(error).__name__
           for out in cell.outputs):  # fmt: skip
        return
    if type(error) is EngineError and cell.outputs and cell.outputs[-1].output_type == "error":
        return
    lines = [f"{type(error).__name__}: {error.what}", error.safe, error.do]
    cell.outputs.append(
        nbformat.v4.new_output(
            "error", ename=type(error).__name__, evalue="\n".join(lines), traceback=lines
        )
    )
