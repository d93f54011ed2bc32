"""What a phase's own figures say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is missing (empty: nothing), the figures, and what to do; from the state alone.

    `do` is empty where the general advice will do: mend what is named, and run again.
    `waits` is what a person must do outside the workbench before the phase can end.
    """

    missing: tuple[str, ...] = ()
    facts: tuple[tuple[str, object], ...] = ()
    do: str = ""
    waits: tuple[str, ...] = ()
