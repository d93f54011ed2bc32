"""How the findings about Odoo are shown: what needs somebody first, what is fine in few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench import show
from workbench.odoo import Level

Told = Sequence[Mapping[str, str]]
"""Findings as they are kept: level, subject, what, do."""


def tables(findings: Told) -> list[show.Table]:
    """Show blockers and warnings a line each, and what is fine a line for each subject."""
    open_ = [one for one in findings if one["level"] != Level.FINE.value]
    fine: dict[str, list[str]] = {}
    for one in findings:
        if one["level"] == Level.FINE.value:
            fine.setdefault(one["subject"], []).extend(filter(None, (one["what"], one["do"])))
    shown = []
    if open_:
        shown.append(show.Table(
            f"Odoo: {counted(findings)}", ("", "subject", "finding", "what to do"),
            [(one["level"], one["subject"], one["what"], one["do"]) for one in open_],
        ))  # fmt: skip
    if fine:
        shown.append(show.Table(
            "Odoo: looked at, and fine", ("subject", "finding"),
            [(subject, " ".join(said)) for subject, said in fine.items()],
        ))  # fmt: skip
    return shown


def counted(findings: Told) -> str:
    """Say how many blockers and warnings there are."""
    of_level = {level: sum(one["level"] == level.value for one in findings) for level in Level}
    return ", ".join(
        f"{number} {level.value}{'' if number == 1 else 's'}"
        for level, number in reversed(of_level.items())
        if level is not Level.FINE
    )
