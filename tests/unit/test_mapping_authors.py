"""The author of a note is who wrote it, or a name, and never somebody who did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.decided_map import world
from workbench.mapping import Context, Expecter
from workbench.mapping.context import Practitioner
from workbench.mapping.model import FALLBACK, INVITE, NAME_ONLY, Disposition, MapRow
from workbench.mapping.rows import LoadRow, Ref, RefKind

LOGIN = "bird@example.com"


def noted(
    choice: str,
    record: Mapping[str, object],
    *,
    login: str | None = LOGIN,
    waits: bool = False,
    fate: Disposition = Disposition.KEPT,
) -> LoadRow:
    """Give the message of a note that names a practitioner, with what was decided of them."""
    made = world("brief")
    paths = ("practitioner_id", "practitioner_email")
    rows = tuple(
        MapRow(f"clinical_notes.{path}", fate, "mail.message.body", why="asked for")
        if fate is Disposition.KEPT else MapRow(f"clinical_notes.{path}", fate, why="asked for")
        for path in paths
    )  # fmt: skip
    mapping = replace(
        made.mapping, rows=(*made.mapping.rows, *rows),
        practitioners={**made.mapping.practitioners, "5": choice},
    )  # fmt: skip
    who = Practitioner("Dr. Bird", "Bird@example.com", login, waits)
    context: Context = replace(made.context, practitioners={"5": who})
    note = {**made.clinic["clinical_notes"][0], "patient_id": 101, **record}
    return Expecter(mapping, context).message("clinical_notes", note).rows[0]


@pytest.mark.parametrize("record", [{"practitioner_id": 5}, {"practitioner_id": "5"},
                                    {"practitioner_email": "bird@EXAMPLE.com"}])  # fmt: skip
def test_a_user_of_their_own_is_the_author(record: dict[str, object]) -> None:
    """The note stands under the doctor's own name in Odoo, and says it in its text too."""
    row = noted(LOGIN, record)

    assert row.values["author_id"] == Ref(RefKind.USER_CONTACT, LOGIN)
    assert row.sources["author_id"] == f"clinical_notes.{next(iter(record))}"
    assert "Dr. Bird" in str(row.values["body"])


@pytest.mark.parametrize(
    ("choice", "login", "waits"),
    [(FALLBACK, "office@example.com", False), (NAME_ONLY, None, False), (INVITE, None, True)],
)
def test_who_has_no_user_is_named_and_nobody_else_is_the_author(
    choice: str, login: str | None, *, waits: bool
) -> None:
    """The office that owns the visits of a doctor who left did not write the doctor's notes."""
    row = noted(choice, {"practitioner_id": 5}, login=login, waits=waits)

    assert (row.values["author_id"], row.values["email_from"]) == (None, "Dr. Bird")
    assert "Dr. Bird" in str(row.values["body"])


@pytest.mark.parametrize("record", [{"practitioner_id": 77}, {"practitioner_id": None}, {}])
def test_an_author_who_is_not_known_stays_unknown(record: dict[str, object]) -> None:
    """Nobody is guessed."""
    row = noted(LOGIN, record)

    assert (row.values["author_id"], row.values["email_from"]) == (None, None)


def test_a_field_that_the_clinic_left_behind_tells_nothing() -> None:
    """What was dropped with a reason does not come back by another way."""
    row = noted(LOGIN, {"practitioner_id": 5}, fate=Disposition.DROPPED)

    assert row.values["author_id"] is None
    assert "Dr. Bird" not in str(row.values["body"])
