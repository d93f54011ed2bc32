"""How the findings about Odoo look: what needs somebody first, what is fine in few lines."""

from __future__ import annotations

from workbench.phases.looked_at import counted, tables


def _finding(level: str, subject: str, what: str, do: str = "") -> dict[str, str]:
    return {"level": level, "subject": subject, "what": what, "do": do}


FOUND = [
    _finding("blocker", "rights", "May not write.", "Give rights."),
    _finding("warning", "mail", "Mail can leave.", "Look."),
    _finding("warning", "disk", "Unknown.", "Ask."),
    _finding("fine", "user", "Works as admin."),
    _finding("fine", "mail", "No incoming mail."),
    _finding("fine", "user", "Nobody signs in.", "Keep it so."),
]


def test_what_needs_somebody_comes_first_with_what_to_do() -> None:
    """A long list is read at night: two things to do must not hide among thirty that are fine."""
    first, second = tables(FOUND)

    assert first.title == "Odoo: 1 blocker, 2 warnings"
    assert [row[3] for row in first.rows] == ["Give rights.", "Look.", "Ask."]
    assert second.rows == [
        ("user", "Works as admin. Nobody signs in. Keep it so."), ("mail", "No incoming mail."),
    ]  # fmt: skip


def test_nothing_to_do_is_shown_as_nothing_to_do() -> None:
    """No empty table stands above what is fine."""
    (only,) = tables(FOUND[3:])

    assert len(only.rows) == 2
    assert counted(FOUND[3:]) == "0 blockers, 0 warnings"
    assert tables([]) == []
