"""A peer: odoo_import_export_client, the threaded CSV loader, in a virtualenv of its own."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors import SandboxError
from workbench.sandbox.cache import cache_dir, made
from workbench.sandbox.odoo import OdooConnection

VERSION = "3.0.0"
SETTINGS = ((500, 1), (200, 2))
"""Rows a call and threads; others were slower when tried (10 rows a call, its default: a sixth)."""

# What the peer's Python runs: the clock starts when it is imported and its file is open to read.
SCRIPT = """
import json, logging, sys, time
from odoo_csv_tools import import_threaded
logging.disable(logging.CRITICAL)
given = json.loads(sys.stdin.read())
began = time.perf_counter()
import_threaded.import_data(
    given["config"], given["model"], file_csv=given["file"], context=given["context"],
    batch_size=given["size"], max_connection=given["threads"], check=True,
)
print("TAKEN %f" % (time.perf_counter() - began))
"""

CONFIG = """\
[Connection]
hostname = {host}
port = {port}
database = {database}
login = {login}
password = {password}
protocol = jsonrpc
uid = 2
"""


class Importer:
    """Loads CSV files as that tool's users do, with the quiet context that they may give it.

    Args:
        connection: the database.
        folder: a place for its files.

    Raises:
        SandboxError: it could not be installed; names the log's last words.
    """

    def __init__(self, connection: OdooConnection, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._python = _installed()
        host, _, port = connection.url.rpartition("/")[2].partition(":")
        self._config = folder / "connection.conf"
        self._config.touch(mode=0o600)
        self._config.write_text(CONFIG.format(
            host=host, port=port, database=connection.database, login=connection.login,
            password=connection.password,
        ), encoding="utf-8")  # fmt: skip

    def seconds(
        self, model: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *,
        setting: tuple[int, int], context: Mapping[str, object],
    ) -> float:  # fmt: skip
        """Load one file and say how long it took.

        Raises:
            SandboxError: it failed, or left rows out.
        """
        file = self._folder / "rows.csv"
        with file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, delimiter=";", quoting=csv.QUOTE_ALL)
            writer.writerows([columns, *rows])
        size, threads = setting
        given = {"config": str(self._config), "model": model, "file": str(file),
                 "context": dict(context), "size": size, "threads": threads}  # fmt: skip
        answer = _run([self._python, "-c", SCRIPT], stdin=json.dumps(given))
        left_out = Path(f"{file}.fail").read_text(encoding="utf-8").splitlines()[1:]
        if left_out or not answer.startswith("TAKEN "):
            what = f"The peer left out {len(left_out)} of {len(rows)} rows of {model}."
            raise SandboxError(what)
        return float(answer.removeprefix("TAKEN "))


def _installed() -> Path:
    """Give the Python of the peer's own virtualenv, made the first time; ours never sees it."""
    folder = made(cache_dir() / "bench") / f"odoo-import-export-client-{VERSION}"
    python, done = folder / "bin/python", folder / "installed"
    if not done.exists():
        _run([Path(sys.executable), "-m", "venv", "--clear", folder])
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              f"odoo-import-export-client=={VERSION}"])  # fmt: skip
        done.touch()
    return python


def _run(argv: Sequence[str | Path], *, stdin: str = "") -> str:
    answer = subprocess.run(
        [str(word) for word in argv], input=stdin, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        what = f"The peer's {Path(argv[0]).name} failed: {answer.stderr.strip()[-200:]}"
        raise SandboxError(what)
    return answer.stdout.strip()
