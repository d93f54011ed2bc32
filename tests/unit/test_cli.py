"""The command line: every mistake ends in sentences on stderr and a code of its own."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import pytest

from tests.support.made_runs import made_run, write_config
from tests.support.small_run import small_run, store_page
from workbench import cli
from workbench.mapping import Disposition, MapRow
from workbench.run import DATABASE_UUID, Run
from workbench.state import Question, Status, Store

SECRET = "pk-live-0a1b2c3d4e5f"
VERBS = ("demo", "init", "run", "accept", "decide", "status", "rollback", "verify", "lab")


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """Check that it ended with a code, three sentences or more, and these words."""
        assert self.code == code, self.err
        assert "Traceback" not in self.err
        lines = self.err.strip().splitlines()
        assert len(lines) >= 3, self.err
        assert all(word in self.err for word in words), self.err
        assert self.out == "" or code in {3, 5}, self.out


Command = Callable[..., Said]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Run the command line in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Said(int(str(ended.value.code or 0)), out, err)

    return run


@pytest.fixture
def opened(tmp_path: Path) -> Run:
    """Make a run with two open questions about the map, one of them proposed."""
    run = made_run(tmp_path)
    run.store.decisions.ask(
        [
            Question("field:patients.blood_type", "map", "What becomes of it?",
                     ["res.partner.x_blood_type", "keep", "drop"], basis=1, proposal="keep"),
            Question("practitioner:17", "map", "Who is that?", ["name only"], basis=1,
                     open_value=True),
        ]
    )  # fmt: skip
    return run


# help -------------------------------------------------------------------------------------------


def test_help_lists_every_verb(command: Command) -> None:
    """Whoever asks sees what there is."""
    said = command("--help")

    assert said.code == 0
    assert all(re.search(rf"\b{verb}\b", said.out) for verb in (*VERBS, "sandbox"))


@pytest.mark.parametrize("verb", [*VERBS, "sandbox up", "sandbox down", "sandbox status"])
def test_each_verb_explains_itself(command: Command, verb: str) -> None:
    """What it does, what it takes, in words."""
    said = command(*verb.split(), "--help")

    assert said.code == 0
    assert f"workbench {verb}" in said.out
    assert "Options" in said.out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["rnu", "x.toml"], "'rnu'"),
        (["run"], "'FILE'"),
        (["run", "a.toml", "--untill", "map"], "--untill"),
        (["accept", "x"], "'--by'"),
        (["demo", "--patients", "3"], "'--patients'"),
        (["demo", "--rate", "0"], "'--rate'"),
        (["status", "x", "y"], "(y)"),
    ],
)
def test_a_word_that_is_no_verb_or_option_is_a_mistake_in_use(
    command: Command, words: list[str], named: str
) -> None:
    """Exit code 2, the word that was wrong, and where to look for help."""
    command(*words).refused(2, named, "--help")


@pytest.mark.parametrize("words", [[], ["sandbox"]])
def test_no_verb_at_all_shows_the_help(command: Command, words: list[str]) -> None:
    """Whoever does not know the verbs yet sees them; a script still gets the code of a mistake."""
    said = command(*words)

    assert said.code == 2
    assert "--help" in said.out
    assert said.err == ""


# init and the configuration ---------------------------------------------------------------------


def test_init_writes_a_configuration_once(command: Command, tmp_path: Path) -> None:
    """A file that is there is never written over."""
    assert command("init", "clinic.toml").code == 0
    before = (tmp_path / "clinic.toml").read_bytes()

    command("init", "clinic.toml").refused(2, "exists already")
    assert (tmp_path / "clinic.toml").read_bytes() == before


def test_init_into_no_folder_is_told(command: Command) -> None:
    """The person learns which folder is missing."""
    command("init", "nowhere/clinic.toml").refused(2, "There is no folder nowhere")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("database =", "databse ="), ("odoo.databse: no such key; did you mean database?",)),
        (('account = "brightspine"', 'region = "neptun"\naccount = "brightspine"'),
         ("practicehub.region", "neptune", "apollo", "vulcan", "jupiter")),
        (('api_key = "env:', f'api_key = "{SECRET}'), ("practicehub.api_key", "never the key")),
        (('api_key = "env:', f'api_key = "env:{SECRET}-'), ("practicehub.api_key",)),
        (("[odoo]", "[odoo"), ("is not TOML", "line 7")),
    ],
)  # fmt: skip
def test_a_fault_in_the_configuration_is_named_and_nothing_is_made(
    command: Command, tmp_path: Path, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    """Section and key are told, a secret that was written into the file is not."""
    write_config(tmp_path, change)

    said = command("run", "clinic.toml")

    said.refused(2, *words)
    assert SECRET not in said.err
    assert not (tmp_path / "runs").exists()


def test_a_configuration_that_is_no_text_file_is_told(command: Command, tmp_path: Path) -> None:
    """Missing, a folder, or not UTF-8: three mistakes, one code, three sentences each."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.toml").write_bytes('app_details = "Zürich"'.encode("latin-1"))

    command("run", "none.toml").refused(2, "There is no configuration file none.toml")
    command("run", "folder").refused(2, "folder cannot be read")
    command("run", "latin.toml").refused(2, "latin.toml cannot be read", "UnicodeDecodeError")


# run --------------------------------------------------------------------------------------------


def test_a_phase_that_does_not_exist_is_named_before_anything_is_made(
    command: Command, tmp_path: Path
) -> None:
    """The list of phases is part of the answer."""
    write_config(tmp_path)

    command("run", "clinic.toml", "--phase", "nope").refused(2, "'nope'", "connect, audit, map")
    command("run", "clinic.toml", "--until", "nope").refused(2, "'nope'", "reconcile, rollback")
    command("run", "clinic.toml", "--until", "rollback").refused(2, "workbench rollback DIR --yes")
    assert not (tmp_path / "runs").exists()


def test_a_phase_before_its_time_is_refused_at_the_gate(command: Command, tmp_path: Path) -> None:
    """Migrating without an approved sample is not possible; the sentence names what is missing."""
    write_config(tmp_path)

    command("run", "clinic.toml", "--phase", "migrate").refused(4, "migrate needs sample")


def test_a_run_folder_that_cannot_be_made_is_told(command: Command, tmp_path: Path) -> None:
    """A file in the way, or a folder of somebody else's."""
    write_config(tmp_path)
    (tmp_path / "file").write_text("a letter")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("Dear clinic")

    command("run", "clinic.toml", "--run", "file/run").refused(2, "cannot be made", "--run")
    command("run", "clinic.toml", "--run", "file").refused(2, "file cannot be made")
    command("run", "clinic.toml", "--run", "letters").refused(2, "something that is not a run")
    assert (tmp_path / "file").read_text() == "a letter"
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["one.txt"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"brightspine"', '"otherclinic"'),
         ("belongs to the PracticeHub account brightspine, not to otherclinic",)),
        (('database = "clinic"', 'database = "prod"'),
         ("belongs to the Odoo database clinic, not to prod",)),
    ],
)  # fmt: skip
def test_a_folder_of_another_migration_is_refused_and_left_as_it_is(
    command: Command, tmp_path: Path, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    """Two clinics never meet in one run folder, once both ends have answered."""
    run = made_run(tmp_path)
    store_page(run.folder, run.store, "patients", [{"id": 1}])
    run.store.journey.set_meta(DATABASE_UUID, "a-b-c")
    head = run.store.ledger.head()
    write_config(tmp_path, change, name="other.toml")

    command("run", "other.toml", "--run", run.folder).refused(2, *words, "--run")

    assert run.store.ledger.head() == head
    assert (run.folder / "migration.toml").read_bytes() == (tmp_path / "clinic.toml").read_bytes()


# accept and decide ------------------------------------------------------------------------------


def test_accept_wants_to_be_told_what_and_by_whom(command: Command, opened: Run) -> None:
    """No decision is recorded that nobody made."""
    command("accept", opened.folder, "--by", "Noor Visser").refused(2, "--proposed")
    command("accept", opened.folder, "--proposed", "--by", " ").refused(2, "Nobody is named")
    assert len(opened.store.decisions.open()) == 2


def test_accept_takes_what_is_proposed_and_names_what_is_left(
    command: Command, opened: Run
) -> None:
    """Exit code 3: somebody has still to say something."""
    said = command("accept", opened.folder, "--proposed", "--by", "Noor Visser")

    said.refused(3, "practitioner:17")
    assert opened.store.decisions.choice("field:patients.blood_type") == "keep"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("practitioner:17: name only\nfield:patients.gone: keep",
         ("line 2: field:patients.gone", "no such question", "Nothing was recorded")),
        ("practitioner:17: name only\nfield:patients.blood_type: maybe",
         ("'maybe' is not a choice", "keep, drop")),
        ("practitioner:17: name only\npractitioner:17: pia", ("practitioner:17 stands there twice",
                                                             "line 2")),
        ("- practitioner:17", ("does not hold",)),
        ("", ("does not hold",)),
        ("practitioner:17: [a", ("line 1 is not YAML",)),
        ("practitioner:17: {choice: name only, becuase: x}", ("practitioner:17 is neither",)),
        ("practitioner:17:\nfield:patients.blood_type: keep", ("practitioner:17",)),
    ],
)  # fmt: skip
def test_a_decision_file_with_a_fault_records_nothing(
    command: Command, opened: Run, tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    """All of it or none: the entry that is wrong is named, the right ones wait with it."""
    (tmp_path / "decisions.yaml").write_text(text, encoding="utf-8")

    said = command("decide", opened.folder, "decisions.yaml", "--by", "Noor Visser")

    said.refused(2, *words)
    assert len(opened.store.decisions.open()) == 2


def test_decide_wants_a_name_and_a_file(command: Command, opened: Run, tmp_path: Path) -> None:
    """Who decided is part of the decision."""
    (tmp_path / "decisions.yaml").write_text("practitioner:17: name only", encoding="utf-8")

    command("decide", opened.folder, "decisions.yaml", "--by", "").refused(2, "Nobody is named")
    command("decide", opened.folder, "none.yaml", "--by", "Noor").refused(2, "There is no file")
    command("decide", opened.folder, tmp_path, "--by", "Noor").refused(2, "cannot be read")
    assert len(opened.store.decisions.open()) == 2


def test_decide_records_choice_comment_and_person(
    command: Command, opened: Run, tmp_path: Path
) -> None:
    """Both ways to write an entry are taken."""
    (tmp_path / "decisions.yaml").write_text(
        "practitioner:17: pia\nfield:patients.blood_type: {choice: drop, comment: never filled}\n",
        encoding="utf-8",
    )

    said = command("decide", opened.folder, "decisions.yaml", "--by", "Noor Visser")

    assert (said.code, said.out) == (0, "2 decision(s) recorded for Noor Visser.\n")
    found = opened.store.decisions.get("field:patients.blood_type")
    assert found is not None
    assert (found.choice, found.comment, found.decided_by) == (
        "drop",
        "never filled",
        "Noor Visser",
    )


def test_decide_takes_a_map_too_and_a_check_records_nothing(
    command: Command, opened: Run, tmp_path: Path
) -> None:
    """A map is told from decisions by its sections; `--check` ends with 0 or 2 and no decision."""
    row = MapRow("patients.blood_type", Disposition.KEPT, "mail.message.body")
    opened.store.journey.set_document("proposals", {"config": "", "rows": [row.as_json()]})
    line = "version: 1\nfields:\n  patients:\n    blood_type: {as: dropped%s}\n"
    (tmp_path / "map.yaml").write_text(line % "", encoding="utf-8")
    before = len(list(opened.store.ledger.entries()))

    said = command("decide", opened.folder, "map.yaml", "--by", "Noor", "--check")
    said.refused(2, "line 4: patients.blood_type: is dropped without a reason")
    (tmp_path / "one.yaml").write_text("practitioner:17: pia", encoding="utf-8")
    said = command("decide", opened.folder, "one.yaml", "--by", "Noor", "--check")
    assert (said.code, said.out) == (0, "1 decision(s) would be recorded for Noor.\n")
    assert len(list(opened.store.ledger.entries())) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[" * 10_000, b"a: &a [*a]", b"x" * 5_000_000, b"\t- a",
     b"%YAML 9.9\n---\n", b"version: 1", b"version: 1\nfields: [a]",
     b"fields: {patients: {x: {as: kept, to: archive}}}"],
)  # fmt: skip
def test_no_file_makes_decide_end_in_a_traceback(
    command: Command, opened: Run, tmp_path: Path, content: bytes
) -> None:
    """Whatever somebody hands over, the answer is a sentence and exit code 2."""
    (tmp_path / "odd.yaml").write_bytes(content)

    command("decide", opened.folder, "odd.yaml", "--by", "Noor").refused(2)
    assert len(opened.store.decisions.open()) == 2


# status -----------------------------------------------------------------------------------------


def test_a_folder_that_is_no_run_is_told_by_every_verb(command: Command, tmp_path: Path) -> None:
    """Also one that does not exist."""
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        command("status", folder).refused(2, f"{folder} is not a run folder")
        command("verify", folder).refused(2, f"{folder} is not a run folder")
        command("rollback", folder, "--yes").refused(2, f"{folder} is not a run folder")
        command("lab", folder).refused(2, f"{folder} is not a run folder")


def test_a_state_file_that_is_broken_is_told(command: Command, opened: Run) -> None:
    """Garbage, emptied, or made by a later release: each has its own sentence."""
    path = opened.folder / "state.sqlite"
    config = opened.folder.parents[1] / "clinic.toml"
    opened.store.db.execute("PRAGMA user_version=99")
    opened.store.close()
    command("status", opened.folder).refused(1, "of version 99", "release")

    path.write_bytes(b"a letter to the clinic, and no database" * 100)
    command("status", opened.folder).refused(1, "not a state file")
    command("run", config, "--run", opened.folder).refused(1, "not a state file")
    command("verify", opened.folder).refused(5, "not a state file")

    path.write_bytes(b"")
    command("status", opened.folder).refused(1, "is empty")
    command("run", config, "--run", opened.folder).refused(1, "is empty")
    assert path.read_bytes() == b""


def test_status_as_json_prints_json_alone(command: Command, opened: Run) -> None:
    """A script can read it; the keys are those of the contract."""
    said = command("status", opened.folder, "--json")

    found = json.loads(said.out)
    assert said.err == ""
    assert set(found) == {"run", "phases", "resources", "files", "decisions_open",
                          "source_requests", "source_seconds", "odoo_calls"}  # fmt: skip
    assert found["phases"] == dict.fromkeys(
        ("connect", "audit", "map", "prepare", "extract", "sample", "migrate", "delta",
         "reconcile", "rollback"), "pending"
    )  # fmt: skip
    assert [one["subject"] for one in found["decisions_open"]] == [
        "field:patients.blood_type", "practitioner:17",
    ]  # fmt: skip
    assert found["decisions_open"][1] == {
        "subject": "practitioner:17", "question": "Who is that?", "options": ["name only"],
        "proposal": None,
    }  # fmt: skip


def test_status_for_a_person_fits_a_terminal_of_100_columns(
    command: Command, tmp_path: Path
) -> None:
    """Phases, sums, questions and steps, none of it cut or wrapped by the terminal."""
    run = made_run(tmp_path)
    run.store.close()
    for name in run.folder.iterdir():
        if name.name.startswith("state.sqlite"):
            name.unlink()
    (run.folder / "notebooks").rmdir()
    store = small_run(run.folder, sealed=False)
    store.journey.set_meta("account", "brightspine")
    store.journey.set_meta("odoo_database", "clinic")
    store.journey.set_phase("migrate", Status.FAILED, message="a long reason for it " * 12)
    store.decisions.ask([Question("field:patients.x", "map", "word " * 40, ["keep"], basis=1)])
    store.journey.set_progress("reading pages", "extract", done=3, total=9, unit="rows")

    said = command("status", run.folder)

    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 100
    for word in ("failed", "patients", "unresolved", "field:patients.x", "reading pages"):
        assert word in said.out


def test_status_waits_for_no_writer(command: Command, opened: Run) -> None:
    """While a long transaction holds the state file, the answer comes at once."""
    other = Store(opened.folder / "state.sqlite")
    with other.transaction():
        other.journey.set_meta("busy", "yes")
        assert command("status", opened.folder).code == 0


def test_a_cold_status_imports_nothing_heavy(opened: Run) -> None:
    """What it does not need would keep a person waiting for half a second and more."""
    script = (
        "import sys; sys.argv = ['workbench', 'status', sys.argv[1]]\n"
        "from workbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'keyring', 'pandas', 'papermill', 'matplotlib', 'nbformat', 'nbclient',"
        " 'IPython', 'ipywidgets', 'httpx', 'stamina', 'jinja2', 'workbench.sandbox'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    said = subprocess.run([sys.executable, "-c", script, str(opened.folder)],
                          capture_output=True, text=True, timeout=60, check=True)  # fmt: skip

    assert said.stderr.strip() == "[]"


# verify and rollback ----------------------------------------------------------------------------


def test_verify_names_the_first_thing_that_is_off(command: Command, tmp_path: Path) -> None:
    """A sealed folder verifies; with one byte changed it ends with exit code 5."""
    folder = tmp_path / "run"
    (folder / "reports").mkdir(parents=True)
    small_run(folder).close()
    assert command("verify", folder).code == 0

    (folder / "mapping.yaml").write_text("rows: [1]\n", encoding="utf-8")
    said = command("verify", folder)
    said.refused(5, "does not verify")
    assert "✗" in said.out


def test_verify_holds_a_folder_to_the_head_and_the_signer_that_are_named(
    command: Command, tmp_path: Path
) -> None:
    """What the sign-off printed must be in the ledger, and who was named must have signed."""
    folder = tmp_path / "run"
    folder.mkdir()
    small_run(folder).close()
    head = json.loads((folder / "seal.json").read_bytes())["ledger"]["head"]
    public = tmp_path / "noor.pub"
    public.write_text("ssh-ed25519 AAAA noor@example.org\n", encoding="utf-8")

    assert command("verify", folder, "--head", head[:16].upper()).code == 0
    command("verify", folder, "--head", "0" * 64).refused(5, "the head that was noted")
    command("verify", folder, "--head", head[:8]).refused(2, "no ledger head")
    command("verify", folder, "--signer", public).refused(5, "seal.json.sig is missing")
    command("verify", folder, "--signer", folder / "seal.json").refused(2, "holds no public key")


def test_rollback_before_anything_was_made_is_refused(command: Command, opened: Run) -> None:
    """With or without --yes, and without asking Odoo: there is nothing to take out."""
    command("rollback", opened.folder).refused(4, "nothing to take out")
    command("rollback", opened.folder, "--yes").refused(4, "nothing to take out")


# lab --------------------------------------------------------------------------------------------


class Jupyter:
    """Stands in for the server: notes how it was started, and is interrupted once."""

    seen: ClassVar[list[tuple[list[str], dict[str, str]]]] = []

    def __init__(self, arguments: list[str], *, env: dict[str, str]) -> None:
        self.seen.append((arguments, env))
        self.returncode: int | None = None
        self.waits = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def poll(self) -> int | None:
        """Tell whether it has ended."""
        return self.returncode

    def wait(self) -> None:
        """End at the second wait; Ctrl-C comes during the first."""
        self.waits += 1
        if self.waits == 1:
            raise KeyboardInterrupt
        self.returncode = 7


def test_lab_opens_copies_of_the_notebooks_bound_to_the_run(
    command: Command, opened: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On loopback; Ctrl-C is Jupyter's to answer, and its exit code is ours."""
    monkeypatch.setattr(subprocess, "Popen", Jupyter)

    assert command("lab", opened.folder).code == 7

    arguments, environment = Jupyter.seen[-1]
    assert "--ip=127.0.0.1" in arguments
    assert f"--ServerApp.root_dir={opened.folder / 'notebooks' / 'lab'}" in arguments
    assert environment["WORKBENCH_RUN"] == str(opened.folder)
    assert len(list((opened.folder / "notebooks" / "lab").glob("*.ipynb"))) == 10


# sandbox ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["up", "down", "status"])
def test_a_half_that_the_sandbox_does_not_have_is_told(command: Command, verb: str) -> None:
    """It has two, and their names are part of the answer."""
    command("sandbox", verb, "--only", "nope").refused(2, "'nope'", "odoo or practicehub")


def test_a_vocabulary_that_the_simulator_does_not_know_is_told(command: Command) -> None:
    """Before anything is started."""
    command("sandbox", "up", "--vocabulary", "klingon").refused(2, "'klingon'", "brief or observed")


# the edge ---------------------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[..., object]:
    """Give a function that raises an error."""

    def raises(*_: object, **__: object) -> object:
        raise error

    return raises


def test_a_defect_is_told_by_class_and_place_without_its_values(
    command: Command, opened: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error's text may quote a patient: it never reaches the terminal."""
    monkeypatch.setattr("workbench.phases.status.balance", raising(ValueError("Anna Bos")))

    said = command("status", opened.folder)

    said.refused(1, "ValueError at status.py:", "report")
    assert "Anna" not in said.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ("is full", "Free some space")),
        (PermissionError(errno.EACCES, "Permission denied", "runs/clinic/pages"),
         ("runs/clinic/pages cannot be used: Permission denied",)),
    ],
)  # fmt: skip
def test_what_the_operating_system_refuses_is_told_as_that(
    command: Command, opened: Run, monkeypatch: pytest.MonkeyPatch, error: OSError,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    """A full disk and a folder of somebody else's are no defects."""
    monkeypatch.setattr("workbench.phases.status.snapshot", raising(error))

    command("status", opened.folder).refused(1, *words)


def test_ctrl_c_ends_any_verb_with_its_own_code(
    command: Command, opened: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """130, as shells have it, and the sentence that nothing is lost."""
    monkeypatch.setattr("workbench.phases.status.snapshot", raising(KeyboardInterrupt()))

    command("status", opened.folder).refused(130, "Stopped by Ctrl-C", "goes on where it stopped")


def test_ctrl_c_while_libraries_are_imported_is_told_too() -> None:
    """At the very start there is no traceback either."""
    script = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from workbench.__main__ import main\nmain()\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip

    assert said.returncode == 130
    assert said.stderr.splitlines()[0] == "Stopped by Ctrl-C."
    assert "Traceback" not in said.stderr


def test_ctrl_c_while_a_verb_imports_its_rooms_is_heard_behind_the_import(tmp_path: Path) -> None:
    """Whatever a library would make of an interrupt, the person is told of Ctrl-C."""
    script = (
        "import os, signal, sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'workbench.config':\n"
        "            try:\n                os.kill(os.getpid(), signal.SIGINT)\n"
        "            except KeyboardInterrupt:\n                raise ValueError('a schema')\n"
        "sys.meta_path.insert(0, Slow())\n"
        f"sys.argv = ['workbench', 'status', {str(tmp_path)!r}]\n"
        "from workbench.__main__ import main\nmain()\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip

    assert said.returncode == 130, said.stderr
    assert said.stderr.splitlines()[0] == "Stopped by Ctrl-C."


def test_output_that_nobody_reads_to_its_end_is_no_error_to_shout_about(opened: Run) -> None:
    """As with `| head`: the pipe closes, the command ends quietly."""
    for words in (["status", str(opened.folder)], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        process = subprocess.run([sys.executable, "-m", "workbench", *words], stdout=writing,
                                 stderr=subprocess.PIPE, text=True, timeout=60,
                                 check=False)  # fmt: skip
        os.close(writing)
        assert process.stderr == ""
        assert process.returncode in {0, 1}


def test_a_terminal_of_few_letters_gets_escapes_in_their_place(opened: Run) -> None:
    """A name or a sign that it cannot show ends no command."""
    said = subprocess.run(
        [sys.executable, "-m", "workbench", "verify", str(opened.folder)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert "UnicodeEncodeError" not in said.stderr
    assert "\\u2713 state file" in said.stdout
