"""What the loader relies on from an Odoo: the same on the real one and on the fake.

To add an implementation, write a maker like `_fake` and name it in the fixture `peer`; every
case runs on it. The real one's database is shared by the cases, so each uses names of its own.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support import fake_odoo, real_odoo
from tests.support.odoo import database
from workbench.errors import (
    DestinationError,
    OdooAuthError,
    OdooDatabaseError,
    OdooRefusedError,
    OdooRightsError,
    OdooUnreachableError,
)
from workbench.odoo import Odoo
from workbench.sandbox.odoo import OdooConnection
from workbench.sandbox.processes import free_port

SECRET_NAME = "Wilhelmina Testpatient"
QUIET = {"tracking_disable": True}


@dataclass
class Peer:
    """One implementation in one protocol; `open` takes what is to differ."""

    open: Callable[..., Odoo]
    employee: Callable[[], tuple[str, str]]
    revoke: Callable[[str], None]
    renew: Callable[[str], str]
    opened: list[Odoo] = field(default_factory=list)
    tag: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")

    def __call__(self, **options: object) -> Odoo:
        odoo = self.open(**options)
        self.opened.append(odoo)
        return odoo


def _fake(fake: fake_odoo.FakeOdoo, protocol: str) -> Peer:
    def opened(**options: object) -> Odoo:
        settings: dict[str, Any] = {"key": "admin-key", "protocol": protocol, **options}
        settings["key"] = settings.pop("api_key", settings["key"])
        return fake.client(**settings)

    def revoke(_: str) -> None:
        del fake.keys["ann-key"]

    def renew(login: str) -> str:
        fake.keys[f"{login}-new-key"] = 7
        return f"{login}-new-key"

    return Peer(opened, lambda: ("ann", "ann-key"), revoke, renew)


def _real(connection: OdooConnection, protocol: str) -> Peer:
    def opened(**options: object) -> Odoo:
        settings: dict[str, Any] = {
            "url": connection.url, "database": connection.database,
            "api_key": connection.api_key, "login": connection.login, "protocol": protocol,
        }  # fmt: skip
        return Odoo(**(settings | options))

    def employee() -> tuple[str, str]:
        login = f"ann{uuid.uuid4().hex[:8]}"
        real_odoo.person(connection, login).close()
        return login, real_odoo.key_of(connection, login)

    return Peer(
        opened,
        employee,
        lambda login: real_odoo.revoke(connection, login),
        lambda login: real_odoo.key_of(connection, login),
    )


@pytest.fixture(scope="module")
def real(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """One database of the real Odoo for all cases; only a real one asks for it."""
    with database() as connection:
        yield connection


@pytest.fixture(
    params=[
        ("fake", "json2"),
        ("fake", "jsonrpc"),
        pytest.param(("real", "json2"), marks=pytest.mark.odoo),
        pytest.param(("real", "jsonrpc"), marks=pytest.mark.odoo),
    ],
    ids="-".join,
)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Every implementation in every protocol."""
    kind, protocol = request.param
    with ExitStack() as stack:
        if kind == "fake":
            peer = _fake(stack.enter_context(fake_odoo.serving()), protocol)
        else:
            peer = _real(request.getfixturevalue("real"), protocol)
        yield peer
        for odoo in peer.opened:
            odoo.close()


def _load(peer: Peer, odoo: Odoo, *names: str) -> dict[str, Any]:
    rows = [
        [f"{peer.tag}.p{place}", name, f"{peer.tag}@example.org"]
        for place, name in enumerate(names, start=1)
    ]
    answer: dict[str, Any] = odoo.call(
        "res.partner", "load", fields=["id", "name", "email"], data=rows, context=QUIET
    )
    return answer


def _names(peer: Peer, odoo: Odoo) -> list[str]:
    rows = odoo.search_read(
        "res.partner", [["email", "=", f"{peer.tag}@example.org"]], fields=["name"]
    )
    return [row["name"] for row in rows]


def test_it_says_its_version_and_whose_key_it_is(peer: Peer) -> None:
    """The version needs no rights; the user is the one who made the key."""
    odoo = peer()

    assert odoo.version().major == 19
    assert odoo.me().login == "admin"


def test_records_are_made_read_changed_and_removed_by_named_arguments(peer: Peer) -> None:
    """One id is still a list of records, and what was written is what is read."""
    odoo = peer()
    made = odoo.call("res.partner", "create", vals_list=[{"name": "One"}], context=QUIET)
    odoo.call("res.partner", "write", ids=made, vals={"name": "Two"})
    read = odoo.call("res.partner", "read", ids=made, fields=["name"])
    odoo.call("res.partner", "unlink", ids=made)

    assert [row["name"] for row in read] == ["Two"]
    assert odoo.call("res.partner", "search_count", domain=[["id", "in", made]]) == 0


def test_load_makes_records_and_their_external_ids_together(peer: Peer) -> None:
    """The external id of a loaded record leads to the record."""
    odoo = peer()
    _load(peer, odoo, "One")
    rows = odoo.search_read(
        "ir.model.data", [["module", "=", peer.tag]], fields=["name", "model", "create_date"]
    )
    partner = odoo.search_read(
        "res.partner", [["email", "=", f"{peer.tag}@example.org"]], fields=["create_date"]
    )

    assert [(row["name"], row["model"]) for row in rows] == [("p1", "res.partner")]
    assert rows[0]["create_date"] == partner[0]["create_date"]


def test_loading_an_external_id_again_makes_no_second_record(peer: Peer) -> None:
    """The external id is the key: a second load finds the first one's record."""
    odoo = peer()
    _load(peer, odoo, "One")
    _load(peer, odoo, "Two")

    assert _names(peer, odoo) == ["Two"]


def test_one_bad_row_undoes_the_whole_call_and_is_named(peer: Peer) -> None:
    """Of a call with a nameless contact nothing stays, and the row is told by its place."""
    odoo = peer()
    answer = _load(peer, odoo, "One", "")
    errors = [message for message in answer["messages"] if message["type"] == "error"]

    assert answer["ids"] is False
    assert 1 in {message["record"] for message in errors}
    assert _names(peer, odoo) == []


def test_fields_say_their_types(peer: Peer) -> None:
    """Plans are made against the fields that this database has."""
    fields = peer().fields("res.partner")

    assert (fields["name"]["type"], fields["category_id"]["type"]) == ("char", "many2many")


def test_a_wrong_key_is_said_to_be_wrong_and_not_shown(peer: Peer) -> None:
    """The error names the key's fault and never the key."""
    with pytest.raises(OdooAuthError) as caught:
        peer(api_key="not-the-key").call("res.partner", "search_count", domain=[])

    assert "not-the-key" not in str(caught.value)


def test_a_wrong_database_is_told_from_a_wrong_key(peer: Peer) -> None:
    """A misspelt database name is its own error."""
    with pytest.raises(OdooDatabaseError):
        peer(database="no-such-database").call("res.partner", "search_count", domain=[])


def test_a_user_without_rights_is_told_so(peer: Peer) -> None:
    """An employee may not write external ids; the error holds nothing of what was sent."""
    login, key = peer.employee()
    employee = peer(api_key=key, login=login)
    row = {"module": peer.tag, "name": SECRET_NAME, "model": "res.partner", "res_id": 1}
    with pytest.raises(OdooRightsError) as caught:
        employee.call("ir.model.data", "create", vals_list=[row])

    assert SECRET_NAME not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("create", {"vals_list": [{"name": SECRET_NAME, "no_such_field": 1}]}),
        ("create", {"vals": [{"name": SECRET_NAME}]}),
        ("no_such_method", {"ids": [1], "name": SECRET_NAME}),
    ],
    ids=["unknown field", "unknown argument", "unknown method"],
)
def test_a_refusal_names_its_kind_and_never_the_payload(
    peer: Peer, method: str, arguments: dict[str, Any]
) -> None:
    """Whatever Odoo quotes in its own error stays on its side."""
    with pytest.raises(OdooRefusedError) as caught:
        peer().call("res.partner", method, **arguments)

    shown = str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    assert caught.value.name
    assert SECRET_NAME not in shown
    assert "Traceback" not in shown


def test_a_server_that_is_down_is_said_to_have_been_sent_nothing(peer: Peer) -> None:
    """Nobody listens at the address: no write can have happened."""
    with pytest.raises(OdooUnreachableError):
        peer(url=f"http://127.0.0.1:{free_port()}").call("res.partner", "search_count", domain=[])


def test_every_call_is_told_with_its_time_even_when_it_fails(peer: Peer) -> None:
    """The run counts its calls by this hook."""
    told: list[tuple[str, str]] = []
    odoo = peer(on_call=lambda model, method, _: told.append((model, method)))
    odoo.call("res.partner", "search_count", domain=[])
    with pytest.raises(DestinationError):
        odoo.call("res.partner", "no_such_method")

    assert told == [("res.partner", "search_count"), ("res.partner", "no_such_method")]


def test_a_key_revoked_half_way_ends_the_work_and_a_new_one_goes_on(peer: Peer) -> None:
    """The next sign-in is refused with what is safe; the same user's next key goes on.

    JSON-2 signs in with every call. Over JSON-RPC Odoo remembers who signed in: a client that
    is open goes on until Odoo forgets (measured on Odoo 19).
    """
    login, key = peer.employee()
    employee = peer(api_key=key, login=login)
    before = employee.me()
    peer.revoke(login)
    if employee.protocol == "jsonrpc":
        employee = peer(api_key=key, login=login)
    with pytest.raises(OdooAuthError) as caught:
        employee.call("res.partner", "search_count", domain=[])
    after = peer(api_key=peer.renew(login), login=login).me()

    assert key not in str(caught.value)
    assert "kept" in caught.value.safe
    assert after == before


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_calls_share_one_connection(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection for each call would take longer than most calls do.

    On the fake alone: the suite's real server closes every connection after its answer, as
    Odoo does where it runs without workers; a proxy or workers keep it.
    """
    opened: list[object] = []
    connect = socket.create_connection

    def counted(*where: Any, **options: Any) -> socket.socket:  # noqa: ANN401  # as it is
        opened.append(where)
        return connect(*where, **options)

    monkeypatch.setattr(socket, "create_connection", counted)
    with fake_odoo.serving() as fake, fake.client(protocol=protocol) as odoo:
        for _ in range(5):
            odoo.call("res.partner", "search_count", domain=[])

    assert len(opened) == 1


def test_a_clock_is_told_or_is_not_known(peer: Peer) -> None:
    """A real Odoo tells its time with every answer; the tests run beside it, on one clock."""
    odoo = peer()
    odoo.call("res.partner", "search_count", domain=[])

    assert odoo.ahead is None or abs(odoo.ahead) < 60
