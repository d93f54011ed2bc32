"""The ten notebooks opened by hand, as in JupyterLab: panels live, and run from top to bottom.

A real kernel, no WORKBENCH_HEADLESS, the run named by WORKBENCH_RUN as `workbench lab DIR` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.journey.canaries import canaries, found_in
from tests.journey.support import PERSON, Journey, journey
from tests.support.driving import close
from tests.support.snapshot import (
    STAMPS,
    UPDATED,
    Snapshot,
    differences,
    rows,
    snapshot,
    touched,
)
from workbench.panels import RollbackPanel
from workbench.phases import PHASES
from workbench.phases.lab import working_copies
from workbench.run import Run
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("ten-notebooks")]

DECIDING = ("map", "extract", "sample", "reconcile", "rollback")
"""Phases that wait for a person; the others run through at once."""
ONCE_DONE = ("map", "extract", "reconcile")
"""Of these the second pass, after the decision, is the last: a third one would show no more."""
WIDGET = "application/vnd.jupyter.widget-view+json"
NAMES = tuple(phase.name for phase in PHASES)


@dataclass(frozen=True)
class Play:
    """A notebook run once from top to bottom, and what the run then says of its phase."""

    book: Any
    status: str
    odoo: Snapshot

    def outputs(self, cell: str) -> list[Any]:
        """Give what one cell shows."""
        return [out for one in self.book.cells if one.id == cell for out in one.outputs]

    @property
    def verdict(self) -> str:
        """Give the text of the verdict cell."""
        return str(self.outputs("verdict")[-1].data["text/plain"])

    @property
    def errors(self) -> list[str]:
        """Name the cells that show an error."""
        return [one.id for one in self.book.cells if one.cell_type == "code"
                for out in one.outputs if out.output_type == "error"]  # fmt: skip


@dataclass
class Lab:
    """All plays of all notebooks."""

    journey: Journey
    folder: Path
    plays: dict[str, list[Play]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    partners: list[dict[int, dict[str, Any]]] = field(default_factory=list)
    """All contacts of Odoo, before everything and after everything."""
    clicked: RollbackPanel | None = None
    """The tenth notebook's panel, after its button was pressed."""

    def play(self, phase: str, place: Path) -> None:
        """Run a phase's notebook once and save it, as Lab does."""
        path = next(self.folder.glob(f"[0-9][0-9]_{phase}.ipynb"))
        book = nbformat.read(path, as_version=4)
        client = NotebookClient(
            book, timeout=120, kernel_name="python3", store_widget_state=False,
            resources={"metadata": {"path": str(self.folder)}},
        )  # fmt: skip
        environment = {**self.journey.environment(), "WORKBENCH_RUN": str(self.journey.folder),
                       "IPYTHONDIR": str(place)}  # fmt: skip
        client.execute(env=environment)
        nbformat.write(book, path)
        status = self.journey.store.journey.phase(phase).status.value
        self.plays.setdefault(phase, []).append(Play(book, status, snapshot(self.journey.odoo.dsn)))

    def decide(self, phase: str) -> None:
        """Decide what the phase waits for, outside of the notebook; roll back by its panel."""
        if phase != "rollback":
            self.journey.decide()
            return
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.journey.environment().items():
                patch.setenv(name, value)
            run = Run.open(self.journey.folder, phase=phase)
            self.clicked = click(run)
            close(run)


def click(run: Run) -> RollbackPanel:
    """Type the database's name into the panel of the tenth notebook, and press its button."""
    run.rollback.plan()
    panel = run.rollback.confirm()
    assert isinstance(panel, RollbackPanel)
    panel.person.value, panel.typed.value = PERSON, run.config.odoo.database
    panel.confirm.click()
    return panel


@pytest.fixture(scope="module")
def lab(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """20 patients through all ten notebooks by hand; a day passes before the eighth."""
    place = tmp_path_factory.mktemp("lab")
    with journey(place, patients=20) as made:
        run = Run.create(made.config, made.folder)
        opened = Lab(made, working_copies(run))
        run.store.close()
        opened.partners.append(rows(made.odoo.dsn, "res_partner"))
        for phase in NAMES:
            if phase == "delta":
                opened.told = made.control.a_day_passes()
            opened.play(phase, place / "ipython")
            if phase in DECIDING or opened.plays[phase][-1].status == "waiting":
                opened.decide(phase)
                opened.play(phase, place / "ipython")
            if phase not in ONCE_DONE:
                opened.play(phase, place / "ipython")
        opened.partners.append(rows(made.odoo.dsn, "res_partner"))
        yield opened


@pytest.mark.parametrize("phase", NAMES)
def test_it_runs_from_top_to_bottom_as_often_as_you_like(lab: Lab, phase: str) -> None:
    """Every cell of every pass runs, and none shows an error."""
    for play in lab.plays[phase]:
        cells = [one for one in play.book.cells if one.cell_type == "code"]

        assert play.errors == []
        assert all(one.execution_count for one in cells)
        assert len(lab.plays[phase]) >= 2


@pytest.mark.parametrize("phase", NAMES)
def test_its_verdict_is_what_the_run_says(lab: Lab, phase: str) -> None:
    """The last cell tells the state; at the end it is done."""
    for play in lab.plays[phase]:
        assert f"{phase}: {play.status}." in play.verdict

    assert lab.plays[phase][-1].status == "done"


@pytest.mark.parametrize("phase", DECIDING)
def test_it_waits_for_a_person_without_an_error(lab: Lab, phase: str) -> None:
    """Before the decision the verdict says "waiting": neither done nor failed."""
    assert lab.plays[phase][0].status == "waiting"


@pytest.mark.parametrize("phase", [*DECIDING, "prepare"])
def test_its_panels_are_live(lab: Lab, phase: str) -> None:
    """Each deciding cell shows a widget to click, and beside it a text that names nobody."""
    for play in lab.plays[phase]:
        cells = [one.id for one in play.book.cells if one.id.startswith("decide-")]
        shown = [[out.data for out in play.outputs(cell) if "data" in out] for cell in cells]

        assert cells
        assert all(any(WIDGET in data for data in outputs) for outputs in shown), cells


def test_the_fourth_notebook_tells_who_agreed_to_the_schema_before_it_is_made(lab: Lab) -> None:
    """The proposal was taken with the map's; name, day and hash stand beside what was made."""
    made = lab.plays["prepare"][0].outputs("apply")[-1]  # after its progress
    decision = lab.journey.store.decisions.get("schema")

    assert decision is not None
    assert f"✓ decided: 'apply' by {PERSON} on" in made.data["text/plain"]
    assert decision.basis in made.data["text/plain"]


@pytest.mark.parametrize("phase", ["prepare", "sample", "migrate", "delta"])
def test_the_second_pass_writes_nothing_in_odoo(lab: Lab, phase: str) -> None:
    """Running a finished notebook again leaves every row of every table as it is."""
    first, second = lab.plays[phase][-2:]

    assert differences(first.odoo, second.odoo) == set()


def test_the_eighth_notebook_brings_the_days_changes(lab: Lab) -> None:
    """New, changed and deleted records since the load are found, and told in the verdict."""
    facts = lab.plays["delta"][0].verdict
    store = lab.journey.store
    told = store.journey.document("delta")

    assert lab.told["new"]
    assert lab.told["changed"]
    assert "created" in facts
    assert isinstance(told, dict)
    assert differences(lab.plays["migrate"][-1].odoo, lab.plays["delta"][-1].odoo) >= {
        "res_partner", "crm_lead"}  # fmt: skip


def test_the_tenth_notebook_takes_everything_out(lab: Lab) -> None:
    """Odoo is as it was before the fourth; but for when its users were last written."""
    before, after = lab.plays["map"][-1].odoo, lab.plays["rollback"][-1].odoo

    assert differences(before, after) <= UPDATED
    assert touched(*lab.partners) <= STAMPS


def test_one_click_rolled_back_and_the_cells_after_it_say_so(lab: Lab) -> None:
    """The panel did it and shows the proof; the cell that would do it does nothing again."""
    assert lab.clicked is not None
    assert repr(lab.clicked) == "Roll back: ✓ done"
    assert lab.clicked.bar.value == lab.clicked.bar.max > 0
    assert "is as it was before this run" in lab.clicked.proof.value
    for play in lab.plays["rollback"][1:]:
        assert "Done already" in str(play.outputs("apply")[-1].data["text/plain"])


def test_what_is_saved_names_no_patient(lab: Lab) -> None:
    """Saved with live panels, the notebooks hold counts and shapes, and nobody's name."""
    wanted = canaries(lab.journey.clinic)
    leaks = {path.name: sorted(found)[:5] for path in sorted(lab.folder.glob("*.ipynb"))
             if (found := found_in(path.read_text("utf-8"), wanted))}  # fmt: skip

    assert len(list(lab.folder.glob("*.ipynb"))) == 10
    assert leaks == {}


def test_the_copies_are_for_their_owner_alone(lab: Lab) -> None:
    """They lie in the run folder, and only there."""
    assert lab.folder.is_relative_to(lab.journey.folder)
    assert lab.folder.stat().st_mode & 0o777 == 0o700
