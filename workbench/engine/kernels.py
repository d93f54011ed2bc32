"""The kernel that runs a notebook: this Python, private sockets, and none left behind."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

LOG = logging.getLogger("workbench.engine")
# the libraries' own log lines may hold a cell's text; what people need is in the report
LOG.addHandler(logging.NullHandler())
LOG.propagate = False

_LONGEST_SOCKET = 80
"""Characters of a folder's path: a Unix socket's address has room for 107."""


class _ThisPython(KernelSpecManager):
    """Knows one kernel: the interpreter that the workbench runs under, wherever it is."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the spec, whatever the notebook calls its kernel; nothing need be installed."""
        return KernelSpec(
            # -P: nothing in the working folder can be imported in place of a package
            argv=[sys.executable, "-P", "-Xfrozen_modules=off", "-m", "workbench.kernel",
                  "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            interrupt_mode="signal",
        )  # fmt: skip


@contextlib.contextmanager
def kernel_manager() -> Iterator[AsyncKernelManager]:
    """Give a manager of one kernel that is not started yet; when it ends, so does the kernel.

    The kernel listens on Unix sockets in a folder of its own (0700), never on a port. Its
    IPython starts without the person's own profile and history.
    """
    folder = Path(tempfile.mkdtemp(prefix="workbench-"))
    if len(str(folder)) > _LONGEST_SOCKET:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="workbench-", dir="/tmp"))
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=_ThisPython(),
        transport="ipc",
        ip=str(folder / "kernel"),
        connection_file=str(folder / "kernel.json"),
        log=LOG,
    )
    try:
        yield manager
    finally:
        _kill(manager)
        shutil.rmtree(folder, ignore_errors=True)


def kernel_environment(extra: Mapping[str, str], *, folder: Path) -> dict[str, str]:
    """Give the kernel's environment: ours, `extra`, and what keeps it quiet and headless."""
    return {
        **os.environ,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **extra,
        "WORKBENCH_HEADLESS": "1",
        "IPYTHONDIR": str(folder),
    }


def _kill(manager: AsyncKernelManager) -> None:
    """End the kernel's process where everything gentler did not."""
    process = getattr(manager.provisioner, "process", None)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait(10)
