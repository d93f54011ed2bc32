"""The one way the state file writes a moment."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Give the present moment: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
