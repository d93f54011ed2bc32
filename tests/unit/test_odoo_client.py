"""The client without a network: pace, repeats, time-outs and what errors say."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from workbench.errors import (
    ConfigError,
    DestinationError,
    OdooDatabaseError,
    OdooOutcomeUnknownError,
    OdooRefusedError,
    OdooUnreachableError,
)
from workbench.odoo import Odoo
from workbench.odoo._wire import Wire

SECRET = "Wilhelmina 1901"


def odoo(answer: Callable[[httpx.Request], httpx.Response], **options: object) -> Odoo:
    """A client whose network is a function."""
    settings: dict[str, object] = {"protocol": "json2", **options}
    return Odoo(
        url="https://clinic.example.org", database="clinic", api_key="k",
        transport=httpx.MockTransport(answer), **settings,  # type: ignore[arg-type]  # by tests
    )  # fmt: skip


def wire(
    answers: list[httpx.Response | Exception], *, calls_per_second: float = 0
) -> tuple[Wire, list[float], list[httpx.Request]]:
    """A wire that is answered from a list, with its sleeps and requests written down."""
    slept: list[float] = []
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    made = Wire(
        "https://clinic.example.org", timeout=5, calls_per_second=calls_per_second,
        transport=httpx.MockTransport(answer), sleep=slept.append,
    )  # fmt: skip
    return made, slept, asked


def post(made: Wire, *, reads: bool) -> object:
    """Send something that holds a patient."""
    return made.post(
        "https://clinic.example.org/x", {"name": SECRET}, headers={}, what="m.f", reads=reads
    )


def test_too_many_requests_are_waited_out_as_long_as_odoo_says() -> None:
    """A 429 was not worked on: the same call goes again, after the time that Odoo names."""
    answers: list[httpx.Response | Exception] = [
        httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(200, json=[1]),
    ]  # fmt: skip
    made, slept, asked = wire(answers)

    assert post(made, reads=False) == [1]
    assert slept == [3.0]
    assert len(asked) == 2


def test_a_read_whose_answer_is_lost_is_asked_again() -> None:
    """Reading twice does no harm."""
    made, _, asked = wire([httpx.ReadError("cut"), httpx.Response(200, json=[1])])

    assert post(made, reads=True) == [1]
    assert len(asked) == 2


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadError("cut"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone"),
     httpx.Response(502), httpx.Response(504), httpx.Response(200, text="<html>")],
    ids=["cut", "slow", "gone", "502", "504", "a page"],
)  # fmt: skip
def test_a_write_whose_answer_is_lost_is_never_sent_again_by_itself(
    fault: httpx.Response | Exception,
) -> None:
    """Whether it happened is for the loader to ask."""
    made, _, asked = wire([fault])
    with pytest.raises(OdooOutcomeUnknownError) as caught:
        post(made, reads=False)

    assert len(asked) == 1
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_connection_that_cannot_be_made_is_tried_thrice_and_nothing_was_sent() -> None:
    """A server that is being restarted is given a moment."""
    made, slept, asked = wire([httpx.ConnectError("no")] * 3)
    with pytest.raises(OdooUnreachableError, match=r"clinic\.example\.org"):
        post(made, reads=False)

    assert len(asked) == 3
    assert len(slept) == 2


@pytest.mark.parametrize("reads", [True, False], ids=["a read", "a write"])
def test_an_odoo_that_answered_before_is_waited_for_as_long_as_a_restart_takes(
    *, reads: bool
) -> None:
    """Refused connections are no end while it may come back; nothing was sent by them."""
    away = [httpx.ConnectError("no")] * 10
    made, slept, asked = wire([httpx.Response(200, json=1), *away, httpx.Response(200, json=2)])
    found = post(made, reads=reads), post(made, reads=reads)

    assert found == (1, 2)
    assert len(asked) == 12
    assert 30 < sum(slept) <= 60


def test_a_gateway_without_its_odoo_is_waited_out_by_reads_and_never_by_writes() -> None:
    """A 502 while Odoo restarts: asking again does no harm, sending again could."""
    away = [httpx.Response(502)] * 6
    made, _, asked = wire([httpx.Response(200, json=1), *away, httpx.Response(200, json=2),
                           httpx.Response(502)])  # fmt: skip
    found = post(made, reads=True), post(made, reads=True)
    with pytest.raises(OdooOutcomeUnknownError):
        post(made, reads=False)

    assert found == (1, 2)
    assert len(asked) == 9


def test_an_odoo_that_does_not_come_back_is_given_up_after_a_minute() -> None:
    """Somebody is waiting at the screen: they are told, and the next run goes on."""
    made, slept, _ = wire([httpx.Response(200, json=1), *[httpx.ConnectError("no")] * 40])
    post(made, reads=True)
    with pytest.raises(OdooUnreachableError):
        post(made, reads=True)

    assert 55 <= sum(slept) <= 65


def test_a_question_that_is_too_slow_is_not_asked_for_half_an_hour() -> None:
    """Time-outs are counted, not waited out: each costs its whole time."""
    made, _, asked = wire([httpx.Response(200, json=1), *[httpx.ReadTimeout("slow")] * 40])
    post(made, reads=True)
    with pytest.raises(OdooOutcomeUnknownError):
        post(made, reads=True)

    assert len(asked) == 4


def test_calls_keep_the_pace_that_was_agreed() -> None:
    """One call a second: the second one waits for its turn."""
    made, slept, _ = wire([httpx.Response(200, json=1), httpx.Response(200, json=1)],
                          calls_per_second=1)  # fmt: skip
    post(made, reads=False)
    post(made, reads=False)

    assert len(slept) == 1
    assert 0.5 < slept[0] <= 1.0


def test_no_error_text_holds_what_was_sent_or_what_odoo_said() -> None:
    """Odoo's message, arguments and traceback quote the record: none of it is repeated."""
    body = {"name": "builtins.ValueError", "message": SECRET, "arguments": [SECRET],
            "debug": f"Traceback … {SECRET}"}  # fmt: skip
    with (
        odoo(lambda _: httpx.Response(500, json=body)) as client,
        pytest.raises(OdooRefusedError) as caught,
    ):
        client.call("res.partner", "create", vals_list=[{"name": SECRET}])

    assert caught.value.name == "builtins.ValueError"
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_an_error_name_that_is_no_name_is_not_repeated() -> None:
    """Only the name of a class is shown; anything else in its place is not."""
    with (
        odoo(lambda _: httpx.Response(500, json={"name": SECRET})) as client,
        pytest.raises(DestinationError) as caught,
    ):
        client.call("res.partner", "create", vals_list=[])

    assert SECRET not in str(caught.value)


def test_the_selector_of_databases_is_told_from_a_database() -> None:
    """Odoo sends who names no known database to a page; that is said as what it is."""
    with (
        odoo(lambda _: httpx.Response(303, headers={"Location": "/web/database/selector"})) as c,
        pytest.raises(OdooDatabaseError),
    ):
        c.call("res.partner", "create", vals_list=[])


def test_arguments_go_by_name_and_the_key_in_its_header() -> None:
    """JSON-2: a path, a bearer, the database's name, and an object of arguments."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[5])

    with odoo(answer) as client:
        client.call("res.partner", "write", ids=[5], vals={"name": "x"})

    assert asked[0].url.path == "/json/2/res.partner/write"
    assert asked[0].headers["Authorization"] == "Bearer k"
    assert asked[0].headers["X-Odoo-Database"] == "clinic"
    assert json.loads(asked[0].content) == {"ids": [5], "vals": {"name": "x"}}


@pytest.mark.parametrize(
    ("info", "protocol"),
    [([19, 0, 0, "final", 0, ""], "json2"), (["saas~18", 3, 0, "final", 0, ""], "jsonrpc"),
     ([20, 0, 0, "final", 0, ""], "json2")],
    ids=["19", "saas-18.3", "20"],
)  # fmt: skip
def test_the_version_decides_the_protocol(info: list[object], protocol: str) -> None:
    """JSON-2 from 19 on, JSON-RPC before."""
    answer = httpx.Response(200, json={"version": "x", "version_info": info})
    with odoo(lambda _: answer, protocol="auto", login="admin") as client:
        assert client.protocol == protocol


def test_an_older_odoo_without_a_login_is_a_fault_of_the_configuration() -> None:
    """JSON-RPC signs in by login; the key alone will not do."""
    answer = httpx.Response(200, json={"version": "18.0", "version_info": [18, 0]})
    with pytest.raises(ConfigError, match="login"):
        odoo(lambda _: answer, protocol="auto")


def test_something_that_is_no_odoo_is_said_to_be_none() -> None:
    """A shop at the address answers 404 to everything."""
    with pytest.raises(OdooUnreachableError, match="not an Odoo"):
        odoo(lambda _: httpx.Response(404, text="shop"), protocol="auto")


def test_a_client_shows_no_key_of_its_own() -> None:
    """A notebook may print it."""
    with odoo(lambda _: httpx.Response(200), login="admin") as client:
        assert "api_key" not in repr(client)
