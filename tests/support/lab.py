"""A real JupyterLab for the browser tests: loopback only, no settings but its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import nbformat

from tests.support.processes import wait_until
from workbench.sandbox.processes import free_port

STARTS_WITHIN = 60.0
"""Seconds; usually three."""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that answers."""

    port: int
    token: str

    def page(self, notebook: str) -> str:
        """Give the address that opens a notebook of the root folder."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?reset&token={self.token}"

    def kernels(self) -> list[str]:
        """List the ids of the running kernels."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/kernels", headers=self._headers)
        return [kernel["id"] for kernel in answer.json()]

    def end_kernels(self) -> None:
        """Shut every kernel down, as a machine that goes to sleep would."""
        for kernel in self.kernels():
            httpx.delete(
                f"http://127.0.0.1:{self.port}/api/kernels/{kernel}",
                headers=self._headers,
                timeout=30,
            )

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3",
                                 "language": "python"}}
    )  # fmt: skip
    book.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(book, path)


@contextlib.contextmanager
def jupyter_lab(root: Path, home: Path) -> Iterator[Lab]:
    """Run `jupyter lab` at `root`; what it keeps for itself lies in `home`."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    # else it asks whether it may fetch news
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    lab = Lab(free_port(), secrets.token_hex(16))
    with (home / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
             "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={lab.port}",
             "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
             "--LabApp.extension_manager=readonly",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
            stdout=log,
            stderr=log,
            env={**os.environ,
                 "JUPYTER_TOKEN": lab.token,
                 "JUPYTER_CONFIG_DIR": str(home / "config"),
                 "JUPYTER_DATA_DIR": str(home / "data"),
                 "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
                 "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                 "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
                 "IPYTHONDIR": str(home / "ipython")},
        )  # fmt: skip
        try:
            wait_until(
                lambda: _answers(lab, process), seconds=STARTS_WITHIN, what="JupyterLab answered"
            )
            yield lab
            lab.end_kernels()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _answers(lab: Lab, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "JupyterLab did not start"
    try:
        lab.kernels()
    except httpx.TransportError:
        return False
    return True
