"""What Odoo's refusals become: typed, and without a word of what was sent or answered."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from workbench.errors import (
    DestinationError,
    OdooAuthError,
    OdooDatabaseError,
    OdooOutcomeUnknownError,
    OdooRefusedError,
    OdooRightsError,
    OdooUnreachableError,
)
from workbench.odoo import _trouble

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
    refused = OdooRefusedError(f"Odoo refused {what} ({kind or 'no kind given'}).", name=kind)
    return _trouble.of_kind(kind) or refused


def of_status(status: int, answer: object, *, what: str, to: str = "") -> DestinationError:
    """Translate an HTTP status other than 200 and what came with it, JSON or not.

    Args:
        status: of the answer.
        answer: its content, where that is JSON.
        what: `model.method`.
        to: where a redirect points; only its scheme and host are ever repeated.
    """
    kind = kind_of(answer)
    if status == HTTPStatus.UNAUTHORIZED:
        return OdooAuthError("Odoo refused the API key.")
    return of_kind(kind, what=what) if kind else _of_page(status, what=what, to=to)


def _of_page(status: int, *, what: str, to: str) -> DestinationError:
    """Translate an answer that is none of Odoo's errors: of a proxy, or of a cloud's own."""
    if status in GATEWAY:
        return OdooOutcomeUnknownError(
            f"Something between here and Odoo answered {status} to {what}."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _redirected(to)
    if status == HTTPStatus.NOT_FOUND:
        return OdooDatabaseError("There is no Odoo database of that name at that address.")
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED}:
        # Odoo itself always names the kind of its refusals: this is not about the user's rights
        return OdooAuthError(
            f"The API was closed to {what} ({status}), without a reason of Odoo's.",
            do="On Odoo's own cloud API access needs the Custom plan, and a database that has "
            "not run out; elsewhere see that no proxy or firewall closes /json/2 and /jsonrpc.",
        )
    return OdooRefusedError(f"Odoo answered {status} to {what}.", name=f"http.{status}")


def _redirected(to: str) -> DestinationError:
    """Say where a redirect leads: to the selector of databases, or to another address."""
    parts = urlsplit(to)
    if parts.hostname and "/web/database" not in parts.path:
        return OdooUnreachableError(
            f"The address sends everybody on to {parts.scheme}://{parts.hostname}; "
            "nothing was done.",
            do="If Odoo is there, make it the `url` under [odoo] in migration.toml; if it is a "
            "page of Odoo's own, the database may have run out or been renamed.",
        )
    return OdooDatabaseError("There is no Odoo database of that name at that address.")


def is_untrusted(error: BaseException) -> bool:
    """Whether a connection was given up because of the server's certificate."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def untrusted(host: str) -> OdooUnreachableError:
    """Say that the server could not prove who it is; nothing was sent."""
    return OdooUnreachableError(
        f"The certificate of {host} could not be checked; nothing was sent.",
        do="Have whoever runs the server install a certificate for that name; patients are not "
        "sent to a server that cannot prove who it is.",
    )


def unreachable(host: str) -> OdooUnreachableError:
    """Say that nothing was sent."""
    return OdooUnreachableError(f"There is no answer from Odoo at {host}; nothing was sent.")


def lost(what: str) -> OdooOutcomeUnknownError:
    """Say that something was sent and nothing, or half an answer, came back."""
    return OdooOutcomeUnknownError(f"{what} was sent to Odoo and its answer did not arrive.")


def page(what: str) -> OdooOutcomeUnknownError:
    """Say that something was sent and a web page came back: a proxy's, or a cloud's own."""
    return OdooOutcomeUnknownError(
        f"{what} was sent to Odoo and a web page came back in place of its answer.",
        do="Run again: the first thing done is to ask Odoo what it holds. If it stays so, open "
        "the address in a browser: maintenance, a sign-in, or a database that ran out.",
    )
