"""Reconcile names what is not in Odoo any more, and closes only over what is, or was decided.

One small migration on the real Odoo, signed off and sealed. Each test does what people or
accidents do there, reads everything back, and puts it right again.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.journey import truth
from tests.journey.support import KEY_VARIABLE, MODULE, PERSON, Journey, journey
from tests.support.driving import close
from workbench.errors import GateError
from workbench.phases.conflicts import KEEP, WRITE
from workbench.proof import HANDOVER, read_seal, verify
from workbench.run import Run
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-reconcile")]


@pytest.fixture(scope="module")
def made(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    """A clinic of 14 patients, one of them typed twice: loaded, accepted, sealed."""
    with journey(
        tmp_path_factory.mktemp("reconcile"), patients=14, sample_size=5, here=True
    ) as one:
        one.travel()
        yield one


@pytest.fixture
def run(made: Journey) -> Iterator[Run]:
    """Open the run as the notebook of reconcile does."""
    os.environ[KEY_VARIABLE] = made.source.api_key
    opened = Run.open(made.folder, phase="reconcile")
    yield opened
    close(opened)


@contextmanager
def held(made: Journey, model: str, number: int, **values: object) -> Iterator[None]:
    """Change a record in Odoo as a person would, and put it back."""
    before = made.rows(model, [["id", "=", number]], *values)[0]
    made.ask(model, "write", ids=[number], vals=values)
    yield
    back = {name: value[0] if isinstance(value, list) else value
            for name, value in before.items() if name in values}  # fmt: skip
    made.ask(model, "write", ids=[number], vals=back)


def first(made: Journey, model: str, prefix: str) -> tuple[str, int]:
    """Give the id in PracticeHub and the number in Odoo of a record of ours."""
    name, number = next(one for one in sorted(made.external_ids(model).items())
                        if one[0].startswith(f"{prefix}_"))  # fmt: skip
    return name.removeprefix(f"{prefix}_"), number


def open_ends(run: Run) -> list[str]:
    """Read everything back and give all that keeps the run from being accepted."""
    run.reconcile.read_back()
    run.reconcile.sign_off()
    return [*run.reconcile.judge().missing, *asked_about(run)]


def asked_about(run: Run) -> list[str]:
    """Give the fields about which a person is asked."""
    return [one.subject for one in run.store.decisions.open("conflict:")]


def listed(run: Run, name: str) -> list[str]:
    """Write the reports and give the lines of a list."""
    run.reconcile.seal()
    path: Path = run.folder / "reports" / name
    return path.read_text("utf-8-sig").splitlines()[1:]


def test_every_relation_of_the_clinic_stands_or_is_an_orphan(made: Journey, run: Run) -> None:
    """For each field that names a record: as many as the clinic has, and none missing."""
    found = {one.name: one for one in run.store.lists.relations()}
    there = truth.known(made.clinic)
    for resource in ("appointments", *truth.NOTES):
        named = [one for one in made.clinic[resource] if truth.patient_of(one) is not None]
        lost = [one for one in named if truth.patient_of(one) not in there]
        if not named or f"{resource}.patient_id" not in found:
            continue
        one = found[f"{resource}.patient_id"]

        assert (one.expected, one.linked, one.orphan) == (
            len(named), len(named) - len(lost), len(lost),
        )  # fmt: skip
    prescribed = len(made.clinic["prescriptions"])

    assert found["prescriptions.patient_id"].told == prescribed
    assert found["patients merged into another"].linked == len(truth.twins(made.clinic)) >= 1
    assert sum(one.missing for one in found.values()) == 0
    assert all(one.expected == one.present + one.orphan + one.left_out for one in found.values())


def test_a_visit_that_lost_its_patient_is_named_and_waits_for_a_person(
    made: Journey, run: Run
) -> None:
    """Nobody signs over it: the field is asked about, and once decided, stands as decided."""
    source, number = first(made, "crm.lead", "appointment")
    with held(made, "crm.lead", number, partner_id=False):
        run.reconcile.read_back()
        gap = next(run.store.lists.gaps())
        asked = asked_about(run)

        assert (gap.name, gap.source_id, gap.field) == (
            "appointments.patient_id", source, "partner_id",
        )  # fmt: skip
        assert asked == [f"conflict:appointment_{source}.partner_id"]
        assert run.reconcile.judge().missing == ()
        assert "Not asked yet" in repr(run.reconcile.sign_off())
        with pytest.raises(GateError, match="cannot be sealed"):
            run.reconcile.write_seal()

        run.store.decisions.decide(asked[0], KEEP, by=PERSON)
        assert run.reconcile.judge().missing != ()  # what was decided was not looked at yet
        assert open_ends(run) == []
        relations = {one.name: one for one in run.store.lists.relations()}
        assert relations["appointments.patient_id"].left_out == 1
        assert listed(run, "kept_values.csv") == [
            f"appointment_{source},crm.lead,partner_id,tolerated,kept_by_decision"
        ]
    assert open_ends(run) == []
    assert not run.store.conflicts.all()


def test_a_note_that_hangs_on_another_contact_is_named(made: Journey, run: Run) -> None:
    """A message of one patient on another's page is what must never stay unseen."""
    source, number = first(made, "mail.message", "patient_log")
    held_by = made.rows("mail.message", [["id", "=", number]], "res_id")[0]["res_id"]
    other = next(one for one in made.external_ids("res.partner").values() if one != held_by)
    with held(made, "mail.message", number, res_id=other):
        run.reconcile.read_back()
        gaps = [(one.name, one.external_id) for one in run.store.lists.gaps()]

        assert gaps == [("patient_logs.patient_id", f"patient_log_{source}"),
                        ("mail.message.res_id", f"patient_log_{source}")]  # fmt: skip
        assert asked_about(run) == [f"conflict:patient_log_{source}.res_id"]
    assert open_ends(run) == []


def test_a_file_with_other_bytes_fails_and_nobody_can_decide_it_away(
    made: Journey, run: Run
) -> None:
    """Its checksum in Odoo is not that of the bytes held; put back, it is."""
    source, number = first(made, "ir.attachment", "file")
    row = made.rows("ir.attachment", [["id", "=", number]], "datas", "mimetype")[0]
    other = base64.b64encode(b"not what the clinic had").decode()
    made.ask("ir.attachment", "write", ids=[number],
             vals={"datas": other, "mimetype": row["mimetype"]})  # fmt: skip
    run.reconcile.read_back()
    judged = run.reconcile.judge()

    assert any("differ" in one for one in judged.missing)
    assert asked_about(run) == []
    assert {line.split(",")[2] for line in listed(run, "differences.csv")
            if line.startswith(f"file_{source},")} >= {"checksum", "file_size"}  # fmt: skip
    made.ask("ir.attachment", "write", ids=[number],
             vals={"datas": row["datas"], "mimetype": row["mimetype"]})  # fmt: skip
    assert open_ends(run) == []


def test_a_merged_patient_whose_external_id_is_gone_is_missed(made: Journey, run: Run) -> None:
    """A later delta would make that person anew; reconcile says so first."""
    alias = f"patient_{next(iter(truth.twins(made.clinic)))}"
    row: dict[str, Any] = made.rows(
        "ir.model.data", [["module", "=", MODULE], ["name", "=", alias]],
        "module", "name", "model", "res_id", "noupdate",
    )[0]  # fmt: skip
    made.ask("ir.model.data", "unlink", ids=[row["id"]])
    run.reconcile.read_back()

    assert [one.external_id for one in run.store.lists.gaps()] == [alias]
    assert any("relation(s) are missing" in one for one in run.reconcile.judge().missing)
    made.ask("ir.model.data", "create", vals_list=[{k: v for k, v in row.items() if k != "id"}])
    assert open_ends(run) == []


def test_the_handover_prints_the_head_that_the_seal_fixed(made: Journey, run: Run) -> None:
    """Whoever keeps the page can tell the sealed folder from one whose end was cut away."""
    sealed: Any = read_seal(run.folder)
    page = (run.folder / "reports" / "handover.html").read_text("utf-8")
    head = sealed["ledger"]["head"]
    kinds = {path: kind for path, kind, *_ in run.store.journey.artefacts()}

    assert f"workbench verify {run.folder.name} --head {head}" in page
    assert f"{PERSON} signed this migration off: accept." in page
    assert kinds["reports/handover.html"] == HANDOVER
    assert "reports/handover.html" not in sealed["artefacts"]
    assert verify(run.folder, head=head).ok
    assert made.folder.exists()


@contextmanager
def no_new_street(made: Journey) -> Iterator[None]:
    """Let Odoo's database refuse every street that it does not have yet."""
    with psycopg.connect(made.odoo.dsn) as db:
        streets = [row[0] for row in db.execute("SELECT DISTINCT street FROM res_partner")]
        known = sql.SQL(", ").join(sql.Literal(one) for one in streets if one)
        db.execute(
            sql.SQL(
                "ALTER TABLE res_partner ADD CONSTRAINT no_new_street "
                "CHECK (street IS NULL OR street IN ({})) NOT VALID"
            ).format(known)
        )
    yield
    with psycopg.connect(made.odoo.dsn) as db:
        db.execute("ALTER TABLE res_partner DROP CONSTRAINT no_new_street")


def test_a_change_that_odoo_refuses_is_asked_about_and_off_the_list_once_taken(
    made: Journey,
) -> None:
    """Days pass, patients move, and Odoo will not have it: a person decides, twice."""
    made.control.a_day_passes(days=2)
    store = made.store
    with no_new_street(made):
        with suppress(GateError):  # a value that is new asks for the map to be confirmed first
            made.travel("--phase", "delta")
        made.travel()
        refused = list(store.lists.refused())
        asked = [one for one in store.decisions.questions("conflict:") if not one.is_open]

        assert any("stays in Odoo without this change" in one.outcome for one in refused)
        assert all("Odoo refused the change" in one.reasons[0] for one in asked)
        assert {one.choice for one in asked} == {KEEP}
        assert made.status()["phases"]["reconcile"] == "done"
    for one in asked:
        store.decisions.decide(one.subject, WRITE, by=PERSON)
    made.travel()

    assert list(store.lists.refused()) == []
    assert store.conflicts.all() == []
    assert made.status()["phases"]["reconcile"] == "done"
    assert verify(made.folder).ok
