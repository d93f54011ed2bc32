"""A list that only one account has: named in its configuration, it is carried like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.support import source
from tests.support.made_runs import write_config
from workbench.odoo import Lookups, Odoo
from workbench.phases import knowledge
from workbench.phases.expectations import Expectations
from workbench.practicehub import rebuild
from workbench.proof import balance
from workbench.proof.evidence import RawPages
from workbench.proof.told import replay
from workbench.run import Run
from workbench.sandbox.practicehub import running
from workbench.state import Fate, IssueKind

NAMED = ("[odoo]", 'extra_resources = ["recalls", "letters"]\n\n[odoo]')
RECALLS: list[dict[str, object]] = [
    {"id": 1, "patient_id": 101, "reason": "Check-up", "due": "2027-01-15",
     "created": "2026-11-01 09:00:00"},
    {"id": 2, "patient_id": "102", "reason": "X-ray", "due": None,
     "created": "2026-11-02 09:00:00"},
    {"id": 3, "patient_id": 5, "reason": "Nobody's", "due": None,
     "created": "2026-11-03 09:00:00"},
    {"id": 4, "patient_id": None, "reason": "A template", "due": None,
     "created": "2026-11-04 09:00:00"},
]  # fmt: skip


def answer(run: Run) -> None:
    """Accept what is proposed; what has no proposal gets its first option, or a name."""
    run.store.decisions.accept_proposed(by="Noor Visser")
    for one in run.store.decisions.open():
        choice = one.options[0] if one.options else "Front desk"
        run.store.decisions.decide(one.subject, choice, by="Noor Visser")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run that has read an account with a list of its own, and the map accepted."""
    made = Run.create(write_config(tmp_path, NAMED), tmp_path / "runs" / "clinic")
    for name in ("odoo_fields", "odoo_users"):
        made.store.journey.set_document(name, {})
    made.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    made.store.journey.set_document("offers", {"subtypes": {"note": 2}})
    made.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    with running(vocabulary="observed", rate=0, patients=20, files=False) as (connection, control):
        control.switches(extra_resources={"recalls": RECALLS})
        made.source = source.client(connection, made.folder, per_second=1000)
        with made.source:
            made.connect.totals()
            made.audit.pages()
            made.audit.fields()
            made.audit.proposals()
            made.extract.pages()
            made.extract.check()
            answer(made)
            made.extract.check()
            assert knowledge.open_questions(made.store) == 0
            yield made


def test_a_list_of_its_own_goes_the_whole_way(run: Run) -> None:
    """Walked, profiled, asked about, kept on the patient, counted, and verified offline."""
    fields = {row.path for row in run.store.staging.fields("recalls")}
    asked = {one.subject for one in run.store.decisions.questions("field:recalls.")}
    due = {one.source_id: one for one in Expectations(run).of_stage("messages")
           if one.resource == "recalls"}  # fmt: skip
    walks = {walked.resource: walked for walked in run.store.source.walks()}
    terms = {one.name: one for one in balance(run.store).resources}["recalls"]

    assert fields == {f"recalls.{name}" for name in RECALLS[0]}
    assert asked == {f"field:{path}" for path in fields}
    assert {number: one.expected.fate for number, one in due.items()} == {
        "1": Fate.CREATED, "2": Fate.CREATED, "3": Fate.REJECTED, "4": Fate.EXCLUDED,
    }  # fmt: skip
    (message,) = due["1"].expected.rows
    assert (message.external_id, message.model) == ("recall_1", "mail.message")
    assert "Check-up" in str(message.values["body"])
    assert (terms.reported, terms.distinct, terms.settled) == (4, 4, True)
    assert walks["letters"].note == "404"
    assert {row.source_id for row in rebuild(run.folder, run.store)
            if row.resource == "recalls"} == {"1", "2", "3", "4"}  # fmt: skip
    told = replay(run.store.ledger.entries())
    raw = RawPages(run.folder, run.store, scratch=run.folder.with_name("raw.sqlite"))
    raw.check_pages(told)
    assert "counted anew from the raw pages" in raw.check_records(told)


def test_an_orphan_of_a_list_of_its_own_is_listed_once(run: Run) -> None:
    """A recall of a patient whom PracticeHub does not list stands in one row of the issues."""
    orphans = [
        (one.source_id, one.field)
        for one in run.store.staging.issues(kind=IssueKind.ORPHAN, resource="recalls")
    ]

    assert orphans == [("3", "recalls.patient_id")]


def test_no_record_is_listed_twice_for_one_lost_parent(run: Run) -> None:
    """The check of relations and the check against the map say the same thing once."""
    found = [
        (one.kind, one.resource, one.source_id, field)
        for kind in (IssueKind.ORPHAN, IssueKind.REFERENCE_UNKNOWN)
        for one in run.store.staging.issues(kind=kind)
        for field in one.field.split(", ")
    ]

    assert len(found) > 5
    assert len(found) == len(set(found))
