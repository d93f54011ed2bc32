"""The whole journey on the sandbox, with the demo in the place of the person who decides."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from workbench.errors import DecisionNeededError
from workbench.mapping.model import NAME_ONLY
from workbench.phases import runner
from workbench.phases.status import page, snapshot
from workbench.progress import duration
from workbench.proof import verify
from workbench.run import Run
from workbench.sandbox import control, odoo
from workbench.sandbox.cache import cache_dir, made, write_private
from workbench.sandbox.clinic import practitioner_accounts
from workbench.state import Decision
from workbench.terminal import watching

BY = "workbench demo"

_CONFIG = Template(
    """\
[practicehub]
account = "brightspine"
base_url = "$base_url"
api_key = "file:$practicehub_key"
app_details = "$app_details"
timezone = "Europe/Amsterdam"
requests_per_second = $rate
file_hosts = ["127.0.0.1"]

[odoo]
url = "$url"
database = "$database"
login = "$login"
api_key = "file:$odoo_key"

[migration]
sample_size = 60
"""
)


def run_demo(runs: Path, *, patients: int, vocabulary: str, rate: float) -> Run:
    """Bring the sandbox up, migrate its clinic, verify the evidence, say where to look.

    Odoo's demo database is put back to its fresh state first; Odoo is left running.
    Wherever a person must decide, the demo does so under its own name and says it.

    Args:
        runs: where the run folder is made.
        patients: how many the clinic has.
        vocabulary: "brief" or "observed".
        rate: requests a second that the sandbox allows, and that the demo then keeps.

    Returns:
        The finished run.

    Raises:
        EvidenceError: the journey is over, and its evidence does not verify.
        WorkbenchError: whatever stopped the journey.
    """
    began = time.monotonic()
    _say("Bringing the sandbox up (the first time on a machine it fetches Odoo: some minutes)")
    source = control.up(
        "practicehub", vocabulary=vocabulary, patients=patients, rate=rate, say=_say
    )["practicehub"]
    connection = odoo.reset_database(odoo.up(progress=_say).database)
    odoo.add_users(connection, practitioner_accounts())
    name = f"demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    runs.mkdir(exist_ok=True)
    config = runs / f"{name}.toml"
    text = _CONFIG.substitute(
        base_url=source["base_url"],
        app_details=source["app_details"],
        practicehub_key=_kept("practicehub", source["api_key"]),
        odoo_key=_kept("odoo", connection.api_key),
        rate=rate,
        url=connection.url,
        database=connection.database,
        login=connection.login,
    )
    try:
        config.write_text(text, encoding="utf-8")
        run = Run.create(config, runs / name)
    finally:
        config.unlink(missing_ok=True)  # the run folder holds its copy
    with watching(run.folder / "state.sqlite"):
        _journey(run)
    _show(run, connection, began)
    return run


def _kept(half: str, key: str) -> Path:
    """Keep a sandbox key in the cache folder, so that the run can be gone on with by hand."""
    path = made(cache_dir() / "demo-keys") / half
    write_private(path, key)
    return path


def _journey(run: Run) -> None:
    while True:
        try:
            runner.advance(run, on_phase=_tell)
        except DecisionNeededError:
            _decide(run)
        else:
            return


def _decide(run: Run) -> None:
    """Decide as a careful person without further knowledge would: what is proposed.

    A practitioner for whom nothing is proposed stays a name only.
    """
    answers = {"sample": "approve", "signoff": "accept"}
    with run.store.transaction():
        waiting = run.store.decisions.open()
        for decision in waiting:
            choice = answers.get(decision.subject) or decision.proposal
            if choice is None and decision.subject.startswith("practitioner:"):
                choice = NAME_ONLY
            if choice is None:
                what = f"Nothing is proposed for {decision.subject}, and the demo does not guess."
                raise DecisionNeededError(what)
            run.store.decisions.decide(
                decision.subject, choice, by=BY, comment="decided by the demo, not by a person"
            )
    _say(f"{len(waiting)} decision(s) made in a person's place ({_kinds(waiting)})")


def _kinds(waiting: list[Decision]) -> str:
    counts = Counter(decision.subject.partition(":")[0] for decision in waiting)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _show(run: Run, connection: odoo.OdooConnection, began: float) -> None:
    verification = verify(run.folder)
    good = sum(1 for check in verification.checks if check.ok)
    notebooks = sorted((run.folder / "notebooks").glob("*.ipynb"))
    lines = [
        "",
        page(run, snapshot(run)),
        (
            f"Evidence    {good} of {len(verification.checks)} checks hold (workbench verify "
            f"{run.folder})"
        ),
        f"Took        {duration(time.monotonic() - began)}",
        "",
        "Look at",
        f"  the picture          {run.folder / 'reports' / 'summary.html'}",
        f"  the reports          {run.folder / 'reports'}",
        f"  {len(notebooks)} executed notebooks in {run.folder / 'notebooks'}",
        (
            f"  Odoo                 {connection.url}  (database {connection.database}, "
            f"login {connection.login}, password {connection.password})"
        ),
        "",
        f"Take it back out     .venv/bin/workbench rollback {run.folder} --yes",
        "Stop the sandbox     .venv/bin/workbench sandbox down",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    verification.demand()


def _tell(phase: str, what: str) -> None:
    if what == "done":
        _say(f"✓ {phase}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
