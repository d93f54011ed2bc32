"""How far a long step is: written rarely, told in a line, watched from outside."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from workbench import progress as progress_module
from workbench import terminal
from workbench.errors import StateError
from workbench.progress import Progress, duration, sentence
from workbench.state import Step, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Open a state file."""
    return Store(tmp_path / "state.sqlite")


def step(**changes: object) -> Step:
    """Give a step ten seconds after it began."""
    values: dict[str, object] = {
        "step": "reading pages", "phase": "extract", "done": 100, "total": 400, "unit": "rows",
        "waiting_for": "", "started": 1000.0, "updated": 1010.0, "finished": False,
    }  # fmt: skip
    return Step(**{**values, **changes})  # type: ignore[arg-type] # as the table above has it


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "reading pages: 100 of 400 rows, 10.0 rows/s, about 30 s left"),
        ({"total": None}, "reading pages: 100 rows, 10.0 rows/s"),
        ({"waiting_for": "PracticeHub"},
         "reading pages: 100 of 400 rows, 10.0 rows/s, about 30 s left, waiting for PracticeHub"),
        ({"done": 0}, "reading pages: 0 of 400 rows"),
        ({"done": 400, "finished": True, "waiting_for": "x"},
         "reading pages: 400 of 400 rows, done in 10 s"),
        ({"done": 500}, "reading pages: 500 of 400 rows, 50.0 rows/s, about 0 s left"),
        ({"done": 12000, "total": 20000, "updated": 1000.0},
         "reading pages: 12,000 of 20,000 rows, 12,000,000.0 rows/s, about 0 s left"),
    ],
)  # fmt: skip
def test_a_step_is_told_in_one_line(changes: dict[str, object], told: str) -> None:
    """Count, rate, remaining time and what is waited for, as far as they are known."""
    assert sentence(step(**changes)) == told


def test_a_wait_that_begins_is_told_at_once(store: Store) -> None:
    """However lately the step was written: whoever looks sees what it now waits for."""
    with Progress(store, "fetching files", phase="extract", unit="files", live=False) as told:
        seen = []
        for waiting in ("the file host", "PracticeHub, fresh addresses", "the file host"):
            told(1, 9, waiting)
            seen += [one.waiting_for for one in store.journey.progress()]

    assert seen == ["the file host", "PracticeHub, fresh addresses", "the file host"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (200, "3 min 20 s"),
     (3600, "1 h 00 min"), (7500, "2 h 05 min")],
)  # fmt: skip
def test_a_span_of_time_is_written_for_a_person(seconds: float, words: str) -> None:
    """Seconds, then minutes, then hours."""
    assert duration(seconds) == words


def test_a_step_is_written_twice_a_second_at_most(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand records do not become ten thousand writes; the last word is never lost."""
    written: list[int] = []
    keep = store.journey.set_progress

    def count(step: str, phase: str, **values: object) -> None:
        written.append(1)
        keep(step, phase, **values)  # type: ignore[arg-type] # handed through

    monkeypatch.setattr(store.journey, "set_progress", count)
    with Progress(store, "loading", phase="migrate", unit="records", live=False) as told:
        for done in range(1, 10_001):
            told(done, 10_000)

    assert len(written) < 20
    found = store.journey.progress()[0]
    assert (found.done, found.total, found.finished) == (10_000, 10_000, True)


def test_a_step_that_fails_is_closed_with_what_it_did(store: Store) -> None:
    """Nobody is shown a step as going on that has ended."""

    def fail() -> None:
        with Progress(store, "loading", phase="migrate", unit="records", live=False) as told:
            told(7, 9)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    found = store.journey.progress()[0]
    assert (found.done, found.finished) == (7, True)


def test_a_step_in_a_notebook_is_one_line_rewritten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write replaces the line before; outside IPython nothing is shown."""
    shown: list[str] = []
    monkeypatch.setattr(progress_module._Live, "show", lambda _self, text: shown.append(text))

    with Progress(store, "loading", phase="migrate", unit="records", live=True) as told:
        told(3, 3)

    assert shown[0] == "loading: 0 records"
    assert shown[-1].startswith("loading: 3 of 3 records, done in")


# the terminal -----------------------------------------------------------------------------------


def listen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Keep what is written on stderr, to be read while another thread goes on writing."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    return written


def test_a_log_file_gets_a_line_when_a_step_ends(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal nothing is rewritten; steps of earlier runs are not told again."""
    with Progress(store, "old step", phase="audit", unit="rows", live=False):
        pass
    with (
        terminal.watching(store.path),
        Progress(store, "new step", phase="audit", unit="rows", live=False) as told,
    ):
        told(5, 5)

    assert capsys.readouterr().err.startswith("  new step: 5 of 5 rows, done in")


def test_a_log_file_hears_of_a_long_step_now_and_then(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is not flooded, and not left silent for minutes either."""
    monkeypatch.setattr(terminal, "_LOOK", 0.01)
    monkeypatch.setattr(terminal, "_LINE", 0.0)
    heard = listen(monkeypatch)
    with (
        Progress(store, "long step", phase="audit", unit="rows", live=False),
        terminal.watching(store.path),
    ):
        store.journey.set_progress("long step", "audit", done=2, total=4, unit="rows")
        line = "long step: 2 of 4 rows"
        wait_until(lambda: line in heard.getvalue(), seconds=20, what="a line while it goes on")

    assert line in heard.getvalue()


def test_on_a_terminal_steps_are_shown_in_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is finished stays as a line, what goes on is rewritten."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(terminal, "_LOOK", 0.01)
    heard = listen(monkeypatch)
    with terminal.watching(store.path):
        with Progress(store, "step [1]", phase="audit", unit="rows", live=False) as told:
            told(5, 5)
        line = "step [1]: 5 of 5 rows, done in"
        wait_until(lambda: line in heard.getvalue(), seconds=20, what="the finished step's line")

    assert line in heard.getvalue()


def test_whoever_watches_stays_silent_about_a_state_that_cannot_be_read(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work itself tells of it; two tracebacks from a thread help nobody."""

    def broken(*_: object) -> None:
        what = "state.sqlite: SQLITE_IOERR."
        raise StateError(what)

    monkeypatch.setattr(terminal, "_fresh", broken)
    with terminal.watching(store.path):
        pass

    assert capsys.readouterr().err == ""


def test_on_a_terminal_a_step_that_ends_last_of_all_is_told_too(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work ends between two looks, and is looked at once more."""
    look, looked = terminal._fresh, threading.Event()

    def once(store: Store, began: float) -> list[Step]:
        found = look(store, began)
        looked.set()
        return found

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(terminal, "_LOOK", 60.0)
    monkeypatch.setattr(terminal, "_fresh", once)
    with terminal.watching(store.path):
        assert looked.wait(20)
        with Progress(store, "last step", phase="audit", unit="rows", live=False) as told:
            told(5, 5)

    assert "last step: 5 of 5 rows, done in" in capsys.readouterr().err
