"""The pass over all values, as the phases run it: typed values stored, every oddity listed once."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import LookupFailedError, UsageError
from workbench.odoo import Lookups
from workbench.phases import cleansing, knowledge
from workbench.phases.expectations import STAGES, Expectations
from workbench.practicehub import Client, Pace
from workbench.proof.checks import BadError
from workbench.proof.ledger import check_issues
from workbench.proof.told import replay
from workbench.run import Run
from workbench.sandbox.clinic import BLOB, Vocabulary, generate
from workbench.staging import TYPED_RULES, RecordSchema
from workbench.state import IssueKind, TypedRow

VOCABULARIES: tuple[Vocabulary, ...] = ("brief", "observed")
PLANTED = {"id": 900001, "first_name": "Zebedeus\x00", "last_name": "Quackenbush",
           "email": "zebedeus@@example", "date_of_birth": "spring", "note": "<p>&nbsp;</p>",
           "phone": "06 12345678", "created": "2024-07-01 09:00:00"}  # fmt: skip
SECRETS = ("Zebedeus", "Quackenbush", "zebedeus@@example", "spring", "12345678")


class EmptyOdoo:
    """Stands for an Odoo that has neither doctors, insurers nor states."""

    def contacts(self, _names: object) -> dict[str, int]:
        """Find nobody."""
        return {}

    companies = contacts

    def resolve(self, _ref: object) -> int:
        """Know no state."""
        what = "Odoo has no such state."
        raise LookupFailedError(what)


def run_of(folder: Path, vocabulary: Vocabulary, *, planted: bool = True) -> Run:
    """Make a run that holds a synthetic clinic and has asked Odoo all it needs to know."""
    folder.mkdir(exist_ok=True)
    run = made_run(folder)
    clinic = generate(vocabulary=vocabulary, patients=30)
    for resource, rows in clinic.items():
        extra = [PLANTED] if planted and resource == "patients" else []
        store_page(run.folder, run.store, resource, [*cast("Any", rows), *extra])
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    run.store.journey.set_document("offers", {"subtypes": {"note": 2}})
    run.lookups = cast("Lookups", EmptyOdoo())
    return run


def decide(run: Run) -> None:
    """Accept every proposal; a practitioner who has none goes by name only."""
    run.store.decisions.accept_proposed(by="Noor Visser")
    for one in run.store.decisions.open("practitioner:"):
        run.store.decisions.decide(one.subject, "name only", by="Noor Visser")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[Vocabulary, Path]:
    """Make, for each vocabulary, a run whose map is decided and whose records are checked."""
    found: dict[Vocabulary, Path] = {}
    for vocabulary in VOCABULARIES:
        run = run_of(tmp_path_factory.mktemp(vocabulary), vocabulary)
        knowledge.learn(run.extract)
        decide(run)
        run.extract.check()
        run.store.close()
        found[vocabulary] = run.folder
    return found


@pytest.fixture(params=VOCABULARIES)
def checked(
    request: pytest.FixtureRequest, made: dict[Vocabulary, Path], tmp_path: Path
) -> Iterator[Run]:
    """Give a copy of such a run, in both vocabularies one after the other."""
    yield from opened(made[request.param], tmp_path)


@pytest.fixture
def brief(made: dict[Vocabulary, Path], tmp_path: Path) -> Iterator[Run]:
    """Give a copy of such a run in the words of the brief."""
    yield from opened(made["brief"], tmp_path)


def opened(folder: Path, tmp_path: Path) -> Iterator[Run]:
    """Open a copy of a run, and close it at the end."""
    run = Run.open(shutil.copytree(folder, tmp_path / "clinic"))
    run.lookups = cast("Lookups", EmptyOdoo())
    yield run
    run.store.close()


def issues_of(run: Run, resource: str, source_id: str) -> dict[tuple[str, str], str]:
    """Give kind and field of what is listed of a record, with what happens to it."""
    return {(one.kind.value, one.field): one.outcome
            for one in run.store.staging.issues(resource=resource)
            if one.source_id == source_id}  # fmt: skip


def schemas_of(run: Run) -> dict[str, RecordSchema]:
    """Give the schemas of all resources held, by what was decided."""
    mapping = knowledge.draft(run.extract).mapping
    return {name: RecordSchema(name, mapping) for name in run.store.source.resources()}


def shown(*things: object) -> str:
    """Give all that a notebook would save of some shown things."""
    return "".join(repr(one) + cast("Any", one)._repr_html_() for one in things)


def test_every_record_has_its_typed_values_beside_it(checked: Run) -> None:
    """After the check no record is left unread, and each typed value has its raw copy still."""
    records = [one for name in checked.store.source.resources()
               for one in checked.store.source.records(name)]  # fmt: skip

    assert cleansing.unread(checked.store) == 0
    assert all(checked.store.staging.typed("patients", r.source_id)
               for r in checked.store.source.records("patients"))  # fmt: skip
    assert len(records) > 500
    assert checked.store.source.record("patients", "900001").data == PLANTED  # type: ignore[union-attr]


def test_the_address_of_a_file_stands_in_its_raw_record_alone(checked: Run) -> None:
    """Whoever has it may read the file, so it is nowhere a second time."""
    found = [
        json.dumps(checked.store.staging.typed(name, one.source_id))
        for name in ("files", "documents", "prescriptions")
        for one in checked.store.source.records(name)
    ]
    assert len(found) > 30
    assert [one for one in found if BLOB in one] == []


def test_no_oddity_is_listed_twice_by_two_rules(checked: Run) -> None:
    """What reading a value found is not found again, in other words, by what the load expects."""
    listed = Counter(
        (one.kind, one.resource, one.source_id, field)
        for one in checked.store.staging.issues()
        for field in one.field.split(", ")
    )

    assert len(listed) > 50
    assert [one for one, times in listed.items() if times > 1] == []


def test_nothing_the_load_finds_is_missing_from_the_list(checked: Run) -> None:
    """Whatever the expectations say of a record stands in the list under its kind and field."""
    listed = {(one.kind, one.resource, one.source_id, field)
              for one in checked.store.staging.issues()
              for field in one.field.split(", ")}  # fmt: skip
    expectations = Expectations(checked)
    missing = [
        found
        for stage in STAGES
        for due in expectations.of_stage(stage)
        for found in due.expected.issues
        if not any((found.kind, found.resource, found.source_id, field) in listed
                   for field in found.field.split(", "))
    ]  # fmt: skip

    assert missing == []


def test_what_happens_to_each_odd_value_is_said(brief: Run) -> None:
    """The planted patient's five oddities are listed by field, each with its own outcome."""
    assert issues_of(brief, "patients", "900001") == {
        ("control_characters", "patients.first_name"): "impossible characters removed",
        ("date_unreadable", "patients.date_of_birth"):
            "left empty; the raw text is kept among the values that could not be read",
        ("email_invalid", "patients.email"): "kept as typed",
        ("value_emptied", "patients.note"): "left empty; the raw value stays in the run folder",
    }  # fmt: skip
    typed = brief.store.staging.typed("patients", "900001") or {}
    assert typed["email"] == PLANTED["email"]
    assert typed["first_name"] == "Zebedeus"
    assert typed["created"] == "2024-07-01 07:00:00"
    assert not {"date_of_birth", "note"} & set(typed)


def test_a_second_check_reads_nothing_again(brief: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unchanged record under unchanged rules costs no reading, and no issue is added."""
    before = list(brief.store.staging.dated_issues())
    monkeypatch.setattr(cleansing, "_typed", lambda *_args: pytest.fail("a record was read again"))

    brief.extract.check()

    assert list(brief.store.staging.dated_issues()) == before


def test_a_record_that_changed_is_read_again_and_its_old_issues_go(brief: Run) -> None:
    """When the clinic mends a date, the list no longer says that it cannot be read."""
    mended = {**PLANTED, "date_of_birth": "1980-02-29", "note": "was <i>late</i>"}
    store_page(brief.folder, brief.store, "patients", [mended], generation=1)

    assert cleansing.unread(brief.store) == 1
    brief.extract.check()

    assert set(issues_of(brief, "patients", "900001")) == {
        ("control_characters", "patients.first_name"), ("email_invalid", "patients.email"),
    }  # fmt: skip
    assert (brief.store.staging.typed("patients", "900001") or {})["date_of_birth"] == "1980-02-29"
    assert "are listed" in check_issues(brief.store, replay(brief.store.ledger.entries()))


def test_an_issue_that_went_without_a_word_is_noticed(brief: Run) -> None:
    """The ledger tells of every issue that was listed and withdrawn; a deleted one is missed."""
    with brief.store.transaction() as db:
        db.execute("DELETE FROM issues WHERE id=(SELECT MAX(id) FROM issues)")

    with pytest.raises(BadError, match="the ledger tells of"):
        check_issues(brief.store, replay(brief.store.ledger.entries()))


def test_a_field_first_seen_now_waits_and_is_read_once_decided(brief: Run) -> None:
    """A new field's record is listed as waiting; after the decision the row is gone again."""
    newcomer = {"id": 900002, "first_name": "Anna", "hair_colour": "red"}
    store_page(brief.folder, brief.store, "patients", [newcomer], generation=1)

    brief.extract.check()
    waiting = issues_of(brief, "patients", "900002")
    decide(brief)
    brief.extract.check()

    assert waiting == {("field_unknown", "patients.hair_colour"): "the record waits for a decision"}
    assert issues_of(brief, "patients", "900002") == {}
    assert (brief.store.staging.typed("patients", "900002") or {})["hair_colour"] == "red"


def test_a_kill_between_two_batches_loses_nothing(
    brief: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass that was cut short goes on where it stopped and ends as an undisturbed one."""
    run = run_of(tmp_path / "cut", "brief")
    knowledge.learn(run.extract)
    decide(run)
    monkeypatch.setattr(cleansing, "_TOGETHER", 50)
    monkeypatch.setattr(cleansing, "TypedRow", _cut_after(3))
    with pytest.raises(KeyboardInterrupt):
        run.extract.check()
    monkeypatch.setattr(cleansing, "TypedRow", TypedRow)
    left = sum(run.store.staging.count_untyped(name, rules=schema.hash)
               for name, schema in schemas_of(run).items())  # fmt: skip
    total = sum(volume.distinct for volume in run.store.source.volumes().values())

    run.extract.check()

    assert left == total - 150
    assert _state(run) == _state(brief)


def _cut_after(batches: int) -> Any:  # noqa: ANN401 - stands for a class
    made = 0

    def row(*values: Any) -> Any:  # noqa: ANN401
        nonlocal made
        made += 1
        if made > batches * 50:
            raise KeyboardInterrupt
        return TypedRow(*values)

    return row


def _state(run: Run) -> tuple[object, object, object]:
    issues = sorted((one.kind, one.resource, one.source_id, one.field, one.rule, one.outcome)
                    for one in run.store.staging.issues())  # fmt: skip
    typed = [run.store.staging.typed(name, one.source_id)
             for name in run.store.source.resources()
             for one in run.store.source.records(name)]  # fmt: skip
    return issues, typed, run.store.journey.document("changes")


def test_counts_of_changes_add_up_and_hold_no_value(brief: Run) -> None:
    """Changed and odd records are counted by field and rule, as many as the records tell."""
    table = brief.extract.changes()
    rows: dict[Any, Any] = {row[0]: row for row in table.rows}
    schemas = schemas_of(brief)
    changed = Counter(
        f"{name}.{path}"
        for name, schema in schemas.items()
        for record in brief.store.source.records(name)
        for path in schema(record.source_id, record.data).changed
    )

    assert rows["patients.phone"][1] == "phone"
    assert {field: row[3] for field, row in rows.items() if row[3]} == changed
    assert all(row[3] <= row[2] for row in rows.values())
    assert "1 date unreadable" in str(rows["patients.date_of_birth"][4])
    text = json.dumps(brief.store.journey.document("changes"))
    assert not any(one in text + shown(table) for one in SECRETS)


def test_one_records_changes_are_shown_masked_unless_asked_otherwise(brief: Run) -> None:
    """Rule, before and after of each value; patient data only where the clinic said so."""
    masked = brief.extract.explain("patients", "900001")
    migration = brief.config.migration.model_copy(update={"show_patient_data": True})
    brief.extract.config = brief.config.model_copy(update={"migration": migration})
    open_ = brief.extract.explain("patients", "900001")

    assert not any(one in shown(masked) for one in SECRETS)
    assert [row[:2] for row in masked.rows] == [row[:2] for row in open_.rows]
    assert ("phone", "phone", "06 12345678", "+31612345678") in open_.rows
    assert ("date_of_birth", "date", "spring", "empty") in open_.rows


def test_a_record_that_is_not_held_cannot_be_explained(tmp_path: Path) -> None:
    """A misspelt id is a mistake of the asker, told in three sentences."""
    with pytest.raises(UsageError, match="patients 77777 is not held"):
        run_of(tmp_path, "brief").extract.explain("patients", "77777")


def test_the_list_leaves_the_clinic_whole_and_without_a_value(brief: Run) -> None:
    """cleanse.csv has a row an issue with its meaning and time; neither it nor the page a value."""
    text = (brief.folder / "reports" / "cleanse.csv").read_text("utf-8-sig")
    page = (brief.folder / "reports" / "cleanse.html").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert list(rows[0]) == ["kind", "resource", "id", "field", "rule", "what happens", "found in",
                             "at (UTC)", "meaning"]  # fmt: skip
    assert len(rows) == sum(count for *_, count in brief.store.staging.issue_counts())
    assert all(row["meaning"] == IssueKind(row["kind"]).meaning for row in rows)
    assert {row["found in"] for row in rows} == {"extract"}
    assert all(row["at (UTC)"] and row["what happens"] and row["rule"] for row in rows)
    assert "patients.phone" in page
    assert "Changes by field" in page
    assert not any(one in text + page for one in SECRETS)


def test_the_verdict_waits_until_every_value_was_read(tmp_path: Path) -> None:
    """Extraction is not done while the values of some records were not checked."""
    run = run_of(tmp_path, "brief")

    before = [one for one in run.extract.judge().missing if "not checked" in one]
    knowledge.learn(run.extract)
    run.extract.check()

    assert len(before) == 1
    assert not [one for one in run.extract.judge().missing if "not checked" in one]


def answer(request: httpx.Request) -> httpx.Response:
    """Answer as an account that has patients only, one of them born on no day."""
    if not request.url.path.endswith("/patients"):
        return httpx.Response(404, json={"message": "no"})
    rows = [{"id": 7, "first_name": "Anna", "date_of_birth": "0000-00-00"}]
    return httpx.Response(200, json={"total_entries": 1, "data": rows, "links": {"next": None}})


def test_a_later_pass_reads_what_it_brought(tmp_path: Path) -> None:
    """What the delta found is typed, and its oddities are listed as the delta's."""
    run = made_run(tmp_path)
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    with Client(
        base_url="https://bright.neptune.practicehub.io/api", api_key="key",
        app_details="workbench=ops@example.org", wait_initial=0,
        pace=Pace(run.folder / "pace.lock", per_second=1000),
        transport=httpx.MockTransport(answer),
    ) as run.source:  # fmt: skip
        run.delta.look()
        decide(run)
        run.delta.look()

    assert run.store.staging.typed("patients", "7") == {"id": "7", "first_name": "Anna"}
    assert issues_of(run, "patients", "7") == {
        ("date_zero", "patients.date_of_birth"): "left empty"
    }
    assert cleansing.unread(run.store) == 0


def test_rules_of_typed_values_are_told_from_all_others(brief: Run) -> None:
    """What makes room when a record is read again is what reading listed, and nothing else."""
    rules = {one.rule for one in _other_issues(brief)}

    assert rules
    assert not rules & TYPED_RULES


def _other_issues(run: Run) -> Iterator[Any]:
    kinds = {IssueKind.ORPHAN, IssueKind.REFERENCE_UNKNOWN, IssueKind.DIFFERING_COPIES}
    return (one for one in run.store.staging.issues() if one.kind in kinds)
