"""A migration as a person goes through it: at the command line, and looked at from the outside.

What a test believes comes from the synthetic clinic on one side and from Odoo's own JSON-2
API on the other; the workbench's tables are never the only witness.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any
from unittest import mock

import psycopg
import yaml
from psycopg import sql

from tests.support import driving
from tests.support.odoo import database
from tests.support.processes import PATIENCE
from tests.support.real_odoo import post
from workbench.sandbox.clinic import BLOB, Clinic, Vocabulary, generate, practitioner_accounts
from workbench.sandbox.odoo import OdooConnection, add_users
from workbench.sandbox.practicehub import Control, PracticeHubConnection, running
from workbench.state import Store

WORKBENCH = Path(sys.executable).with_name("workbench")
ACCOUNT = "brightspine"
MODULE = f"__practicehub_{ACCOUNT}__"
PERSON = driving.PERSON
KEY_VARIABLE = "JOURNEY_PRACTICEHUB_KEY"

CONFIG = Template(
    """\
[practicehub]
account = "$account"
base_url = "$base_url"
api_key = "env:$key_variable"
app_details = "$app_details"
timezone = "Europe/Amsterdam"
requests_per_second = 90.0
page_size = $page_size
file_hosts = ["127.0.0.1"]

[odoo]
url = "$url"
database = "$database"
login = "$login"
api_key = "file:odoo.key"

[migration]
appointments_to = "$appointments_to"
sample_size = $sample_size
"""
)

BRIEF = "journey-brief"
"""The xdist group of all tests that look at the brief's full-size migration."""
SIDE_EFFECTS = ("mail_mail", "mail_notification", "mail_followers", "mail_activity")
"""Tables that fill where records are made carelessly: mails sent, people subscribed."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    @property
    def errors(self) -> list[str]:
        """Give the lines of stderr that are neither progress nor a phase's own line."""
        return [line for line in self.err.splitlines() if line and not line.startswith(" ")]


@dataclass
class Journey:
    """One migration of a synthetic clinic into an Odoo database of its own."""

    folder: Path
    config: Path
    odoo: OdooConnection
    source: PracticeHubConnection
    control: Control
    clinic: Clinic
    here: bool = False
    """Whether it travels in this process; every other command is a process of its own."""
    said: list[Said] = field(default_factory=list)

    # the command line ----------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """Give the environment of a person's shell: the key, and nothing that steers us."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WORKBENCH_")}
        return {**kept, KEY_VARIABLE: self.source.api_key}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and let it go on, in a process group of its own, as a shell does."""
        return subprocess.Popen(
            [str(WORKBENCH), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.environment(), cwd=self.config.parent,
            process_group=0,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str], *words: str, began: float = 0.0) -> Said:
        """Wait for a command and keep what it said."""
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            what = f"{words} did not end: {err[-2000:]}"
            raise AssertionError(what) from None
        seconds = time.monotonic() - began if began else 0.0
        self.said.append(Said(words, process.returncode, out, err, seconds))
        return self.said[-1]

    def workbench(self, *words: str) -> Said:
        """Run one command to its end."""
        began = time.monotonic()
        return self.finish(self.start(*words), *words, began=began)

    def run(self, *options: str) -> Said:
        """Go on with the migration."""
        return self.workbench(*self._run(*options))

    def go_on(self, *options: str) -> subprocess.Popen[str]:
        """Start going on with the migration."""
        return self.start(*self._run(*options))

    def _run(self, *options: str) -> tuple[str, ...]:
        return ("run", str(self.config), "--run", str(self.folder), *options)

    def status(self) -> dict[str, Any]:
        """Ask for the standing, as a script would."""
        said = self.workbench("status", str(self.folder), "--json")
        assert said.code == 0, said.err
        found: dict[str, Any] = json.loads(said.out)
        return found

    def decide(self) -> list[int]:
        """Decide all that is open: what is proposed is accepted, the rest written in a file.

        Returns:
            The commands' exit codes.
        """
        codes = [self.accept().code]
        rest = {one["subject"]: driving.choose(one) for one in self.status()["decisions_open"]}
        if rest:
            file = self.config.with_name("decisions.yaml")
            file.write_text(yaml.safe_dump(rest, allow_unicode=True), encoding="utf-8")
            codes.append(self.workbench("decide", str(self.folder), str(file), "--by", PERSON).code)
        return codes

    def accept(self) -> Said:
        """Accept every decision that has a proposal."""
        return self.workbench("accept", str(self.folder), "--proposed", "--by", PERSON)

    def travel(self, *options: str) -> list[int]:
        """Go on until nobody has to decide any more; give the exit codes of every `run`.

        Raises:
            AssertionError: a command ended in another way than done, or waiting for a person.
            WorkbenchError: it travels here, and a phase failed.
        """
        if self.here:
            named = dict(zip(options[::2], options[1::2], strict=True))
            with mock.patch.dict(os.environ, {KEY_VARIABLE: self.source.api_key}):
                rounds = driving.travel(
                    self.config, self.folder,
                    until=named.get("--until"), only=named.get("--phase"),
                )  # fmt: skip
            return [3] * rounds + [0]
        codes: list[int] = []
        while True:
            said = self.run(*options)
            codes.append(said.code)
            if said.code == 0:
                return codes
            assert said.code == 3, f"{said.code}: {said.err}"
            assert len(codes) < 12, "it asks and asks"
            assert self.decide()[-1] in {0, 3}

    # the run folder ------------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """The run's state, beside the commands that work in it."""
        return Store(self.folder / "state.sqlite")

    def pages(self) -> int:
        """Count the pages of PracticeHub that are held."""
        return sum(walk.pages for walk in self.store.source.walks())

    def notebooks(self, phase: str) -> list[Path]:
        """List a phase's executed notebooks, oldest first."""
        return sorted((self.folder / "notebooks").glob(f"[0-9][0-9]_{phase}.*.ipynb"))

    # Odoo, asked by hand -------------------------------------------------------------------

    def ask(self, model: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Call Odoo over JSON-2, without a line of the workbench's own client."""
        answer = post(self.odoo, f"{model}/{method}", **arguments)
        assert answer.status_code == 200, f"{model}.{method}: {answer.status_code}"
        return answer.json()

    def rows(self, model: str, domain: Sequence[object] = (), *fields: str) -> list[Row]:
        """Read records, archived ones too."""
        found: list[Row] = self.ask(
            model, "search_read", domain=list(domain), fields=list(fields), order="id",
            context={"active_test": False, "lang": "en_US"},
        )  # fmt: skip
        return found

    def labels(self, model: str, name: str) -> dict[object, str]:
        """Give what a selection shows for each value it stores; empty for no value."""
        found = self.ask(model, "fields_get", allfields=[name], attributes=["selection"])
        return {False: "", **dict(found[name]["selection"])}

    def count(self, model: str, domain: Sequence[object] = ()) -> int:
        """Count records, archived ones too."""
        return int(self.ask(model, "search_count", domain=list(domain),
                            context={"active_test": False}))  # fmt: skip

    def external_ids(self, model: str = "") -> dict[str, int]:
        """Give Odoo's own table of our external ids: name to record id."""
        domain: list[object] = [["module", "=", MODULE]]
        domain += [["model", "=", model]] if model else []
        return {row["name"]: row["res_id"]
                for row in self.rows("ir.model.data", domain, "name", "res_id")}  # fmt: skip

    def of_source(self, model: str, prefix: str, *fields: str) -> dict[str, Row]:
        """Read the records behind our external ids: source id to record."""
        ids: dict[str, int] = {}
        for name, number in self.external_ids(model).items():
            kind, _, source = name.rpartition("_")
            if kind == prefix and source.isdigit():
                ids[source] = number
        rows = self.rows(model, [["id", "in", sorted(set(ids.values()))]], *fields)
        found = {row["id"]: row for row in rows}
        return {source: found[number] for source, number in ids.items()}


@dataclass(frozen=True)
class Brief:
    """The finished migration of the brief's clinic, and what was counted before and after."""

    journey: Journey
    commands: tuple[tuple[str, int], ...]
    """Every command and its exit code, in order, `status` left out."""
    before: dict[str, int]
    after: dict[str, int]
    status: dict[str, Any]


def count_rows(odoo: OdooConnection, *tables: str) -> dict[str, int]:
    """Count rows in Odoo's own tables."""
    found: dict[str, int] = {}
    with psycopg.connect(odoo.dsn) as db:
        for table in tables:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            found[table] = next(row[0] for row in db.execute(query))
    return found


@contextmanager
def journey(
    place: Path,
    *,
    vocabulary: Vocabulary = "brief",
    patients: int = 40,
    appointments_to: str = "crm.lead",
    page_size: int = 100,
    sample_size: int = 50,
    here: bool = False,
) -> Iterator[Journey]:
    """Set a clinic, an empty Odoo and a configuration up; nothing has been run yet.

    The suite's Odoo must be up (fixture `odoo_server`).

    Args:
        place: an empty folder of the test's own.
        vocabulary: how the clinic's account spells its fields.
        patients: how many the clinic has.
        appointments_to: where visits go.
        page_size: rows a page.
        sample_size: patients of the sample.
        here: travel in this process, where what the command adds is not the matter: no Python
            and no kernel is started for it, which is most of what a small journey costs.
    """
    with (
        database() as odoo,
        running(vocabulary=vocabulary, patients=patients, rate=100.0) as (source, control),
    ):
        add_users(odoo, practitioner_accounts())
        config = place / "clinic.toml"
        (place / "odoo.key").write_text(odoo.api_key, encoding="utf-8")
        config.write_text(
            CONFIG.substitute(
                account=ACCOUNT, base_url=source.base_url, key_variable=KEY_VARIABLE,
                app_details=source.app_details, page_size=page_size, url=odoo.url,
                database=odoo.database, login=odoo.login, appointments_to=appointments_to,
                sample_size=sample_size,
            ),
            encoding="utf-8",
        )  # fmt: skip
        clinic = generate(vocabulary=vocabulary, patients=patients)
        folder = place / "runs" / "clinic"
        made = Journey(folder, config, odoo, source, control, clinic, here)
        yield made
        if "store" in vars(made):
            made.store.close()


def blob_of(clinic: Clinic, url: object) -> bytes | None:
    """Give the bytes behind a link of a generated record, or None where there is no link."""
    return clinic.blobs[url.removeprefix(BLOB)] if isinstance(url, str) and url else None
