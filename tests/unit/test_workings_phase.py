"""The workings as the phases gather them: over a whole clinic, in both vocabularies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.journey.canaries import canaries, found_in
from tests.support.fake_odoo import serving
from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.odoo import Version
from workbench.phases import knowledge, reporting, workings
from workbench.reports.workflow_facts import held_automations, held_workings
from workbench.run import Run
from workbench.sandbox.clinic import Vocabulary, generate
from workbench.staging.workings import ReadsAs

PAGE = "reports/workflow_reference.html"


def decided(folder: Path, vocabulary: Vocabulary) -> Run:
    """Make a run that holds a synthetic clinic and whose map was accepted as proposed."""
    run = made_run(folder)
    for resource, rows in generate(vocabulary=vocabulary, patients=40).items():
        store_page(run.folder, run.store, resource, cast("Any", rows))
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    knowledge.learn(run.extract)
    run.store.decisions.accept_proposed(by="Noor Visser")
    for one in run.store.decisions.open("practitioner:"):
        run.store.decisions.decide(one.subject, "name only", by="Noor Visser")
    return run


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Give such a run in the words of the brief."""
    run = decided(tmp_path_factory.mktemp("brief"), "brief")
    yield run
    run.store.close()


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Give such a run in the words that public clients rely on."""
    run = decided(tmp_path_factory.mktemp("observed"), "observed")
    yield run
    run.store.close()


def test_the_step_shows_every_working_and_where_the_page_lies(brief: Run) -> None:
    """One line a working, in the notebook as on a terminal; the page names no patient."""
    shown = brief.extract.workings()
    text = (brief.folder / PAGE).read_text("utf-8")
    wanted = canaries(generate(vocabulary="brief", patients=40))

    assert shown.note.endswith(f"{PAGE}.")
    assert len(shown.rows) == 11
    assert PAGE in [path for path, *_ in brief.store.journey.artefacts()]
    assert len(wanted) > 300
    assert found_in(text + repr(shown), wanted) == set()


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_the_synthetic_clinic_has_something_for_every_section(
    vocabulary: str, request: pytest.FixtureRequest
) -> None:
    """Types, endings, weeks, places, bookings, reminders, states, forms, plans, packages, money."""
    run: Run = request.getfixturevalue(vocabulary)
    facts = workings.gather(run.extract)

    visits = facts.visits
    assert {one.name for one in visits.types} >= {"Follow-up", "Initial consultation"}
    assert all(one.minutes is not None for one in visits.types)
    assert (visits.odd, visits.unread, visits.blocks) == (0, 0, 3)
    assert sum(visits.statuses.shown.values()) == visits.visits > 100
    assert len(visits.weeks) == 6
    assert len(visits.places.shown) == 3
    assert visits.ahead is not None
    [sms] = [one for one in facts.logs.kinds if one.channel == "SMS"]
    assert (sms.reads_as, sms.hours and sms.hours.median) == (ReadsAs.REMINDER, 24)
    assert sum(len(one.shown) for one in facts.states.values()) >= 2
    assert [form.name for form in facts.forms] == ["Gezondheidsvragenlijst"]
    assert facts.plans or facts.rare_plans
    assert facts.packages or facts.rare_packages
    assert facts.money.methods.shown


def test_each_vocabulary_tells_what_only_it_knows(brief: Run, observed: Run) -> None:
    """One notes reminders on visits; the other says who may be booked online."""
    first, second = workings.gather(brief.extract), workings.gather(observed.extract)

    assert first.visits.reminded
    assert (second.visits.reminded, second.bookable) == (None, 3)
    assert "missed" in second.visits.statuses.shown


def test_what_did_not_change_is_not_counted_again(
    brief: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look costs nothing; a record that is gone makes it count anew."""
    first = workings.gather(brief.extract)
    counted: list[int] = []
    real = workings.count

    def count(*arguments: Any) -> object:  # noqa: ANN401 - handed on as it comes
        counted.append(1)
        return real(*arguments)

    monkeypatch.setattr(workings, "count", count)
    again = workings.gather(brief.extract)
    calm = len(counted)
    some = next(one for one in brief.store.source.records("appointments") if one.patient_id)
    brief.store.source.mark_gone("appointments", [some.source_id])
    later = workings.gather(brief.extract)

    assert (calm, len(counted)) == (0, 1)
    assert again == first
    assert later.visits.visits == first.visits.visits - 1


def test_odoo_is_looked_at_afresh_where_that_is_asked(
    observed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extraction asks nothing of Odoo; the reconciliation looks again."""
    reporting.write_workings(observed.extract)
    before = held_automations(observed.store)
    with serving() as fake, fake.client() as odoo, monkeypatch.context() as patch:
        patch.setattr(odoo, "version", lambda: Version(19, "19.0"))
        observed.destination = odoo
        reporting.write_workings(observed.reconcile, ask_odoo=True)
    after = held_automations(observed.store)
    held = held_workings(observed.store)

    assert before is None
    assert after is not None
    assert {look.access for look in after.looks} == {"its module is not installed"}
    assert held is not None
    assert held.decided.stages["missed"] == "Missed"
