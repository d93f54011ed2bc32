"""A server in trouble is told from a bad record."""

from __future__ import annotations

import pytest

from workbench.errors import OdooRefusedError, OdooServerError
from workbench.odoo import _faults, _trouble

TROUBLE = {
    'could not extend file "base/16384/2619": No space left on device': "no space left",
    "Unknown error during import: <class 'OSError'>: [Errno 28] Kein Platz": "no space left",
    "[Errno 122] Disk quota exceeded": "no space left",
    "cannot execute INSERT in a read-only transaction": "only read",
    "<class 'PermissionError'>: [Errno 13] Permission denied: '/srv/…'": "folder of files",
    "out of memory\nDETAIL: Failed on request": "no memory",
    "FATAL: sorry, too many clients already": "no connection",
    "terminating connection due to administrator command": "its database",
    "the database system is shutting down": "its database",
}
"""What PostgreSQL, Python or Odoo says, and what a person is told."""

OF_THE_ROW = [
    "Contacts require a name",
    "No matching record found for external id '…' in field '…'",
    "The operation cannot be completed: A key with the same value already exists",
    "value too long for type character varying(64)",
    "Value '…' not found in selection field '…'",
]


@pytest.mark.parametrize(("message", "what"), TROUBLE.items(), ids=range(len(TROUBLE)))
def test_words_of_a_server_in_trouble_are_understood(message: str, what: str) -> None:
    """Each becomes a sentence that who runs the server can act on."""
    found = _trouble.said(message, values=["Anna Example", None, 3])

    assert found is not None
    assert what in found.what


@pytest.mark.parametrize("message", OF_THE_ROW, ids=range(len(OF_THE_ROW)))
def test_what_is_said_of_a_row_is_left_to_the_row(message: str) -> None:
    """Such a row is refused, and the others go on."""
    assert _trouble.said(message) is None


def test_words_that_are_the_patients_own_stop_nothing() -> None:
    """Odoo quotes what it refuses: a note about a full disk is no full disk."""
    note = "Says: no space left on device, and laughs."

    assert _trouble.said(f"Wrong value for comment: {note}", values=[note]) is None


@pytest.mark.parametrize("kind", ["psycopg2.errors.DiskFull", "builtins.MemoryError"])
def test_a_kind_of_error_that_is_the_servers_stops_the_load(kind: str) -> None:
    """It is not a refusal of the record that happened to be on its way."""
    assert isinstance(_faults.of_kind(kind, what="res.partner.load"), OdooServerError)


def test_any_other_kind_stays_a_refusal() -> None:
    """A broken rule is about the record."""
    found = _faults.of_kind("psycopg2.errors.CheckViolation", what="res.partner.load")

    assert isinstance(found, OdooRefusedError)
