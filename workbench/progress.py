"""How far a long step is: written to the state, shown wherever somebody looks."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from workbench.state import Step, Store

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

_EVERY = 0.5
"""Seconds between two writes of one step: often enough for an eye, too rare to cost.

What is waited for is written at once: the wait may be a long one."""


class Progress:
    """One long step of a phase; rooms call it, `status` and the terminal read the state.

    As a context manager it closes the step, also when the step fails.
    """

    def __init__(self, store: Store, step: str, *, phase: str, unit: str, live: bool) -> None:
        self._store, self._step, self._phase, self._unit = store, step, phase, unit
        self._last, self._told = 0.0, ""
        self._done, self._total = 0, None  # type: tuple[int, int | None]
        self._live = _Live() if live else None

    def __enter__(self) -> Self:
        self._write("", finished=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._write("", finished=True)

    def __call__(self, done: int, total: int | None, waiting_for: str = "") -> None:
        """Say how far the step is."""
        self._done, self._total = done, total
        if waiting_for != self._told or time.monotonic() - self._last >= _EVERY:
            self._write(waiting_for, finished=False)

    def _write(self, waiting_for: str, *, finished: bool) -> None:
        self._last, self._told = time.monotonic(), waiting_for
        self._store.journey.set_progress(
            self._step,
            self._phase,
            done=self._done,
            total=self._total,
            unit=self._unit,
            waiting_for=waiting_for,
            finished=finished,
        )
        if self._live:
            step = next(s for s in self._store.journey.progress() if s.step == self._step)
            self._live.show(sentence(step))


@dataclass(frozen=True, slots=True, repr=False)
class _Line:
    text: str

    def __repr__(self) -> str:
        return self.text


class _Live:
    """One line in an interactive notebook that is rewritten in place."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def show(self, text: str) -> None:
        if "IPython" not in sys.modules:
            return
        from IPython.display import DisplayHandle  # noqa: PLC0415 - only in a kernel

        if self._handle is None:
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call] # IPython is untyped
            self._handle.display(_Line(text))  # type: ignore[no-untyped-call] # as above
        else:
            self._handle.update(_Line(text))  # type: ignore[no-untyped-call] # as above


def sentence(step: Step) -> str:
    """Say in one line how far a step is: count, rate, remaining time, what is waited for."""
    seconds = max(step.updated - step.started, 0.001)
    rate = step.done / seconds
    of = f" of {step.total:,}" if step.total is not None else ""
    parts = [f"{step.step}: {step.done:,}{of} {step.unit}"]
    if step.finished:
        parts.append(f"done in {duration(seconds)}")
    elif step.done:
        parts.append(f"{rate:,.1f} {step.unit}/s")
        if step.total:
            parts.append(f"about {duration((step.total - step.done) / rate)} left")
    if step.waiting_for and not step.finished:
        parts.append(f"waiting for {step.waiting_for}")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Write a span of seconds for a person: "8 s", "3 min 20 s", "2 h 05 min"."""
    whole = max(0, round(seconds))
    if whole < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
