"""The terminal's view of long work: reads the run's progress, wherever the work happens."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from workbench.errors import WorkbenchError
from workbench.progress import sentence
from workbench.state import Step, Store

_LOOK = 0.5
"""Seconds between two looks at the state where a person watches."""
_LINE = 10.0
"""Seconds between two lines where nobody does (a log file)."""


@contextmanager
def watching(state_file: Path) -> Iterator[None]:
    """Show how far the run's long steps are while the block runs.

    On a terminal the lines are rewritten in place; into a file a line is written every
    ten seconds and when a step ends. Only counts and rates are shown.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(state_file, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(state_file: Path, stop: threading.Event) -> None:
    began = time.time()
    # a full disk or a terminal that went away is told by whoever works, not by who watches
    with suppress(WorkbenchError, OSError), closing(Store(state_file)) as store:
        console = Console(stderr=True)
        if console.is_terminal:
            _rewrite(store, console, stop, began)
        else:
            _append(store, stop, began)


def _fresh(store: Store, began: float) -> list[Step]:
    return sorted((s for s in store.journey.progress() if s.updated >= began),
                  key=lambda step: step.started)  # fmt: skip


def _rewrite(store: Store, console: Console, stop: threading.Event, began: float) -> None:
    told: set[tuple[str, float]] = set()
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            stopping = stop.is_set()  # asked before the look: the last one is after the work
            steps = _fresh(store, began)
            for step in steps:
                if step.finished and (step.step, step.updated) not in told:
                    told.add((step.step, step.updated))
                    live.console.print(f"  {sentence(step)}", highlight=False)
            live.update(Text("\n".join(f"  {sentence(s)}" for s in steps if not s.finished)))
            if stopping:
                return
            stop.wait(_LOOK)


def _append(store: Store, stop: threading.Event, began: float) -> None:
    told: set[tuple[str, float]] = set()
    last = time.monotonic()
    while True:
        stopping = stop.wait(_LOOK)
        steps = _fresh(store, began)
        due = time.monotonic() - last >= _LINE
        for step in steps:
            ended = step.finished and (step.step, step.updated) not in told
            if ended or (due and not step.finished):
                told.add((step.step, step.updated))
                sys.stderr.write(f"  {sentence(step)}\n")
                sys.stderr.flush()
        if due:
            last = time.monotonic()
        if stopping:
            return
