"""What Odoo's refusals become: typed, and without a word of what was sent or answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from workbench.errors import (
    DestinationError,
    OdooAuthError,
    OdooDatabaseError,
    OdooOutcomeUnknownError,
    OdooRefusedError,
    OdooRightsError,
    OdooUnreachableError,
)

GATEWAY = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
"""A proxy's own answers: Odoo may or may not have done the work behind it."""

_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,80}")
_AUTH = frozenset({"odoo.exceptions.AccessDenied", "werkzeug.exceptions.Unauthorized"})
_RIGHTS = frozenset({"odoo.exceptions.AccessError", "werkzeug.exceptions.Forbidden"})
_DATABASE = frozenset({"psycopg2.OperationalError", "psycopg2.errors.OperationalError"})


def kind_of(answer: object) -> str:
    """Give the error's class name where the answer is one of Odoo's errors, else nothing.

    Odoo's `message`, `arguments` and `debug` are never looked at: they quote records.
    """
    name = answer.get("name") if isinstance(answer, Mapping) else None
    return name if isinstance(name, str) and _KIND.fullmatch(name) else ""


def of_kind(kind: str, *, what: str) -> DestinationError:
    """Translate one of Odoo's own errors by its class name; `what` is `model.method`."""
    if kind in _AUTH:
        return OdooAuthError("Odoo refused the API key.")
    if kind in _RIGHTS:
        return OdooRightsError(f"Odoo's user may not call {what}.")
    if kind in _DATABASE:
        return OdooDatabaseError("Odoo cannot open the database of that name.")
    return OdooRefusedError(f"Odoo refused {what} ({kind or 'no kind given'}).", name=kind)


def of_status(status: int, answer: object, *, what: str) -> DestinationError:
    """Translate an HTTP status other than 200 and what came with it, JSON or not."""
    kind = kind_of(answer)
    if status == HTTPStatus.UNAUTHORIZED:
        return OdooAuthError("Odoo refused the API key.")
    if status in GATEWAY and not kind:
        return OdooOutcomeUnknownError(
            f"Something between here and Odoo answered {status} to {what}."
        )
    if kind:
        return of_kind(kind, what=what)
    redirected = (
        HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    )  # to the selector of databases
    if redirected or status == HTTPStatus.NOT_FOUND:
        return OdooDatabaseError("There is no Odoo database of that name at that address.")
    if status == HTTPStatus.FORBIDDEN:
        return OdooRightsError(f"Odoo's user may not call {what}.")
    return OdooRefusedError(f"Odoo answered {status} to {what}.", name=f"http.{status}")


def unreachable(host: str) -> OdooUnreachableError:
    """Say that nothing was sent."""
    return OdooUnreachableError(f"There is no answer from Odoo at {host}; nothing was sent.")


def lost(what: str) -> OdooOutcomeUnknownError:
    """Say that something was sent and nothing, or half an answer, came back."""
    return OdooOutcomeUnknownError(f"{what} was sent to Odoo and its answer did not arrive.")
