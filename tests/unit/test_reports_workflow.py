"""The page on which a clinic's workings stand beside what in Odoo would do them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.made_workings import MAPPING, PREFIX, clinic, hold
from tests.support.pages import table
from workbench.phases import workings
from workbench.proof.seal import seal
from workbench.reports import (
    Decided,
    keep_workings,
    set_automations,
    workflow_glance,
    write_workflow,
)
from workbench.reports.constructs import CONSTRUCTS, MODULES, Edition
from workbench.reports.workflow_facts import HeldWorkings, held_automations, held_workings
from workbench.reports.workflow_odoo import NOT_LOOKED
from workbench.reports.workflow_page import workflow_page
from workbench.reports.workflow_sections import describe
from workbench.staging.workings import Workings
from workbench.state import Store

RULE = {"kind": "automation rules", "name": "Thank you <b>note</b>", "model": "crm.lead",
        "when": "Stage is set to", "active": True}  # fmt: skip
LOOKS: list[dict[str, object]] = [
    {"kind": "automation rules", "access": "seen", "found": [RULE, RULE | {"active": False}]},
    {"kind": "scheduled actions", "access": "the key's user may not see it", "found": []},
    {"kind": "mail templates", "access": "seen",
     "found": [{"kind": "mail templates", "name": f"Mail {n}", "model": "crm.lead", "when": "",
                "active": True} for n in range(20)]},
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give the state of a clinic whose texts are canaries, its workings counted."""
    made = hold(tmp_path)
    keep_workings(
        made, workings.count(made, MAPPING), basis="b", decided=workings._decided(MAPPING)
    )
    return made


def page(store: Store, folder: Path) -> str:
    """Write the page and give its text."""
    return write_workflow(store, folder).read_text("utf-8")


def test_every_section_has_something_to_construct_it_with() -> None:
    """Each working has a way in Community, and the edition of each way is told."""
    anchors = [one.anchor for one in describe(HeldWorkings("", Workings(), Decided()))]

    assert sorted(anchors) == sorted(CONSTRUCTS)
    assert len(set(anchors)) == len(anchors)
    for known in CONSTRUCTS.values():
        assert known[0].edition is Edition.COMMUNITY
    assert "base_automation" in MODULES


def test_no_canary_stands_on_the_page_or_in_what_is_kept_for_it(
    tmp_path: Path, store: Store
) -> None:
    """Every free text of every record is a canary; none of them leaves the records."""
    raw = json.dumps(clinic())
    kept = json.dumps(store.journey.document("workings"))
    text = page(store, tmp_path)

    assert raw.count(PREFIX) > 300
    assert PREFIX not in kept
    assert PREFIX not in text
    assert repr(workflow_glance(store)).count(PREFIX) == 0


def test_what_the_records_tell_stands_on_the_page(tmp_path: Path, store: Store) -> None:
    """Types, endings, weeks, reminders, forms, plans, packages and payments, with their counts."""
    text = page(store, tmp_path)

    assert table(text, "Types and their lengths")[0] == [
        "Follow-up", "12", "20", "20", "20", "100 %", "price 45.00"]  # fmt: skip
    assert table(text, "Statuses and the stage decided for each") == [
        ["processed", "16", "67 %", "Completed"],
        ["other", "8", "33 %", "see the map"],
    ]
    assert table(text, "Usual hours by weekday") == [
        ["Noor Visser", "4", "24", "2026", "09:00\u201309:20 (24)"]]  # fmt: skip
    assert table(text, "Messages by kind") == [
        ["sms / reminder", "SMS", "24", "reminder", "its name", "24", "24", "24", "0", "0"],
    ]
    assert table(text, "Intake: 10 responses") == [["Allergies", "text", "10", "100 %"]]
    assert table(text, "Patterns of care plans") == [
        ["every week", "10", "10", "6", "6", "6", "3"],
        ["other", "2", "", "", "", "", ""],
    ]
    assert table(text, "Packages")[0] == ["10 visits", "10", "10", "0", "10", "400", "400", "400"]
    assert table(text, "Payments by method") == [["PIN", "1", "50 %"], ["other", "1", "50 %"]]
    assert table(text, "Patients by recall_status") == [["due", "6", "50 %"],
                                                        ["other", "6", "50 %"]]  # fmt: skip
    assert "usually 24 hours before the visit" in text
    assert "1 of the practitioners may be booked online." in text
    assert "patient_logs (48)" in text


def test_without_records_the_page_says_so(tmp_path: Path) -> None:
    """Before the extraction, and before Odoo was looked at, neither half is made up."""
    with_nothing = Store(tmp_path / "state.sqlite")
    text = page(with_nothing, tmp_path)

    assert "Nothing is told of the clinic yet" in text
    assert NOT_LOOKED in text


def test_an_account_without_any_of_it_still_makes_a_page(tmp_path: Path) -> None:
    """No log, no forms, no plans, no visits: every section says that nothing is held."""
    bare = Store(tmp_path / "state.sqlite")
    keep_workings(bare, Workings(), basis="", decided=Decided())
    text = page(bare, tmp_path)

    for words in ("The log shows no message", "No care plan is held", "No package is held",
                  "Neither invoices nor payments are held", "No location is told",
                  "appointments (none held)"):  # fmt: skip
        assert words in text


def test_what_acts_in_odoo_is_listed_and_what_was_not_seen_is_not_none(
    tmp_path: Path, store: Store
) -> None:
    """A rule on opportunities is listed; jobs that may not be seen are not called none."""
    set_automations(store, looks=LOOKS, modules={"crm": "installed"}, enterprise=False)
    text = page(store, tmp_path)

    assert table(text, "Automations by kind") == [
        ["automation rules", "1", "1", "1"],
        ["scheduled actions", "the key's user may not see it", "", "–"],
        ["mail templates", "20", "0", "–"],
    ]
    assert table(text, "Automation rules, as far as switched on") == [
        ["Thank you <b>note</b>", "crm.lead", "Stage is set to"]]  # fmt: skip
    [templates] = table(text, "Mail templates by what they are for")
    assert templates[:2] == ["crm.lead", "20"]
    assert templates[2].endswith("and 8 more")
    assert "<b>note</b>" not in text
    [ends] = [row for row in table(text, "What there is to rebuild") if row[0] == "How visits end"]
    assert "✓\u00a0Stage" in ends[2]
    assert "✓\u00a0Automation" not in ends[2]


def test_the_page_is_sealed_with_the_other_reports(tmp_path: Path, store: Store) -> None:
    """It is noted with its hash; written again from the same state it is the same file."""
    first = page(store, tmp_path)
    noted = {path: kind for path, kind, *_ in store.journey.artefacts()}
    sealed = json.loads(
        seal(tmp_path, store, versions={}, hashes={}).read_text("utf-8")
    )["artefacts"]  # fmt: skip
    heads = re.compile("<code>[0-9a-f]{64}</code>")

    assert noted["reports/workflow_reference.html"] == "report"
    assert "reports/workflow_reference.html" in sealed
    assert heads.sub("", page(store, tmp_path)) == heads.sub("", first)


def test_the_page_stands_by_itself(tmp_path: Path, store: Store) -> None:
    """No server is asked; every section has a heading that the list on top leads to."""
    set_automations(store, looks=LOOKS, modules={}, enterprise=True)
    text = page(store, tmp_path)
    anchors = re.findall(r'<a href="#([a-z]+)"', text)

    assert not re.search(r"<(script|link|img|iframe)|@import|https?://(?!www\.w3\.org)", text)
    assert len(anchors) == len(CONSTRUCTS) + 2
    for anchor in anchors:
        assert text.count(f'<section id="{anchor}"') == 1
    assert text.count("<h1>") == 1
    assert text.count("<table>") == text.count("<caption>")
    assert text.count("<th>") == 0
    assert text.count('role="img" aria-label=') == text.count("<svg") == 2


def test_what_is_kept_is_read_back_as_it_was(store: Store) -> None:
    """The facts survive their way through the state; those of an older form are not read."""
    found = workings.count(store, MAPPING)
    held = held_workings(store)
    store.journey.set_document("workings", {"form": 0})

    assert held == HeldWorkings("b", found, workings._decided(MAPPING))
    assert held_workings(store) is None
    assert held_automations(store) is None


def test_a_page_without_a_run_can_be_built_from_facts_alone() -> None:
    """The page is data before it is a file."""
    made = workflow_page(None, None, run="clinic", head="0" * 64)

    assert [one.title for one in made.sections] == ["What acts in Odoo already"]
