"""A virtual environment of Odoo's own; the workbench's is never touched."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox.cache import Progress

# What Odoo 19 with CRM, Contacts and Calendar imports. ofxparse (bank statements) is left out:
# it has no wheel, and nothing that is installed here needs it.
REQUIREMENTS = (
    "asn1crypto",
    "babel",
    "beautifulsoup4",
    "cbor2",
    "chardet",
    "cryptography",
    "docutils",
    "freezegun",
    "geoip2",
    "gevent",
    "greenlet",
    "idna",
    "Jinja2",
    "libsass",
    "lxml",
    "lxml_html_clean",
    "MarkupSafe",
    "num2words",
    "openpyxl",
    "passlib",
    "pillow",
    "polib",
    "psutil",
    "psycopg2-binary",
    "pyopenssl",
    "pypdf<6",
    "pyserial",
    "python-dateutil<3",
    "python-magic",
    "python-stdnum",
    "pytz",
    "pyusb",
    "qrcode",
    "reportlab",
    "requests",
    "rjsmin",
    "urllib3<3",
    "vobject",
    "werkzeug",
    "xlrd",
    "xlsxwriter",
    "xlwt",
    "zeep",
)

LISTING = """
import importlib.metadata, json
found = {one.name: one.version for one in importlib.metadata.distributions()}
print(json.dumps(dict(sorted(found.items()))))
"""


def pip_install(
    requirements: Sequence[str], options: Sequence[str], *, log: Path, python: Path | None = None
) -> None:
    """Install wheels with pip: into `python`'s environment, or where the options say.

    Wheels only: a machine for a sandbox need not have a compiler.

    Raises:
        SandboxError: pip failed; the log holds its words.
    """
    own = importlib.util.find_spec("pip") is not None
    pip = [sys.executable, "-m", "pip"]
    if python is not None:
        pip = [*pip, "--python", str(python)] if own else [str(python), "-m", "pip"]
        if not own:
            _quiet([str(python), "-m", "ensurepip"], log=log)
    _quiet(
        [
            *(*pip, "install", "--quiet", "--no-input", "--disable-pip-version-check"),
            *("--only-binary", ":all:", *options, *requirements),
        ],
        log=log,
    )


def odoo_python(interpreter: Path, home: Path, *, progress: Progress) -> Path:
    """Return the Python of Odoo's virtual environment, made on first use.

    Kept per interpreter and per list of requirements; the versions that came are recorded in
    its `workbench.json`. That file is written last: an environment without it was interrupted,
    and is made anew.

    Raises:
        SandboxError: pip could not install what is needed; names the log.
    """
    made_from = json.dumps([str(interpreter), _version(interpreter), REQUIREMENTS])
    target = home / f"venv-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"
    python = target / "bin" / "python"
    stamp = target / "workbench.json"
    if stamp.exists():
        return python
    progress("Installing Odoo's Python packages into an environment of their own")
    shutil.rmtree(target, ignore_errors=True)
    log = home / "venv.log"
    _quiet([str(interpreter), "-m", "venv", "--without-pip", str(target)], log=log)
    pip_install(REQUIREMENTS, [], log=log, python=python)
    answer = subprocess.run([python, "-c", LISTING], capture_output=True, text=True, check=True)
    record = {"interpreter": str(interpreter), "packages": json.loads(answer.stdout)}
    draft = stamp.with_suffix(".part")
    draft.write_text(json.dumps(record, indent=1), encoding="utf-8")
    draft.replace(stamp)
    return python


def _version(interpreter: Path) -> str:
    answer = subprocess.run(
        [interpreter, "-c", "import sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def _quiet(argv: Sequence[str], *, log: Path) -> None:
    """Run a setup step; what it says goes to the log. Its files are readable by the servers."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with log.open("a", encoding="utf-8") as handle:
        code = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
            umask=0o022,
        ).returncode
    if code:
        if "venv" in argv:
            what = f"{argv[0]} cannot make a virtual environment; the log is {log}."
            raise MissingPartError(
                what,
                do="Install the package python3-venv, then try again.",
            )
        what = f"Python packages for the sandbox could not be installed; the log is {log}."
        raise SandboxError(
            what,
            do="See that the package index can be reached, then try again.",
        )
