"""P4: whatever is changed in a run folder, `verify` finds it and names it."""

from __future__ import annotations

import fcntl
import getpass
import json
import shutil
import socket
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import small_run as made
from tests.support.forging import alter, bad, rechain, retell
from workbench.errors import EvidenceError, RunFolderError, UsageError
from workbench.phases import order
from workbench.proof import check_head, seal, verify
from workbench.proof.verify import PHASES
from workbench.state import Fate, Outcome, Question, Status, Store, ledger


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a finished and sealed run, and one that is not sealed; nobody writes."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("sealed", "unsealed"):
        (folder / name).mkdir()
        made.small_run(folder / name, sealed=name == "sealed").close()
    return folder


@pytest.fixture
def sealed(runs: Path, tmp_path: Path) -> Path:
    """Give a copy of a finished and sealed run folder."""
    return shutil.copytree(runs / "sealed", tmp_path / "run")


@pytest.fixture
def unsealed(runs: Path, tmp_path: Path) -> Path:
    """Give a copy of the same run folder before it was sealed."""
    return shutil.copytree(runs / "unsealed", tmp_path / "run")


def page_of(folder: Path, resource: str) -> Path:
    """Give the file of a resource's first page."""
    store = Store(folder / "state.sqlite")
    sha = next(page.sha256 for page in store.source.pages() if page.resource == resource)
    store.close()
    return folder / "pages" / sha[:2] / f"{sha}.json.z"


def test_an_untouched_run_verifies(sealed: Path) -> None:
    """A run that nobody touched verifies, and says how much was counted anew."""
    found = verify(sealed)

    assert found.ok, found.lines()
    assert found.first_bad is None
    assert any("6 distinct records" in line for line in found.lines())
    found.demand()


def test_an_unsealed_run_is_checked_as_far_as_it_goes(unsealed: Path) -> None:
    """A run that is still going on verifies, and says that it is not sealed yet."""
    found = verify(unsealed)

    assert found.ok, found.lines()
    assert any("not sealed yet" in line for line in found.lines())


def test_a_run_that_has_not_loaded_yet_verifies(tmp_path: Path) -> None:
    """Before the load nothing is claimed, so open fates are no fault."""
    store = Store(tmp_path / "state.sqlite")
    made.store_page(tmp_path, store, "patients", made.PATIENTS)
    store.close()

    assert verify(tmp_path).ok


def test_verifying_leaves_a_read_only_copy_as_it_is(sealed: Path, tmp_path: Path) -> None:
    """A copy on a read-only disk can be checked, and not a byte or file of it changes."""
    copy = shutil.copytree(sealed, tmp_path / "copy")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    folders = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for path in [*before, *folders]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        found = verify(copy)
    finally:
        for path in folders:
            path.chmod(0o700)

    assert found.ok, found.lines()
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_a_state_file_with_work_in_its_log_is_read_whole(tmp_path: Path) -> None:
    """What SQLite has not moved into the main file yet counts as well."""
    store = made.small_run(tmp_path)
    try:
        found = verify(tmp_path)
    finally:
        store.close()

    assert found.ok, found.lines()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    """Verifying something that is not a run says so; it does not pass."""
    with pytest.raises(RunFolderError):
        verify(tmp_path)


# one thing changed at a time ---------------------------------------------------------------

Tamper = Callable[[Path], None]


def _flip_page(folder: Path) -> None:
    path = page_of(folder, "patients")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _swap_page(folder: Path) -> None:
    path = page_of(folder, "patients")
    path.write_bytes(zlib.compress(zlib.decompress(path.read_bytes()).replace(b"Anna", b"Else")))


def _flip_file(folder: Path) -> None:
    path = next(path for path in (folder / "files").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def _remove_file(folder: Path) -> None:
    next(path for path in (folder / "files").rglob("*") if path.is_file()).unlink()


def _edit_notebook(folder: Path) -> None:
    path = folder / made.NOTEBOOK
    path.write_bytes(path.read_bytes().replace(b"11 equal", b"12 equal"))


def _edit_map(folder: Path) -> None:
    (folder / "mapping.yaml").write_text("rows: [1]\n", encoding="utf-8")


def _edit_seal(folder: Path) -> None:
    path = folder / "seal.json"
    path.write_text(path.read_text().replace('"created": 2', '"created": 3'), encoding="utf-8")


def _garble_seal(folder: Path) -> None:
    (folder / "seal.json").write_text("{", encoding="utf-8")


def _seal_of_another_shape(folder: Path) -> None:
    (folder / "seal.json").write_text("[1]", encoding="utf-8")


def _sql(*statements: str) -> Tamper:
    return lambda folder: alter(folder, *statements)


def _truncate(folder: Path) -> None:
    alter(folder, "DELETE FROM ledger WHERE seq > (SELECT MAX(seq) - 2 FROM ledger)")


def _outside(folder: Path) -> None:
    alter(folder, "UPDATE artefacts SET path='../elsewhere' WHERE kind='mapping'")


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a flipped byte in a page": (_flip_page, "pages: page 1 of patients"),
    "another body under a page's name": (_swap_page, "pages: page 1 of patients"),
    "a page file removed": (lambda f: page_of(f, "appointments").unlink(),
                            "pages: page 1 of appointments"),
    "a page's row dropped": (
        _sql("PRAGMA foreign_keys=OFF", "DELETE FROM pages WHERE resource='appointments'"),
        "pages: page 1 of appointments is told of"),
    "a ledger row dropped": (_sql("DELETE FROM ledger WHERE seq=5"), "ledger: entry 5 is missing"),
    "a ledger row altered": (_sql("UPDATE ledger SET actor='someone' WHERE seq=4"),
                             "ledger: entry 4"),
    "two ledger rows swapped": (
        _sql("UPDATE ledger SET seq=-1 WHERE seq=3", "UPDATE ledger SET seq=3 WHERE seq=4",
             "UPDATE ledger SET seq=4 WHERE seq=-1"), "ledger: entry 3"),
    "the ledger's tail cut off": (_truncate, "seal: the head that seal.json names"),
    "an edited output cell": (_edit_notebook, "artefacts: notebook notebooks/07_migrate"),
    "a notebook removed": (lambda f: (f / made.NOTEBOOK).unlink(),
                           "artefacts: notebook notebooks/07_migrate"),
    "an edited map": (_edit_map, "artefacts: mapping mapping.yaml has been altered"),
    "an artefact outside the folder": (_outside, "artefacts:"),
    "an edited seal": (_edit_seal, "seal: seal.json has been altered"),
    "a seal that is not JSON": (_garble_seal, "seal: seal.json cannot be read"),
    "a seal of another shape": (_seal_of_another_shape, "seal: seal.json is not a seal"),
    "the seal removed": (lambda f: (f / "seal.json").unlink(), "seal: the ledger tells of a seal"),
    "a flipped byte in a file": (_flip_file, "files: file files_9 has been altered"),
    "a file removed": (_remove_file, "files: file files_9 is missing"),
    "a status forged to done": (
        _sql("INSERT INTO phases VALUES ('delta','done','{}','all of it','2026-01-01',NULL)"),
        "phases: delta is done"),
    "a phase's hashes forged": (_sql("UPDATE phases SET basis='{}' WHERE phase='migrate'"),
                                "phases: migrate stands on other hashes"),
    "a decision forged": (
        _sql("UPDATE decisions SET choice='Cancelled' WHERE subject LIKE 'value:%'"),
        "decisions: value:appointments.status=missed is not what was decided"),
    "a comment forged": (
        _sql("UPDATE decisions SET comment='as the doctor wished'"),
        "tables: decisions has 2 rows, and they are not those that entry"),
    "a document forged": (_sql("UPDATE documents SET body='{\"rows\":2}'"),
                          "documents: altered or missing: mapping"),
    "a record altered": (
        _sql("UPDATE records SET sha256=replace(sha256, substr(sha256,1,1), '0') "
             "WHERE resource='patients' AND source_id='2'"), "records: patients 2"),
    "a record dropped": (
        _sql("DELETE FROM records WHERE resource='appointments' AND source_id='6'"),
        "records: appointments 6 is in the pages"),
    "a record declared gone": (
        _sql("UPDATE records SET gone=1 WHERE resource='appointments' AND source_id='6'"),
        "records: appointments 6 counts as gone"),
    "a record made up": (
        _sql("INSERT INTO records SELECT resource, '8', generation, page_id, position, "
             "patient_id, sha256, raw, rows, gone FROM records WHERE source_id='5'"),
        "records: appointments 8 is in no page"),
    "rows miscounted": (_sql("UPDATE walks SET rows=2 WHERE resource='patients'"),
                        "records: patients (pass 0): the pages hold 3 rows"),
    "an operation forged to done": (_sql("UPDATE operations SET status='unknown' WHERE id=1"),
                                    "operations: operation 1"),
    "an operation's row dropped": (
        _sql("DELETE FROM links WHERE operation_id=3", "DELETE FROM operations WHERE id=3"),
        "operations: operation 3"),
    "verdicts dropped": (_sql("UPDATE verdicts SET verdict='equal'"), "comparisons:"),
    "an issue dropped": (_sql("DELETE FROM issues"), "issues: 0 are listed"),
    "sums forged so that they close": (
        _sql("UPDATE fates SET outcome='merged' WHERE resource='appointments'"),
        "outcomes: the sums that are kept"),
    "an outcome dropped": (_sql("DELETE FROM outcomes WHERE source_id='6'"),
                           "outcomes: the run says it is finished"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_every_forgery_is_found_and_named(sealed: Path, name: str) -> None:
    """Whatever was changed behind the workbench's back is found, named, and worth exit code 5."""
    tamper, expected = TAMPERED[name]
    tamper(sealed)

    found = verify(sealed)

    lines = "\n".join(found.lines())
    assert not found.ok
    assert f"✗ {expected}" in lines, lines
    with pytest.raises(EvidenceError) as refusal:
        found.demand()
    assert refusal.value.exit_code == 5


UNSEALED = {
    "an edited output cell": (_edit_notebook, "artefacts: notebook notebooks/07_migrate"),
    "a decision forged": (
        _sql("UPDATE decisions SET choice='Cancelled' WHERE subject LIKE 'value:%'"),
        "decisions: value:appointments.status=missed is not what was decided"),
    "another person named": (_sql("UPDATE decisions SET decided_by='Else Dorn'"),
                             "decisions: sample is not what was decided"),
    "a question dropped": (_sql("DELETE FROM decisions WHERE subject='sample'"),
                           "decisions: sample was asked and is not there"),
    "a fate nobody loaded": (
        _sql("UPDATE outcomes SET external_id='appointment_77' WHERE source_id='6'"),
        "outcomes: appointments 6 counts as in Odoo, and no call to Odoo made it"),
    "a fate without a reason": (
        _sql("UPDATE outcomes SET outcome='excluded', external_id='' WHERE source_id='6'"),
        "outcomes: appointments 6 is not in Odoo for no reason"),
    "a fate for nobody": (
        _sql("INSERT INTO outcomes VALUES ('patients','77','excluded','test','','migrate')"),
        "outcomes: patients 77 has a fate"),
    "a fate for no file": (
        _sql("INSERT INTO outcomes VALUES ('files:files','77','excluded','test','','migrate')"),
        "outcomes: files:files 77 has a fate"),
    "the ledger's tail cut off": (_truncate, "artefacts: artefact mapping.yaml is held"),
    "a link made up": (
        _sql("INSERT INTO links SELECT 'patient_3', model, 43, resource, '3', how, operation_id, "
             "sent, NULL FROM links WHERE external_id='patient_1'"),
        "operations: operation 1 has 3 links"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEALED)
def test_forgeries_are_found_before_the_seal_too(unsealed: Path, name: str) -> None:
    """The ledger alone is enough to find a forged state in a run that is not sealed."""
    tamper, expected = UNSEALED[name]
    tamper(unsealed)

    found = verify(unsealed)

    assert f"✗ {expected}" in "\n".join(found.lines()), found.lines()


def test_a_forged_fate_shows_against_the_seal(sealed: Path) -> None:
    """A fate rewritten after the sign-off, reason and all, is not what was sealed."""
    alter(sealed, "UPDATE outcomes SET outcome='excluded', reason='by hand', external_id='' "
                  "WHERE resource='appointments' AND source_id='6'")  # fmt: skip

    assert bad(verify(sealed)).startswith("tables: outcomes has 7 rows, and they are not those")


def test_a_ledger_chained_anew_is_found_by_the_seal(sealed: Path) -> None:
    """A forger who drops a row and chains the rest anew has another head than the seal."""
    alter(sealed, "DELETE FROM ledger WHERE seq=5")
    rechain(sealed)

    found = verify(sealed)

    assert "✓ ledger" in "\n".join(found.lines())
    assert bad(found).startswith("seal: the head that seal.json names is not in the ledger")


def test_a_noted_head_shows_that_the_whole_folder_is_an_older_copy(
    sealed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The head printed at sign-off is not in a folder that was put back from before."""
    older = shutil.copytree(sealed, tmp_path_factory.mktemp("older") / "run")
    store = Store(sealed / "state.sqlite")
    store.journey.set_document("mapping", {"rows": 2})
    head = store.ledger.head()
    store.close()
    assert verify(sealed, head=head).ok
    assert verify(sealed, head=head[:16]).ok
    shutil.copytree(older, sealed, dirs_exist_ok=True)

    assert verify(sealed).ok
    assert bad(verify(sealed, head=head)).startswith("ledger: the head that was noted")
    assert bad(verify(sealed, head=head[:16])).startswith("ledger: the head that was noted")


def test_a_run_goes_on_after_its_seal(sealed: Path) -> None:
    """What the ledger tells of having changed after the sealing is no forgery."""
    store = Store(sealed / "state.sqlite")
    store.decisions.ask([Question("signoff", "reconcile", "Accept?", ["accept", "refuse"], [1])])
    store.decisions.decide("signoff", "accept", by="Noor Visser")
    made.store_page(sealed, store, "patients", [made.PATIENTS[0]], generation=1)
    store.proof.set_outcomes(
        [Outcome("appointments", "6", Fate.EXCLUDED, "taken out", "", "delta")]
    )
    store.journey.set_phase("delta", Status.DONE)
    store.close()

    found = verify(sealed)

    assert found.ok, found.lines()


def test_an_event_that_the_replay_does_not_know_is_left_alone(sealed: Path) -> None:
    """Rooms may tell of more than the evidence is drawn from; the chain still holds it."""
    store = Store(sealed / "state.sqlite")
    with store.transaction():
        store.ledger.append("file shown", "files_9", actor="Noor Visser")
        store.ledger.append("unmasked", "sample", actor="Noor Visser")
    store.close()

    assert verify(sealed).ok


def test_a_run_that_was_rolled_back_claims_nothing_and_verifies(sealed: Path) -> None:
    """After a rollback there are no fates, and that is not held against the run."""
    store = Store(sealed / "state.sqlite")
    store.destination.remove_links([link.external_id for link in store.destination.links()])
    store.proof.clear_outcomes()
    store.close()

    found = verify(sealed)

    assert found.ok, found.lines()
    assert any("taken back out" in line for line in found.lines())


def test_an_old_seal_is_known_from_the_newest(sealed: Path) -> None:
    """A seal put back from before a later one is refused."""
    old = (sealed / "seal.json").read_bytes()
    store = Store(sealed / "state.sqlite")
    store.journey.set_document("mapping", {"rows": 2})
    seal(sealed, store, versions=made.VERSIONS, hashes={**made.HASHES, "mapping": "n" * 64})
    store.close()
    assert verify(sealed).ok
    (sealed / "seal.json").write_bytes(old)

    assert bad(verify(sealed)).startswith("seal: seal.json is an old one")


def test_sealing_again_what_has_not_changed_adds_nothing(tmp_path: Path) -> None:
    """Sealing is safe to repeat: the same run has the same seal, byte for byte."""
    store = made.small_run(tmp_path)
    before, head = (tmp_path / "seal.json").read_bytes(), store.ledger.head()

    seal(tmp_path, store, versions=made.VERSIONS, hashes=made.HASHES)

    assert (tmp_path / "seal.json").read_bytes() == before
    assert store.ledger.head() == head
    assert (tmp_path / "seal.json").stat().st_mode & 0o777 == 0o600
    store.close()


def test_a_seal_names_the_head_of_the_chain(tmp_path: Path) -> None:
    """The seal's head and count are those of the ledger row that it was written with."""
    store = made.small_run(tmp_path)

    sealed = json.loads((tmp_path / "seal.json").read_text(encoding="utf-8"))

    last = list(store.ledger.entries())[-1]
    assert sealed["ledger"] == {"entries": last.seq, "head": last.hash}
    assert sealed["balance"]["files"]["created"] == 1
    store.close()


def test_an_altered_notebook_is_not_sealed(tmp_path: Path) -> None:
    """There is nothing true to seal where an executed notebook was edited before."""
    store = made.small_run(tmp_path, sealed=False)
    _edit_notebook(tmp_path)

    with pytest.raises(EvidenceError, match="07_migrate"):
        seal(tmp_path, store, versions=made.VERSIONS, hashes=made.HASHES)
    store.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"\0" * 5000])
def test_a_garbled_state_file_is_a_failed_check(sealed: Path, content: bytes) -> None:
    """A state file that cannot be read is named, not thrown as a traceback."""
    (sealed / "state.sqlite").write_bytes(content)

    found = verify(sealed)

    assert bad(found).startswith("state file:")


def test_a_row_without_an_id_must_be_listed(tmp_path: Path) -> None:
    """A row that cannot be carried over is listed; hiding it is found from the raw page."""
    store = Store(tmp_path / "state.sqlite")
    made.store_page(tmp_path, store, "patients", [*made.PATIENTS, {"first_name": "Nobody"}])
    store.close()
    assert verify(tmp_path).ok
    alter(tmp_path, "DELETE FROM issues", "DELETE FROM ledger WHERE event='issues listed'")
    rechain(tmp_path)

    assert bad(verify(tmp_path)).startswith("records: patients: a row without an id")


def test_a_folder_that_was_renamed_and_moved_verifies_in_silence(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine, under another name, by another account: nothing is asked of anybody."""
    elsewhere = tmp_path / "other machine" / "Praxis Nørd"
    elsewhere.parent.mkdir()
    sealed.rename(elsewhere)
    monkeypatch.setattr(getpass, "getuser", lambda: "a stranger")
    monkeypatch.setattr(socket, "socket", _no_socket)

    assert verify(elsewhere).ok, verify(elsewhere).lines()


def _no_socket(*_args: object, **_more: object) -> socket.socket:
    what = "verifying opens no socket"
    raise AssertionError(what)


def _link_a_page(folder: Path) -> None:
    path = page_of(folder, "patients")
    outside = folder.parent / "elsewhere"
    path.rename(outside)
    path.symlink_to(outside)


def _link_the_reports(folder: Path) -> None:
    (folder.parent / "theirs").mkdir()
    (folder / "reports").symlink_to(folder.parent / "theirs")


def _stray_notebook(folder: Path) -> None:
    path = folder / made.NOTEBOOK
    path.with_name("09_reconcile.20270101T000000Z.ipynb").write_bytes(path.read_bytes())


def _stray_report(folder: Path) -> None:
    (folder / "reports").mkdir()
    (folder / "reports" / "sample.html").write_text("<p>all equal", encoding="utf-8")


BESIDE: dict[str, tuple[Tamper, str]] = {
    "a page that lies elsewhere": (_link_a_page, "is a link to another place"),
    "reports that lie elsewhere": (_link_the_reports, "reports is a link to another place"),
    "a notebook nobody executed": (
        _stray_notebook, "not told of in the ledger: notebooks/09_reconcile.20270101T000000Z.ipynb"
    ),
    "a report nobody wrote": (_stray_report, "not told of in the ledger: reports/sample.html"),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_the_evidence_is_named(sealed: Path, name: str) -> None:
    """A reader takes what lies in the folder for evidence, so nothing untold may lie there."""
    tamper, expected = BESIDE[name]
    tamper(sealed)

    found = verify(sealed)

    assert bad(found).startswith("folder: ")
    assert expected in bad(found)


def test_what_proves_nothing_and_hurts_nothing_is_noted(sealed: Path) -> None:
    """Working copies of the notebooks, and what a killed process left, are no forgery."""
    (sealed / "notebooks" / "lab").mkdir()
    (sealed / "notebooks" / "lab" / "05_extract.ipynb").write_text("{}", encoding="utf-8")
    (sealed / "pages" / "part-0123").write_bytes(b"half a page")
    (sealed / "notebooks" / ".07_migrate.abc.part").write_bytes(b"half a notebook")

    found = verify(sealed)

    assert found.ok, found.lines()
    assert found.notes == (
        "notebooks/lab holds 1 working copies, which prove nothing",
        "not told of in the ledger, and no evidence: notebooks/.07_migrate.abc.part (and 1 more)",
    )


def test_a_notebook_that_is_being_executed_is_no_stray(sealed: Path) -> None:
    """While a phase is at work, what it has saved and not noted yet is its own."""
    _stray_notebook(sealed)
    with (sealed / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = verify(sealed)

    assert found.ok, found.lines()
    assert found.notes[0].endswith("a phase is at work")
    assert not verify(sealed).ok


def test_a_clock_that_went_back_is_said_and_breaks_nothing(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of the chain is not that of the clock; that they disagree is a fact to be told."""
    store = Store(sealed / "state.sqlite")
    before = sum(1 for _ in store.ledger.entries())
    monkeypatch.setattr(ledger, "now", lambda: "2001-01-01T00:00:00.000000+00:00")
    store.journey.set_document("mapping", {"rows": 2})
    store.close()

    found = verify(sealed)

    assert found.ok, found.lines()
    assert found.notes == (f"the clock went back 1 time(s), first at entry {before + 1}",)


def test_everything_forged_to_fit_is_found_by_the_seal_and_the_noted_head(sealed: Path) -> None:
    """A forger who tells and chains everything anew has other heads than the seal and the paper."""
    head = json.loads((sealed / "seal.json").read_bytes())["ledger"]["head"]
    alter(sealed, "UPDATE decisions SET comment='as the doctor wished'")
    retell(sealed)

    found = verify(sealed)

    assert [check.name for check in found.checks if not check.ok] == ["seal"]
    (sealed / "seal.json").unlink()
    alter(sealed, "DELETE FROM ledger WHERE event='sealed'")
    rechain(sealed)
    assert verify(sealed).ok
    assert bad(verify(sealed, head=head)).startswith("ledger: the head that was noted")


def test_a_delta_that_was_stopped_is_no_forgery(sealed: Path) -> None:
    """Visits that were read after the seal, and not loaded yet, may be without a fate."""
    store = Store(sealed / "state.sqlite")
    new = {"id": 8, "patient_id": 1, "status": "pending", "start": "2025-04-01 09:00:00"}
    made.store_page(sealed, store, "appointments", [*made.VISITS, new], generation=1)
    assert verify(sealed).ok, verify(sealed).lines()

    store.journey.set_phase("reconcile", Status.DONE)
    store.close()
    assert bad(verify(sealed)).startswith("outcomes: the run says it is finished")


@pytest.mark.parametrize("head", ["", "abc", "0123456789abcde", "not a head at all", "f" * 65])
def test_a_head_that_is_none_is_a_mistake_of_usage(head: str) -> None:
    """What a person mistyped is said to be that, and not held against the evidence."""
    with pytest.raises(UsageError, match="no ledger head"):
        check_head(head)
    assert check_head(f" {'AB' * 8} ") == "ab" * 8


def test_the_phases_that_are_checked_are_the_ten_of_the_journey() -> None:
    """No phase of the journey is left out of the check."""
    assert [phase.name for phase in order.PHASES] == list(PHASES)
