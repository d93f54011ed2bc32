"""One face for Odoo: named arguments, either protocol, typed errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Literal, Self, cast

import httpx

from workbench.config import OdooConfig
from workbench.errors import ConfigError, DestinationError, OdooUnreachableError
from workbench.odoo._wire import RESTART_SECONDS, Json2, JsonRpc, Wire
from workbench.odoo.hosting import hosting_of, pace_at

JSON2_SINCE = 19
"""The first major version that speaks JSON-2 (Odoo 19 documentation, external API)."""

READS = frozenset({
    "check_access_rights", "context_get", "default_get", "fields_get", "get_installed",
    "get_views", "has_access", "has_group", "read", "read_group", "search", "search_count",
    "search_read",
})  # fmt: skip
"""Methods that change nothing: a lost answer is simply asked for again."""

QUIET: Mapping[str, Any] = {
    "tracking_disable": True, "mail_create_nosubscribe": True, "mail_create_nolog": True,
    "mail_notrack": True, "no_reset_password": True, "no_mail_to_attendees": True,
    "dont_notify": True, "image_no_postprocess": True, "active_test": False, "lang": "en_US",
    "tz": "UTC",
}  # fmt: skip
"""The context of every write: nobody is told, nothing is tracked, bytes and times stay as sent.

`tz`: `load()` reads a time in the user's zone unless told otherwise; ours are in UTC. `lang`:
names are written and matched in English, whatever the user prefers.
"""

Protocol = Literal["auto", "json2", "jsonrpc"]
OnCall = Callable[[str, str, float], None]
"""Told of every call that ended, well or badly: model, method, seconds."""


@dataclass(frozen=True, slots=True)
class Version:
    """What runs at the other end; `text` as Odoo writes it ("19.0", "saas~18.3+e")."""

    major: int
    text: str

    @property
    def enterprise(self) -> bool:
        """Whether it calls itself Enterprise (a "+e" behind the version)."""
        return self.text.endswith("+e")


@dataclass(frozen=True, slots=True)
class User:
    """The user whose key is used; `lang` is empty where Odoo has none."""

    id: int
    login: str
    lang: str


class Odoo:
    """A database of Odoo, through its API.

    Args:
        url: where Odoo is, without a path behind it unless a proxy adds one.
        database: its name.
        api_key: a key of the user (JSON-2 and JSON-RPC alike).
        login: the user's login; JSON-RPC needs it.
        protocol: "json2" (19 and newer), "jsonrpc", or "auto": by the version.
        calls_per_second: at most this many; 0 is no limit. Kept from one call to the next
            of this object, repeats among them; it knows nothing of what another process,
            another tool or another key sends to the same server.
        timeout: seconds that an answer may take, from one piece of it to the next.
        on_call: told of every call that ended.
        transport: takes the place of the network, for tests.
        patience: seconds that an Odoo which has answered before is waited for when it is away.

    Raises:
        OdooUnreachableError: no answer to the question for the version ("auto" only).
        ConfigError: JSON-RPC without a login.
    """

    def __init__(
        self,
        *,
        url: str,
        database: str,
        api_key: str,
        login: str = "",
        protocol: Protocol = "auto",
        calls_per_second: float = 0.0,
        timeout: float = 120.0,
        on_call: OnCall | None = None,
        transport: httpx.BaseTransport | None = None,
        patience: float = RESTART_SECONDS,
    ) -> None:
        self.url, self.database = url.rstrip("/"), database
        self._wire = Wire(
            self.url,
            timeout=timeout,
            calls_per_second=calls_per_second,
            transport=transport,
            patience=patience,
        )
        self._wire.client.event_hooks = {"response": [self._note_clock]}
        self._on_call = on_call
        self.ahead: float | None = None
        """Seconds by which Odoo's clock is ahead of ours; None until an answer tells its time."""
        self._version: Version | None = None
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}
        self._user: User | None = None
        if protocol == "auto":
            protocol = "json2" if self.version().major >= JSON2_SINCE else "jsonrpc"
        self.protocol = protocol
        self._connection: Json2 | JsonRpc
        if protocol == "json2":
            self._connection = Json2(self._wire, database=database, api_key=api_key)
        elif login:
            self._connection = JsonRpc(self._wire, database=database, login=login, api_key=api_key)
        else:
            what = "This Odoo is spoken to by JSON-RPC, which needs the user's login."
            raise ConfigError(what, do="Set `login` under [odoo] in migration.toml.")

    def __repr__(self) -> str:
        return f"Odoo({self.url!r}, database={self.database!r}, protocol={self.protocol!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._wire.client.close()

    @property
    def calls_per_second(self) -> float:
        """The pace that is kept; 0 is no limit."""
        return self._wire.calls_per_second

    def keep_to(self, calls_per_second: float) -> None:
        """Keep another pace from now on; 0 is no limit."""
        self._wire.calls_per_second = calls_per_second

    def call(self, model: str, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401  # any JSON
        """Call one public method of a model, every argument by its name.

        `ids` names the records of a method that works on records; leave it out for one
        that works on the model. One call is one transaction of Odoo's.

        Raises:
            OdooUnreachableError: no connection; nothing was sent.
            OdooOutcomeUnknownError: sent, and the answer was lost.
            OdooAuthError: the key was refused.
            OdooDatabaseError: no such database.
            OdooRightsError: the user may not do this.
            OdooRefusedError: any other error of Odoo's, by its kind; never its text.
        """
        started = time.monotonic()
        try:
            return self._connection.call(model, method, arguments, reads=method in READS)
        finally:
            if self._on_call:
                self._on_call(model, method, time.monotonic() - started)

    def version(self) -> Version:
        """Ask which version it is; needs no key, asked once.

        Raises:
            OdooUnreachableError: nothing there, or nothing that is an Odoo.
        """
        if self._version is None:
            self._version = self._ask_version()
        return self._version

    def fields(self, model: str) -> dict[str, dict[str, Any]]:
        """Give a model's fields by name, with type, relation, selection, label; asked once.

        After a change of the schema call `forget()`.
        """
        if model not in self._fields:
            self._fields[model] = self.call(
                model, "fields_get",
                attributes=["type", "relation", "selection", "string", "readonly", "store",
                            "required"],
                context={"lang": "en_US"},
            )  # fmt: skip
        return self._fields[model]

    def forget(self) -> None:
        """Forget what is known of the fields: the schema was changed."""
        self._fields.clear()

    def me(self) -> User:
        """Give the user whose key this is; asked once."""
        if self._user is None:
            context = self.call("res.users", "context_get")
            domain: list[object] = [["id", "=", context.get("uid")]]
            if "uid" not in context:  # 16 and older
                domain = [["login", "=", getattr(self._connection, "login", "")]]
            row = self.call("res.users", "search_read", domain=domain, fields=["login", "lang"])[0]
            self._user = User(row["id"], row["login"], row["lang"] or "")
        return self._user

    def search_read(
        self, model: str, domain: list[Any], *, fields: list[str]
    ) -> list[dict[str, Any]]:
        """Read all records of a domain, archived ones too, in the order of their ids."""
        found = self.call(
            model, "search_read", domain=domain, fields=fields, order="id",
            context={"active_test": False, "lang": "en_US"},
        )  # fmt: skip
        return cast("list[dict[str, Any]]", found)

    def by_id(self, model: str, ids: list[int], *, fields: list[str]) -> list[dict[str, Any]]:
        """Read records by number, archived ones too; those that are not there are left out.

        A search of Odoo's calendar leaves archived contacts out of what it gives of an event,
        whatever the context says; reading the event gives them (measured on Odoo 19).
        """
        domain: list[Any] = [["id", "in", ids]]
        if model != "calendar.event":
            return self.search_read(model, domain, fields=fields)
        context = {"active_test": False, "lang": "en_US"}
        there = self.call(model, "search", domain=domain, order="id", context=context)
        found = self.call(model, "read", ids=there, fields=fields, context=context)
        return cast("list[dict[str, Any]]", found)

    def _note_clock(self, answer: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:  # a server need not say
            return
        if told.tzinfo is not None:
            self.ahead = (told - datetime.now(UTC)).total_seconds()

    def _ask_version(self) -> Version:
        answer = self._wire.get(f"{self.url}/web/version")
        if isinstance(answer, Mapping) and "version_info" in answer:
            return _version(answer["version_info"], str(answer.get("version", "")))
        try:  # 17 and older have no such page
            found = self._wire.post(
                f"{self.url}/jsonrpc",
                {"jsonrpc": "2.0", "method": "call", "id": 1,
                 "params": {"service": "common", "method": "version", "args": []}},
                headers={}, what="common.version", reads=True,
            )  # fmt: skip
        except OdooUnreachableError:
            raise
        except DestinationError:
            found = None
        result = found.get("result") if isinstance(found, Mapping) else None
        if not isinstance(result, Mapping):
            what = f"What answers at {self._wire.host} is not an Odoo."
            raise OdooUnreachableError(what)
        return _version(result.get("server_version_info"), str(result.get("server_version", "")))


def _version(info: object, text: str) -> Version:
    numbers = re.findall(r"\d+", str(info[0])) if isinstance(info, list) and info else []
    if not numbers:
        what = "Odoo does not say which version it is."
        raise OdooUnreachableError(what)
    return Version(int(numbers[-1]), text)


def context_for(odoo: Odoo, model: str) -> dict[str, Any]:
    """Give the quiet context for writing records of a model.

    A contact takes its language and time zone from the context of its making: the language
    is the user's, as if made by hand, and the zone stays open instead of becoming our UTC.
    An event without a patient has no attendee: not the user who made it, as by default; and
    Odoo does not write organiser's and patient's address and telephone below its description.
    """
    if model == "calendar.event":
        return {**QUIET, "default_partner_ids": [], "skip_contact_description": True}
    if model != "res.partner":
        return dict(QUIET)
    return {**QUIET, "default_lang": odoo.me().lang or False, "default_tz": False}


def open_odoo(config: OdooConfig, *, api_key: str, on_call: OnCall | None = None) -> Odoo:
    """Open the configured Odoo, at the pace that is agreed where it runs.

    Raises:
        OdooUnreachableError: it gives no answer.
        ConfigError: JSON-RPC without a login.
    """
    where = hosting_of(config.url, database=config.database)
    odoo = Odoo(
        url=config.url, database=config.database, api_key=api_key, login=config.login,
        protocol=config.protocol, timeout=config.timeout_seconds, on_call=on_call,
        calls_per_second=pace_at(where, wished=config.calls_per_second),
    )  # fmt: skip
    # a clinic's own domain may lead to Odoo's cloud: the version gives it away
    where = hosting_of(config.url, database=config.database, version=odoo.version().text)
    odoo.keep_to(pace_at(where, wished=config.calls_per_second))
    return odoo
