"""Issues as reading PracticeHub lists them."""

from __future__ import annotations

from workbench.state import Issue, IssueKind


def issue(
    kind: IssueKind,
    resource: str,
    *,
    source_id: str = "",
    field: str = "",
    rule: str,
    outcome: str,
    phase: str,
) -> Issue:
    """Make an issue; it names a record and a rule, never a value."""
    return Issue(kind, resource, source_id, field, rule, outcome, phase)
