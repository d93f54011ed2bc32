"""The run folder: made once, bound to one account and database, used by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.support import fake_odoo, small_load
from tests.support.made_runs import KEY, made_run, write_config
from workbench import run as run_module
from workbench.errors import (
    BusyError,
    GateError,
    LookupFailedError,
    PhaseFailedError,
    RunFolderError,
    SecretError,
    StateError,
    StorageFullError,
)
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo import Lookups, Odoo
from workbench.phases.finding import Finding
from workbench.phases.leftovers import LEFT, note_leftovers
from workbench.phases.steps import Steps, alone
from workbench.proof import verify
from workbench.run import HEADLESS_VARIABLE, HELD_VARIABLE, RUN_VARIABLE, Run
from workbench.state import Question, Status


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock as another process would."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def mode(path: Path) -> int:
    """Give a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


# made and opened --------------------------------------------------------------------------------


def test_what_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    """Folders 0700, files 0600, whatever the shell's mask is."""
    before = os.umask(0o022)
    try:
        run = made_run(tmp_path)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)

    for path in (run.folder, *run.folder.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert (run.folder / "migration.toml").read_bytes() == (tmp_path / "clinic.toml").read_bytes()


def test_making_a_run_again_goes_on_with_it_and_adds_nothing(tmp_path: Path) -> None:
    """The same configuration leaves the ledger as it is."""
    head = made_run(tmp_path).store.ledger.head()

    assert made_run(tmp_path).store.ledger.head() == head


def test_a_changed_configuration_of_the_same_two_ends_is_taken_and_noted(tmp_path: Path) -> None:
    """A faster pace is no other migration; the ledger tells of it."""
    made_run(tmp_path)
    config = write_config(tmp_path, ("[odoo]", "requests_per_second = 0.5\n\n[odoo]"))

    run = Run.create(config, tmp_path / "runs" / "clinic")

    assert (run.folder / "migration.toml").read_bytes() == config.read_bytes()
    assert Run.open(run.folder).config.practicehub.requests_per_second == 0.5
    assert [entry.event for entry in run.store.ledger.entries()].count("configured") == 2


def test_the_copy_of_the_configuration_is_evidence(tmp_path: Path) -> None:
    """Whoever edits the copy in the run folder is found out; the original is what one edits."""
    run = made_run(tmp_path)
    assert verify(run.folder).ok
    copy = run.folder / "migration.toml"
    original = copy.read_bytes()
    copy.write_bytes(original.replace(b"clinic", b"klinik"))

    assert not verify(run.folder).ok
    made_run(tmp_path)
    assert copy.read_bytes() == original
    assert verify(run.folder).ok


def test_who_signs_may_be_named_later(tmp_path: Path) -> None:
    """A key that is named when all is loaded reopens nothing; it lies beside the original."""
    run = made_run(tmp_path)
    assert run.signing_key is None
    before = run.store.journey.meta("config_hash")
    named = ("[odoo]", '[evidence]\nsigning_key = "keys/clinic"\n\n[odoo]')

    run = Run.create(write_config(tmp_path, named), tmp_path / "runs" / "clinic")

    assert run.signing_key == tmp_path / "keys" / "clinic"
    assert run.store.journey.meta("config_hash") == before


def test_a_notebook_of_a_phase_that_was_stopped_is_noted_by_the_next(tmp_path: Path) -> None:
    """It tells how far the phase came; until it is noted, nobody vouches for it."""
    run = made_run(tmp_path)
    left = run.folder / "notebooks" / "05_extract.20260101T000000Z.ipynb"
    left.write_text("{}", encoding="utf-8")
    (run.folder / "notebooks" / ".05_extract.half.part").write_text("{", encoding="utf-8")
    assert not verify(run.folder).ok

    note_leftovers(run)
    note_leftovers(run)

    assert verify(run.folder).ok
    assert [(path, kind) for path, kind, *_ in run.store.journey.artefacts()][1:] == [
        (f"notebooks/{left.name}", LEFT)
    ]


def test_a_seal_that_was_lost_while_it_was_written_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger tells of it before it is on the disk; the next run puts it there."""
    run = made_run(tmp_path)
    monkeypatch.setattr(run.reconcile, "judge", lambda: Finding((), ()))
    run.store.decisions.ask([Question("signoff", "reconcile", "Accepted?", ["accept"], [1])])
    run.store.decisions.decide("signoff", "accept", by="Noor Visser")
    note_leftovers(run)
    assert not (run.folder / "seal.json").exists()
    run.reconcile.write_seal()
    (run.folder / "seal.json").unlink()
    assert not verify(run.folder).ok

    note_leftovers(run)

    assert verify(run.folder).ok


def test_a_longer_time_out_set_half_way_reopens_nothing(tmp_path: Path) -> None:
    """How long an answer is waited for changes nothing of what was decided or loaded."""
    before = made_run(tmp_path).store.journey.meta("config_hash")
    config = write_config(tmp_path, ("[odoo]", "[odoo]\ntimeout_seconds = 600"))

    run = Run.create(config, tmp_path / "runs" / "clinic")

    assert run.store.journey.meta("config_hash") == before
    assert Run.open(run.folder).config.odoo.timeout_seconds == 600


def test_a_misspelt_name_can_be_corrected_as_long_as_nothing_has_answered(tmp_path: Path) -> None:
    """A typing error in the account or the database costs no new folder."""
    write_config(tmp_path, ('"clinic"', '"clinc"'), ('"brightspine"', '"brihgtspine"'))
    Run.create(tmp_path / "clinic.toml", tmp_path / "runs" / "clinic")

    run = made_run(tmp_path)

    assert run.store.journey.meta("account") == "brightspine"
    assert run.store.journey.meta("odoo_database") == "clinic"


def test_what_was_stopped_while_it_was_made_is_finished_the_next_time(tmp_path: Path) -> None:
    """Ctrl-C before the state file is there leaves no folder that nobody can use."""
    folder = tmp_path / "runs" / "clinic"
    (folder / "pages").mkdir(parents=True)
    (folder / "run.lock").touch()

    assert made_run(tmp_path).store.journey.meta("account") == "brightspine"


def test_a_folder_whose_state_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    """Pages without a state file, or an emptied one, are somebody's lost run."""
    run = made_run(tmp_path)
    (run.folder / "pages" / "ab").mkdir()
    run.store.close()
    (run.folder / "state.sqlite").write_bytes(b"")
    for leftover in run.folder.glob("state.sqlite-*"):
        leftover.unlink()
    with pytest.raises(StateError, match="is empty"):
        made_run(tmp_path)

    (run.folder / "state.sqlite").unlink()
    with pytest.raises(RunFolderError, match="not a run"):
        made_run(tmp_path)


def test_a_disk_without_room_for_the_folder_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no mistake of the person's."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    config = write_config(tmp_path)

    with pytest.raises(StorageFullError):
        Run.create(config, tmp_path / "run")


def test_an_empty_name_means_the_run_of_this_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So every notebook can be committed without anybody's path in it."""
    run = made_run(tmp_path)
    with pytest.raises(RunFolderError, match="No run folder is named"):
        Run.open("")

    monkeypatch.setenv(RUN_VARIABLE, str(run.folder))
    assert Run.open("").folder == run.folder


def test_a_notebook_opened_before_its_time_is_refused(tmp_path: Path) -> None:
    """The gate is asked when the run is opened for a phase."""
    run = made_run(tmp_path)

    with pytest.raises(GateError, match="audit needs connect, which is pending"):
        Run.open(run.folder, phase="audit")


def test_a_run_opened_for_no_phase_has_no_verdict(tmp_path: Path) -> None:
    """There is nothing it could be about."""
    with pytest.raises(GateError, match="not opened for a phase"):
        made_run(tmp_path).verdict()


# secrets ----------------------------------------------------------------------------------------


def test_a_missing_key_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    """For either end, with where it was looked for."""
    run = made_run(tmp_path)

    with pytest.raises(SecretError, match=f"the PracticeHub key at env:{KEY}"):
        _ = run.source
    with pytest.raises(SecretError, match=f"the Odoo key at env:{KEY}"):
        _ = run.destination


def test_a_key_file_is_looked_for_beside_the_original_configuration(tmp_path: Path) -> None:
    """The copy in the run folder does not move it."""
    (tmp_path / "odoo.key").write_text("a-key\n")
    config = write_config(tmp_path, ('"clinic"\napi_key = "env:' + KEY, '"clinic"\napi_key = "file:odoo.key'))  # fmt: skip # noqa: E501
    run = Run.create(config, tmp_path / "runs" / "clinic")

    opened = Run.open(run.folder)
    assert opened.secret(opened.config.odoo.api_key, what="the Odoo key") == "a-key"


# one at a time ----------------------------------------------------------------------------------


def test_a_folder_in_use_is_refused_at_once(tmp_path: Path) -> None:
    """Neither work nor another configuration gets in; looking always does."""
    run = made_run(tmp_path)
    before = (run.folder / "migration.toml").read_bytes()
    config = write_config(tmp_path, ("[odoo]", "page_size = 7\n\n[odoo]"))

    with held(run.folder / "run.lock"):
        began = time.monotonic()
        with pytest.raises(BusyError, match="Another process is working"):
            run.exclusive().__enter__()
        with pytest.raises(BusyError):
            Run.create(config, run.folder)
        assert time.monotonic() - began < 1
        assert Run.open(run.folder).store.journey.meta("account") == "brightspine"
    assert (run.folder / "migration.toml").read_bytes() == before
    with run.exclusive():
        pass


def test_holding_a_run_twice_in_one_process_is_holding_it_once(tmp_path: Path) -> None:
    """A verb inside a verb does not wait for itself."""
    run = made_run(tmp_path)

    with run.exclusive(), run.exclusive():
        pass
    with run.exclusive():
        pass


def test_what_a_killed_writer_left_half_written_goes_before_the_next_one_works(
    tmp_path: Path,
) -> None:
    """Half a notebook, report or configuration is nobody's; what is whole stays."""
    run = made_run(tmp_path)
    left = [run.folder / name for name in (
        ".migration.toml.7.part", "notebooks/.06_sample.20261123T100000Z.ab.part",
        "reports/.status.html.7.part",
    )]  # fmt: skip
    whole = run.folder / "reports" / "status.html"
    for path in (*left, whole):
        path.write_text("<p>", encoding="utf-8")

    with run.exclusive():
        assert [path for path in left if path.exists()] == []
        left[0].touch()  # by whoever works now
        with run.exclusive():
            assert left[0].exists()
    assert whole.exists()


def test_a_kernel_works_under_the_lock_of_whoever_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable names one folder: for any other the kernel has to ask."""
    run = made_run(tmp_path)

    with held(run.folder / "run.lock"):
        monkeypatch.setenv(HELD_VARIABLE, str(run.folder))
        with run.exclusive():
            pass
        monkeypatch.setenv(HELD_VARIABLE, str(tmp_path))
        with pytest.raises(BusyError):
            run.exclusive().__enter__()


def test_a_kernel_that_outlives_its_run_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed command's notebook may be at work for a moment: nobody works beside it."""
    run = made_run(tmp_path)
    monkeypatch.setenv(HEADLESS_VARIABLE, "1")
    kernel = Run.open(run.folder)
    monkeypatch.delenv(HEADLESS_VARIABLE)
    locked = run_module._locked
    monkeypatch.setattr(run_module, "_locked", lambda path, **_: locked(path, patience=0.0))

    with pytest.raises(BusyError):
        run.exclusive().__enter__()

    kernel._life.__exit__(None, None, None)
    with run.exclusive():
        pass


# verbs and verdicts -----------------------------------------------------------------------------


class Small(Steps):
    """A phase that finds what it is told to find."""

    name = "connect"
    found = Finding()

    @alone
    def change(self) -> str:
        """Change something."""
        return "changed"

    def judge(self) -> Finding:
        """Say what was found."""
        return self.found


def test_a_verb_changes_nothing_while_another_process_works(tmp_path: Path) -> None:
    """A notebook opened by hand during a run says so, and the run is not disturbed."""
    run = made_run(tmp_path)
    steps = Small(run)

    with held(run.folder / "run.lock"), pytest.raises(BusyError):
        steps.change()
    assert steps.change() == "changed"


def test_a_phase_that_is_not_done_says_what_is_missing_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown in a notebook, raised where nobody looks; recorded in both cases."""
    run = Run.open(made_run(tmp_path).folder, phase="connect")
    steps = Small(run)
    steps.found = Finding(("the moon is not up",), (("stars", 3),), "Wait for the night.")
    run.__dict__["connect"] = steps

    shown = repr(run.verdict())
    assert "✗ connect: failed. the moon is not up" in shown
    assert "next: Wait for the night." in shown
    assert run.store.journey.phase("connect").message == "the moon is not up"

    monkeypatch.setattr(run, "headless", True)
    with pytest.raises(PhaseFailedError, match="the moon is not up") as caught:
        run.verdict()
    assert caught.value.do == "Wait for the night."


def test_a_phase_with_nothing_missing_is_done(tmp_path: Path) -> None:
    """With what it was done on, and where to go next."""
    run = Run.open(made_run(tmp_path).folder, phase="connect")
    run.__dict__["connect"] = Small(run)

    verdict = run.verdict()

    assert verdict.status == "done"
    assert verdict.next.startswith("02_audit.ipynb")
    state = run.store.journey.phase("connect")
    assert state.status is Status.DONE
    assert state.basis["config"] == run.store.journey.meta("config_hash")


def test_the_run_s_look_ups_know_its_own_records(tmp_path: Path) -> None:
    """A reference to one of ours is sent by its external id, and ours win over a namesake."""
    run = made_run(tmp_path)
    with fake_odoo.serving() as fake, fake.client() as odoo:
        run.destination = odoo
        loader = small_load.loader(odoo, run.store, run.folder, module=run.config.module)
        loader.load([LoadRow("res.partner", "patient_5", "patients", "5",
                             {"name": "Anna Bos", "email": "anna@example.org"})])  # fmt: skip

        assert run.lookups.xmlid(Ref(RefKind.RECORD, "patient_5")) == (
            f"{run.config.module}.patient_5"
        )


def test_a_country_that_odoo_lacks_is_not_quoted(tmp_path: Path) -> None:
    """A reason may name a stage or a user, but no value of a patient's."""
    run = made_run(tmp_path)
    run.lookups = Lookups(cast("Odoo", SimpleNamespace(search_read=lambda *_, **__: [])))

    with pytest.raises(LookupFailedError) as told:
        run.lookups.resolve(Ref(RefKind.COUNTRY, "ZZ"))
    with pytest.raises(LookupFailedError) as named:
        run.lookups.resolve(Ref(RefKind.STAGE, "Missed"))

    assert "ZZ" not in str(told.value)
    assert "Missed" in str(named.value)
