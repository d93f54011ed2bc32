"""What a phase's own figures say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is missing (empty: nothing), and the figures; both from the state alone."""

    missing: tuple[str, ...] = ()
    facts: tuple[tuple[str, object], ...] = ()
