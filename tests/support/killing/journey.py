"""The helper process of a whole journey: each phase from where the one before it ended.

Started as `python -m tests.support.killing.journey FOLDER`; see `forking`. First it goes
through the migration undisturbed, keeping run folder and database as they were before each
phase; then it puts both back for every order, and forks who is to be killed.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TextIO
from unittest import mock

import stamina
from matplotlib.figure import Figure

import workbench
from tests.support import driving
from tests.support.content import Content, content, unlike
from tests.support.killing import clinic as the_clinic
from tests.support.killing.account import plug, serve
from tests.support.killing.calls import Gate, JourneyPoints
from tests.support.killing.contents import NOTHING_GOES_BY, contents
from tests.support.killing.databases import Moments
from tests.support.killing.forking import ended, forked, obey
from tests.support.killing.late import BEGUN, killed_beside_a_call
from tests.support.killing.points import Point
from tests.support.real_odoo import post
from workbench import masking
from workbench.errors import DecisionNeededError
from workbench.odoo import apply_rollback
from workbench.phases import order, rollback
from workbench.proof import verify
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import add_users
from workbench.state import digest

CONFIG = """\
[practicehub]
account = "brightspine"
base_url = "http://127.0.0.1:{port}/api"
api_key = "file:practicehub.key"
app_details = "workbench=ops@example.org"
timezone = "Europe/Amsterdam"
requests_per_second = 1000
page_size = 50
file_hosts = ["127.0.0.1"]

[odoo]
url = "{url}"
database = "{database}"
login = "{login}"
api_key = "file:odoo.key"

[migration]
sample_size = 2
"""
STAGES = (*order.JOURNEY, "rollback")
LATER = frozenset({"delta", "reconcile", "rollback"})
"""The phases that find the clinic as it is two days later."""
END = "the end"
PATIENCE = 0.1
"""Seconds a rollback waits for calls that may still run: who is killed at a point leaves none."""
LATE = 3.0
"""The same where one does, which commits after a third of them."""
KILLED = -signal.SIGKILL
MOST_SHOWN = 12
_NOW = re.compile(r'("": "[^"]*_linked".*"date": )"[^"]*"')
"""The moment of a note that says what a contact took from PracticeHub: the load's own."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an order.

    `endings`: how each process ended, minus the signal's number where one ended it.
    `points`: those that the last process met. `unlike`: what is not as undisturbed.
    `known`: the kill left all as an earlier one of the phase did, which was gone on with.
    """

    endings: list[int]
    points: list[Point]
    unlike: list[str]
    known: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a journey has to show at some moment."""

    run: Counter[str]
    odoo: Content
    faults: list[str]

    def unlike(self, other: Standing) -> list[str]:
        """Say what this has and the other has not, and the other way round."""
        found = [f"more in the run: {one}" for one in (self.run - other.run).elements()]
        found += [f"less in the run: {one}" for one in (other.run - self.run).elements()]
        for table, (more, less) in unlike(self.odoo, other.odoo).items():
            found += [f"more in Odoo: {table}: {one}" for one in more]
            found += [f"less in Odoo: {table}: {one}" for one in less]
        return [one[:400] for one in (*self.faults, *found)][:MOST_SHOWN]


class Helper:
    """Goes through phases in forked processes, each order from the same beginning."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.run, self.config = folder / "runs" / "clinic", folder / "clinic.toml"
        self.moments = Moments()
        self._plugs = (plug(), plug())
        ports = [one.getsockname()[1] for one in self._plugs]
        begun = the_clinic.small_clinic()
        self._accounts = [
            the_clinic.account(one, f"http://127.0.0.1:{ports[1]}")
            for one in (begun, the_clinic.clinic_later())
        ]
        self._words = folder / "words.json"
        self.points: dict[str, list[Point]] = {}
        self._source: tuple[int, bool] | None = None
        self._seen: Content = {}
        self._before: dict[str, Content] = {}
        self._moment, self._acted = "", ["not put back yet"]
        self._went_well: defaultdict[str, set[str]] = defaultdict(set)
        odoo = self.moments.odoo
        (folder / "practicehub.key").write_text(the_clinic.KEY)
        (folder / "odoo.key").write_text(odoo.api_key)
        self.config.write_text(
            CONFIG.format(port=ports[0], url=odoo.url, database=odoo.database, login=odoo.login)
        )
        add_users(odoo, practitioner_accounts())
        one = begun.people[the_clinic.KNOWN]
        post(odoo, "res.partner/create",
             vals_list=[{"name": f"{one.first_name} {one.last_name}", "email": one.email,
                         "phone": "+31 20 555 0199"}])  # fmt: skip
        self.run.parent.mkdir()
        self.run.mkdir()

    # the undisturbed journey ---------------------------------------------------------------

    @cached_property
    def undisturbed(self) -> dict[str, Standing]:
        """How each phase ends when nobody disturbs it."""
        found: dict[str, Standing] = {}
        for phase in STAGES:
            if phase == "delta":
                self._edited_in_odoo()
            self._before[phase] = self._in_odoo()
            self._keep(phase)
            ending, self.points[phase] = self._child(phase, None)
            assert ending == 0, f"undisturbed, {phase} ended with {ending}"
            found[phase] = self._standing()
        return found

    def _edited_in_odoo(self) -> None:
        """Let a person change a contact in Odoo that PracticeHub changes, too."""
        odoo = self.moments.odoo
        found = post(odoo, "ir.model.data/search_read", fields=["res_id"],
                     domain=[["name", "=", f"patient_{the_clinic.MOVES}"]]).json()  # fmt: skip
        post(odoo, "res.partner/write", ids=[found[0]["res_id"]], vals={"street": "Eigen Plein 9"})

    def _keep(self, moment: str) -> None:
        shutil.copytree(self.run, self._folder / "kept" / moment)
        self.moments.keep(moment)

    def _put_back(self, moment: str) -> None:
        shutil.rmtree(self.run)
        shutil.copytree(self._folder / "kept" / moment, self.run)
        if (self._moment, self._acted) != (moment, []):  # else nobody touched the database
            self.moments.back_to(moment)
        self._moment, self._acted = moment, []

    def _standing(self) -> Standing:
        bad = [line for line in verify(self.run).lines() if not line.startswith("✓")]
        return Standing(contents(self.run), self._in_odoo(), bad)

    def _in_odoo(self) -> Content:
        if not self._acted:  # and nobody else does
            return self._before[self._moment]
        found = {**content(self.moments.odoo.dsn)}
        found["mail_message"] = Counter(
            {_NOW.sub(r"\1", row): count for row, count in found["mail_message"].items()}
        )
        # most tables are as they were: they are held once
        same = {table: rows for table, rows in self._seen.items() if found.get(table) == rows}
        self._seen = {**found, **same}
        return self._seen

    @cached_property
    def _quiet(self) -> Standing:
        """How the journey ends when nothing happens in the clinic meanwhile."""
        self._put_back("migrate")
        return self._went_on("migrate", later=False)

    def _went_on(self, phase: str, *, later: bool) -> Standing:
        ending, _ = self._child("reconcile", None, later=later)
        assert ending == 0, f"gone on with after {phase}, reconcile ended with {ending}"
        return self._standing()

    # orders --------------------------------------------------------------------------------

    def do(self, phase: str, kills: Sequence[Point], *, on: bool) -> Told:
        """Go through a phase, be killed at each point in turn, go on, and compare.

        `on`: go on to the end of the journey, too, and compare that.
        """
        expected = self.undisturbed[phase]
        quiet = self._quiet if on and phase not in LATER else None
        self._put_back(phase)
        endings = [self._child(phase, kill)[0] for kill in kills]
        left = self._left()
        if len(kills) == 1 and endings == [KILLED] and not on and left in self._went_well[phase]:
            return Told(endings, [], [], known=True)
        ending, points = self._child(phase, None)
        endings.append(ending)
        unlike = self._standing().unlike(expected) if ending == 0 else []
        if ending == 0 and not unlike:
            self._went_well[phase].add(left)
            if on:
                end = quiet or self.undisturbed["reconcile"]
                unlike = self._went_on(phase, later=quiet is None).unlike(end)
        return Told(endings, points, unlike)

    def late(self, phase: str, point: Point, *, then: str) -> Told:
        """Be killed while Odoo is at work on the call after a point, which then commits late.

        `then`: what is begun meanwhile: the same phase, or the rollback.
        """
        expected = self.undisturbed[phase]
        self._put_back(phase)
        self._serve(later=phase in LATER)
        gate = Gate(point, self._folder)
        endings = killed_beside_a_call(
            self.moments.odoo.dsn, gate,
            first=lambda: self._work(phase, gate=gate),
            then=lambda: go(then, self.config, self.run, patience=LATE),
            # a rollback waits for the removal that may still run, and sends nothing meanwhile
            begun=LATE / 3 if phase == "rollback" else BEGUN,
        )  # fmt: skip
        self._acted.append("late")
        if endings[-1] != 0:
            return Told(endings, [], [])
        if then == phase:
            return Told(endings, [], self._standing().unlike(expected))
        before = Standing(Counter(), self._before["prepare"], [])
        return Told(endings, [], replace(self._standing(), run=Counter()).unlike(before))

    def _left(self) -> str:
        """Say all that a killed phase left, as far as anything goes by it."""
        state = self.run / "state.sqlite"
        run = contents(self.run, left_out=NOTHING_GOES_BY) if state.exists() else Counter()
        return digest([sorted(run.items()), self._acted])

    def _child(
        self, phase: str, kill: Point | None, *, later: bool | None = None
    ) -> tuple[int, list[Point]]:
        """Go through a phase in a process of its own; give how it ended, and its points."""
        self._serve(later=phase in LATER if later is None else later)
        self._words.unlink(missing_ok=True)
        ending = ended(forked(lambda: self._work(phase, kill=kill)))
        told = self._words.read_text() if self._words.exists() else ""
        found = json.loads(told) if told else {"met": [], "acted": ["?"]}
        self._acted += found["acted"]
        return ending, [Point(*one) for one in found["met"]] if ending == 0 else []

    def _work(self, phase: str, *, kill: Point | None = None, gate: Gate | None = None) -> None:
        points = JourneyPoints(self.run, kill=kill, told=self._words, gate=gate)
        points.watch()
        go(phase, self.config, self.run)
        points.last_words()

    def _serve(self, *, later: bool) -> None:
        if self._source is not None and self._source[1] == later:
            return
        self.rest()
        account = self._accounts[later]
        self._source = forked(lambda: serve(account, self._plugs, self._folder / "log")), later

    def rest(self) -> None:
        """End PracticeHub's simulator."""
        if self._source is not None:
            os.kill(self._source[0], signal.SIGKILL)
            ended(self._source[0])
            self._source = None


def go(phase: str, config: Path, folder: Path, *, patience: float = PATIENCE) -> None:
    """Go on with a migration until the end of a phase, whatever of it is done already."""
    if phase != "rollback":
        driving.travel(config, folder, until=phase)
        return
    quick = partial(apply_rollback, patience=patience)
    with mock.patch.object(rollback, "apply_rollback", quick):
        try:
            driving.roll_back(folder)
        except DecisionNeededError:  # a late call came after the plan was confirmed
            driving.roll_back(folder)


def import_all() -> None:
    """Import here, once, what every child would import."""
    late = ["h11", "httpcore", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.off",
            "papermill", "jsonschema", "nbformat", "rapidfuzz", "pandas"]  # fmt: skip
    late += [one.name for one in pkgutil.walk_packages(workbench.__path__, "workbench.")
             if not one.name.endswith("__main__")]  # fmt: skip
    for name in late:
        importlib.import_module(name)
    # a run masks by a key made by chance, and keeps some of what it masked
    masking.secrets = mock.Mock(token_hex=lambda size: "5a" * size)  # type: ignore[attr-defined]
    Figure.savefig = _not_drawn  # type: ignore[assignment,method-assign]


def _not_drawn(_figure: Figure, out: TextIO, **_more: object) -> None:
    """Stand for a chart: to draw one takes longer than all else in a phase, and has no effect."""
    out.write("<svg></svg>")


def main(folder: Path) -> None:
    """Read orders and write answers until the orders end."""
    stamina.instrumentation.set_on_retry_hooks([])
    import_all()
    helper = Helper(folder)

    def do(asked: dict[str, Any]) -> dict[str, Any]:
        if "points" in asked:
            return {"points": helper.points[asked["points"]] if helper.undisturbed else []}
        kills = [Point(*one) for one in asked["kills"]]
        if asked["late"]:
            return asdict(helper.late(asked["phase"], kills[0], then=asked["late"]))
        return asdict(helper.do(asked["phase"], kills, on=asked["on"]))

    try:
        obey(do)
    finally:
        helper.rest()
        helper.moments.drop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
