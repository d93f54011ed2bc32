"""A small Odoo in this process, for faults at an exact byte that a real one cannot be made to have.

It keeps Odoo's promises that the loader relies on: one call is one transaction, `load()` writes
records with their external ids, one bad row undoes the whole call, external ids are unique. The
contract tests run on it and on a real Odoo alike. It speaks JSON-2 and JSON-RPC on loopback.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from workbench.odoo import Odoo

Row = dict[str, Any]
TEXT, MANY = "char", "many2many"
FIELDS: dict[str, dict[str, str]] = {
    "res.partner": {
        "name": TEXT, "email": TEXT, "phone": TEXT, "comment": "html", "lang": TEXT,
        "category_id": MANY, "x_practicehub_id": TEXT, "is_company": "boolean",
        "parent_id": "many2one",
    },
    "res.partner.category": {"name": TEXT, "active": "boolean"},
    "res.users": {"name": TEXT, "login": TEXT, "lang": TEXT, "tz": TEXT,
                  "company_id": "many2one", "active": "boolean"},
    "res.lang": {"code": TEXT, "name": TEXT},
    "mail.message": {"model": TEXT, "res_id": "many2one_reference", "message_type": TEXT,
                     "subject": TEXT},
    "mail.activity": {"res_model": TEXT, "res_id": "integer"},
    "ir.attachment": {"res_model": TEXT, "res_id": "integer", "res_field": TEXT, "name": TEXT,
                      "mimetype": TEXT, "datas": "binary", "checksum": TEXT},
    "ir.config_parameter": {"key": TEXT, "value": TEXT},
    "ir.model": {"model": TEXT},
    "ir.model.fields": {"model": TEXT, "name": TEXT, "relation": TEXT, "ttype": TEXT,
                        "on_delete": TEXT, "relation_table": TEXT,
                        "store": "boolean", "model_id.transient": "boolean"},
    "ir.model.data": {"module": TEXT, "name": TEXT, "model": TEXT, "res_id": "integer",
                      "noupdate": "boolean"},
}  # fmt: skip
STAMPS = {"id": "integer", "create_date": "datetime", "create_uid": "many2one",
          "write_date": "datetime", "write_uid": "many2one"}  # fmt: skip
HANGING = {"mail.message": ("model", "res_id"), "mail.activity": ("res_model", "res_id"),
           "ir.attachment": ("res_model", "res_id")}  # fmt: skip
"""What goes with the record it hangs on, by that one's model and number."""
VERSION = {"version": "19.0", "version_info": [19, 0, 0, "final", 0, ""]}
PUBLIC = {"create", "write", "unlink", "read", "search", "search_read", "search_count", "load",
          "fields_get", "has_access", "context_get", "get_installed"}  # fmt: skip
ADMIN_ONLY = {"ir.model.data"}
VALUE, INVALID = "builtins.ValueError", "odoo.exceptions.ValidationError"
STATUS = {"AccessError": 403, "MissingError": 404, "ValidationError": 422, "UserError": 422}


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, value: bool(held == value),
    "!=": lambda held, value: bool(held != value),
    "in": lambda held, value: held in value,
    "not in": lambda held, value: held not in value,
}


class RefusedError(Exception):
    """One of Odoo's errors, by the name of its class."""

    def __init__(self, name: str, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.name, self.text = name, text
        self.status = status or STATUS.get(name.rpartition(".")[2], 500)


@dataclass
class Cut:
    """A fault of the next call of one method: what happens to its answer.

    `after` bytes of the whole answer are sent, then the line is closed; None loses the call
    before anything is done. `late`: the line is closed at once and the work is committed
    that many seconds later, as when a client is killed. `status`: the work is done, and a
    proxy answers with this status in its place.
    """

    method: str
    after: int | None = 0
    late: float = 0.0
    status: int = 0


@dataclass
class FakeOdoo:
    """One database "clinic", an administrator "admin" and an employee "ann" who may do little."""

    tables: dict[str, dict[int, Row]] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=lambda: {"admin-key": 2, "ann-key": 7})
    database: str = "clinic"
    url: str = ""
    most: int | None = None
    """Bytes of a request that a proxy before it takes; it answers 413 to more."""
    received: int = 0
    """Bytes of all requests that were taken."""
    late: list[threading.Timer] = field(default_factory=list)
    """Calls whose line was closed at once, and which commit later."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _next: int = 100
    _calls: int = 0
    _began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.tables = {model: {} for model in FIELDS}
        for number, login in ((2, "admin"), (7, "ann")):
            self.tables["res.users"][number] = {
                "id": number, "name": login.title(), "login": login, "lang": "en_US", "tz": False,
                "company_id": [1, "Clinic"], "active": True, "create_date": "2026-01-01 00:00:00",
            }  # fmt: skip
        self.tables["ir.model"] = {n: {"id": n, "model": model} for n, model in enumerate(FIELDS)}
        self.tables["res.lang"][1] = {"id": 1, "code": "en_US", "name": "English"}

    def client(self, *, protocol: str = "json2", key: str = "admin-key", **options: object) -> Odoo:
        """Open it."""
        settings: dict[str, object] = {
            "url": self.url, "database": self.database, "api_key": key,
            "login": "admin", "protocol": protocol, "patience": 0.0,
        }  # fmt: skip
        return Odoo(**(settings | options))  # type: ignore[arg-type]  # by the tests

    def copied(self) -> dict[str, dict[int, Row]]:
        """Copy all tables; what a row holds is never changed in place."""
        return {
            model: {number: dict(row) for number, row in rows.items()}
            for model, rows in self.tables.items()
        }

    def records(self, model: str) -> list[Row]:
        """Give a model's records, oldest first."""
        return [row for _, row in sorted(self.tables[model].items())]

    def external_ids(self) -> list[str]:
        """Give the names of all external ids, oldest first."""
        return [row["name"] for row in self.records("ir.model.data")]

    def call(self, user: int, model: str, method: str, arguments: Row) -> Any:  # noqa: ANN401  # any JSON
        """Do one call as one transaction."""
        self.calls.append((model, method))
        if model not in FIELDS:
            name = "werkzeug.exceptions.NotFound"
            raise RefusedError(name, f"the model {model} does not exist", status=404)
        if method not in PUBLIC:
            name = "werkzeug.exceptions.NotFound"
            raise RefusedError(name, f"The method {model}.{method} does not exist", status=404)
        writes = method in {"create", "write", "unlink", "load"}
        if writes and user != 2 and model in ADMIN_ONLY:
            name = "odoo.exceptions.AccessError"
            raise RefusedError(name, f"You are not allowed to modify {arguments}")
        with self._lock:
            saved = self.copied() if writes else self.tables
            self._calls += writes
            try:
                return getattr(self, f"_{method}")(user, model, **arguments)
            except RefusedError:
                self.tables = saved
                raise
            except TypeError as error:
                self.tables = saved
                name = "werkzeug.exceptions.UnprocessableEntity"
                raise RefusedError(name, str(error), status=422) from None

    def _clock(self) -> str:
        """Give the time: each call that writes takes a second, so that two of them can be told."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._began + self._calls))

    # methods -----------------------------------------------------------------------------

    def _context_get(self, user: int, model: str, context: Row | None = None) -> Row:
        return {"lang": "en_US", "tz": False, "uid": user}

    def _get_installed(self, user: int, model: str, context: Row | None = None) -> list[list[str]]:
        return [["en_US", "English"]]

    def _has_access(
        self, user: int, model: str, ids: list[int], *, operation: str, context: Row | None = None
    ) -> bool:
        return user == 2 or model not in ADMIN_ONLY

    def _fields_get(
        self, user: int, model: str, attributes: list[str] | None = None,
        context: Row | None = None,
    ) -> Row:  # fmt: skip
        return {name: {"type": kind, "string": name, "relation": "", "readonly": False,
                       "required": name == "name", "store": True, "selection": []}
                for name, kind in (FIELDS[model] | STAMPS).items()}  # fmt: skip

    def _search(
        self, user: int, model: str, domain: list[Any], *, limit: int | None = None,
        order: str = "id", context: Row | None = None,
    ) -> list[int]:  # fmt: skip
        fits = [row["id"] for row in self.records(model) if self._fits(model, row, domain)]
        return fits[:limit]

    def _search_count(
        self, user: int, model: str, domain: list[Any], *, limit: int | None = None,
        context: Row | None = None,
    ) -> int:  # fmt: skip
        return len(self._search(user, model, domain, limit=limit))

    def _search_read(
        self, user: int, model: str, domain: list[Any], *, fields: list[str],
        order: str = "id", context: Row | None = None,
    ) -> list[Row]:  # fmt: skip
        return self._read(user, model, self._search(user, model, domain), fields=fields)

    def _read(
        self,
        user: int,
        model: str,
        ids: list[int],
        *,
        fields: list[str],
        context: Row | None = None,
    ) -> list[Row]:
        known = FIELDS[model] | STAMPS
        self._check_names(model, fields)
        return [
            {"id": number} | {
                name: self.tables[model][number].get(name, [] if known[name] == MANY else False)
                for name in fields
            }
            for number in ids
        ]  # fmt: skip

    def _create(
        self, user: int, model: str, vals_list: list[Row], context: Row | None = None
    ) -> list[int]:
        now = self._clock()
        made = []
        for values in vals_list:
            self._check(model, values)
            self._next += 1
            works = {"active": True} if "active" in FIELDS[model] else {}
            self.tables[model][self._next] = {
                **works, **_with_checksum(values), "id": self._next,
                "create_date": now, "write_date": now,
                "create_uid": [user, "x"], "write_uid": [user, "x"],
            }  # fmt: skip
            made.append(self._next)
        return made

    def _write(
        self, user: int, model: str, ids: list[int], *, vals: Row, context: Row | None = None
    ) -> bool:
        self._check_names(model, vals)
        if not self.tables[model].keys() >= set(ids):
            name = "odoo.exceptions.MissingError"
            raise RefusedError(name, "Record does not exist or has been deleted.")
        for number in ids:
            row = self.tables[model][number]
            told = {name: _related(row.get(name), value) if FIELDS[model].get(name) == MANY
                    else value for name, value in vals.items()}  # fmt: skip
            row |= {**_with_checksum(told), "write_uid": [user, "x"], "write_date": self._clock()}
        return True

    def _unlink(self, user: int, model: str, ids: list[int], context: Row | None = None) -> bool:
        for number in ids:
            self.tables[model].pop(number, None)
            for row in self.records("ir.model.data"):
                if (row["model"], row["res_id"]) == (model, number):
                    del self.tables["ir.model.data"][row["id"]]
            for other, (by_model, by_id) in HANGING.items():  # as Odoo does, without a word
                hang = [row["id"] for row in self.records(other)
                        if (row.get(by_model), row.get(by_id)) == (model, number)]  # fmt: skip
                self._unlink(user, other, hang)
        return True

    def _load(
        self, user: int, model: str, *, fields: list[str], data: list[list[str]],
        context: Row | None = None,
    ) -> Row:  # fmt: skip
        messages: list[Row] = []
        ids: list[int] = []
        saved = self.copied()
        for place, line in enumerate(data):
            values = dict(zip(fields, line, strict=True))
            try:
                ids.append(self._load_one(user, model, values))
            except RefusedError as error:
                messages.append({"type": "error", "record": place, "message": error.text,
                                 "rows": {"from": place, "to": place}})  # fmt: skip
        if messages:
            self.tables = saved
        return {"ids": False if messages else ids, "messages": messages, "nextrow": 0}

    def _load_one(self, user: int, model: str, values: Row) -> int:
        number = values.pop(".id", None)
        module, _, name = values.pop("id", "").partition(".")
        plain = {key.partition("/")[0]: value for key, value in values.items()}
        for key, value in plain.items():
            if "\x00" in value:
                text = "A string literal cannot contain NUL (0x00) characters."
                raise RefusedError(VALUE, text)
            plain[key] = _read_cell(value, kind=FIELDS[model].get(key, ""))
        if number is not None:
            if int(number) not in self.tables[model]:
                text = f"Unknown database identifier {number!r}"
                raise RefusedError(VALUE, text)
            self._write(user, model, [int(number)], vals=plain)
            return int(number)
        for row in self.records("ir.model.data"):
            if (row["module"], row["name"]) == (module, name):
                if row["model"] != model:
                    text = f"found record of different model {row['model']}"
                    raise RefusedError(INVALID, text)
                self._write(user, model, [row["res_id"]], vals=plain)
                return int(row["res_id"])
        made = self._create(user, model, [plain])[0]
        self._create(user, "ir.model.data", [
            {"module": module, "name": name, "model": model, "res_id": made}
        ])  # fmt: skip
        return made

    # rules -------------------------------------------------------------------------------

    def _check(self, model: str, values: Row) -> None:
        self._check_names(model, values)
        if model == "res.partner" and not values.get("name"):
            raise RefusedError(INVALID, "Contacts require a name")
        if model == "ir.model.data":
            for row in self.records(model):
                if all(row[key] == values[key] for key in ("module", "name")):
                    text = "External IDs cannot be used twice"
                    raise RefusedError(INVALID, text)

    def _check_names(self, model: str, names: Iterable[str]) -> None:
        for name in names:
            if name not in FIELDS[model] | STAMPS:
                raise RefusedError(VALUE, f"Invalid field {name!r} in {names!r}")

    def _fits(self, model: str, row: Row, domain: list[Any]) -> bool:
        for name, operator, value in domain:
            self._check_names(model, [name])
            held = row.get(name, False)
            points = (FIELDS[model] | STAMPS)[name] == "many2one"
            held = held[0] if isinstance(held, list) and points else held
            if not _OPERATORS[operator](held, value):
                return False
        return True

    def take_cut(self, method: str) -> Cut | None:
        """Give the fault that waits for this method, once."""
        with self._lock:
            for place, cut in enumerate(self.cuts):
                if cut.method == method:
                    return self.cuts.pop(place)
        return None


@contextmanager
def serving() -> Iterator[FakeOdoo]:
    """Serve a fake Odoo on a free loopback port."""
    fake = FakeOdoo()

    class Handler(_Handler):
        odoo = fake
        lines: ClassVar[list[socket.socket]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        for line in Handler.lines:  # who kept a connection loses it, as when a server ends
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        thread.join()


def _read_cell(text: str, *, kind: str) -> Any:  # noqa: ANN401  # any JSON
    """Read a cell of `load()`, references by number."""
    if kind == MANY:
        return [int(part) for part in text.split(",") if part]
    if kind == "boolean":
        return text == "1"
    if kind in {"many2one_reference", "integer"}:
        return int(text or 0)
    return text or False


def _related(held: Any, told: Any) -> list[int]:  # noqa: ANN401  # any JSON
    """Carry out the commands of a many2many: set, add, take away; or take numbers as they are."""
    numbers = list(held or [])
    for one in told:
        if not isinstance(one, list):
            return list(told)
        command, number = one[0], one[1]
        if command == 6:
            numbers = list(one[2])
        elif command == 4:
            numbers += [number] if number not in numbers else []
        else:
            numbers = [other for other in numbers if other != number]
    return numbers


def _with_checksum(values: Row) -> Row:
    if "datas" not in values:
        return values
    content = base64.b64decode(values["datas"] or "")
    found = hashlib.sha1(content, usedforsecurity=False).hexdigest() if content else False
    return {**values, "checksum": found}


class _Handler(BaseHTTPRequestHandler):
    odoo: FakeOdoo
    lines: ClassVar[list[socket.socket]]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Remember the line, to close it when the server ends."""
        self.lines.append(self.request)
        super().setup()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer for the version; anything else is not there."""
        if self.path == "/web/version":
            self._send(200, VERSION)
        else:
            self._send(404, None)

    def do_POST(self) -> None:
        """Do a call of either protocol."""
        length = int(self.headers["Content-Length"])
        content = self.rfile.read(length)
        if self.odoo.most is not None and length > self.odoo.most:
            self._send(413, None)
            return
        self.odoo.received += length
        body = json.loads(content)
        if self.path == "/jsonrpc":
            self._rpc(body["params"])
        else:
            self._json2(body)

    def _json2(self, arguments: Row) -> None:
        if self.headers["X-Odoo-Database"] != self.odoo.database:
            self._send(404, None)
            return
        user = self.odoo.keys.get(self.headers["Authorization"].removeprefix("Bearer "))
        if user is None:
            name = "werkzeug.exceptions.Unauthorized"
            self._send(401, {"name": name, "message": "Invalid apikey", "debug": "Traceback"})
            return
        model, method = self.path.split("/")[-2:]
        self._do(user, model, method, arguments, rpc=False)

    def _rpc(self, params: Row) -> None:
        service, method, args = params["service"], params["method"], params["args"]
        if service == "common" and method == "version":
            self._send(
                200,
                {
                    "result": {
                        "server_version": "19.0",
                        "server_version_info": [19, 0, 0, "final", 0, ""],
                    }
                },
            )
            return  # fmt: skip
        if args[0] != self.odoo.database:
            self._send(200, {"error": {"data": {"name": "psycopg2.OperationalError"}}})
            return
        if service == "common":
            self._send(200, {"result": self.odoo.keys.get(args[2], False)})
            return
        _, user, _, model, name, positional, by_name = args
        first = "vals_list" if name == "create" else "ids"
        arguments = {first: positional[0], **by_name} if positional else by_name
        self._do(user, model, name, arguments, rpc=True)

    def _do(self, user: int, model: str, method: str, arguments: Row, *, rpc: bool) -> None:
        cut = self.odoo.take_cut(method)
        if cut and cut.late:
            self.close_connection = True
            timer = threading.Timer(
                cut.late, self._answer, args=(user, model, method, arguments), kwargs={"rpc": rpc}
            )
            timer.daemon = True
            self.odoo.late.append(timer)
            timer.start()
            return
        if cut and cut.after is None:
            self.close_connection = True
            return
        status, body = self._answer(user, model, method, arguments, rpc=rpc)
        if cut and cut.status:
            self._send(cut.status, None)
        else:
            self._send(status, body, after=cut.after if cut else None)

    def _answer(
        self, user: int, model: str, method: str, arguments: Row, *, rpc: bool
    ) -> tuple[int, Any]:
        try:
            result = self.odoo.call(user, model, method, arguments)
        except RefusedError as error:
            fault = {"name": error.name, "message": error.text, "debug": "Traceback"}
            return (200, {"error": {"data": fault}}) if rpc else (error.status, fault)
        return 200, {"result": result} if rpc else result

    def _send(self, status: int, body: object, *, after: int | None = None) -> None:
        content = b"<html></html>" if body is None else json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        whole = head + content
        if after is None:
            self.wfile.write(whole)
            return
        self.wfile.write(whole[:after])
        self.close_connection = True
