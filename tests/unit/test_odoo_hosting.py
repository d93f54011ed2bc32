"""Where an Odoo runs, the pace that is kept there, and what its doors answer when closed."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from workbench.config import OdooConfig
from workbench.errors import (
    DestinationError,
    OdooAuthError,
    OdooDatabaseError,
    OdooOutcomeUnknownError,
    OdooUnreachableError,
)
from workbench.odoo import Odoo, client, open_odoo
from workbench.odoo.hosting import Hosting, hosting_of, is_loopback, pace_at

SECRET = "Wilhelmina 1901"


def odoo(answer: Callable[[httpx.Request], httpx.Response]) -> Odoo:
    """A client whose network is a function."""
    return Odoo(
        url="https://clinic.example.org", database="clinic", api_key="k", protocol="json2",
        transport=httpx.MockTransport(answer),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "database", "version", "hosting"),
    [
        ("https://clinic.odoo.com", "clinic", "", Hosting.ONLINE),
        ("https://Clinic.Odoo.com", "clinic", "", Hosting.ONLINE),
        ("https://clinic.odoo.com", "clinic-main-1234567", "", Hosting.SH),
        ("https://clinic-2024.odoo.com", "clinic-2024", "", Hosting.ONLINE),
        ("https://clinic-main-123.dev.odoo.com", "clinic-main-123", "", Hosting.SH_BUILD),
        ("https://odoo.clinic.example", "clinic", "19.0", Hosting.OWN),
        ("https://odoo.clinic.example", "clinic", "19.0+e", Hosting.OWN),
        ("https://crm.clinic.example", "clinic", "saas~19.1+e", Hosting.ONLINE),
        ("https://odoo.com.example.org", "clinic", "", Hosting.OWN),
        ("http://127.0.0.1:8069", "clinic", "19.0", Hosting.OWN),
    ],
)  # fmt: skip
def test_where_an_odoo_runs_is_told_from_outside(
    url: str, database: str, version: str, hosting: Hosting
) -> None:
    """By its address, by how Odoo.sh names databases, or by a version the cloud alone runs."""
    assert hosting_of(url, database=database, version=version) is hosting


@pytest.mark.parametrize(
    ("hosting", "wished", "kept"),
    [
        (Hosting.ONLINE, 0, 1), (Hosting.ONLINE, 5, 1), (Hosting.ONLINE, 0.5, 0.5),
        (Hosting.SH, 0, 1), (Hosting.SH, 5, 5),
        (Hosting.SH_BUILD, 0, 0), (Hosting.OWN, 0, 0), (Hosting.OWN, 5, 5),
    ],
)  # fmt: skip
def test_odoo_online_never_gets_more_than_one_call_a_second(
    hosting: Hosting, wished: float, kept: float
) -> None:
    """A slower pace is kept everywhere; a faster one would risk the clinic's account there."""
    assert pace_at(hosting, wished=wished) == kept


@pytest.mark.parametrize(
    ("version", "pace"), [("19.0+e", 4.0), ("saas~19.1+e", 1.0)], ids=["its own", "Odoo Online"]
)
def test_the_clients_settings_are_the_configurations(
    monkeypatch: pytest.MonkeyPatch, version: str, pace: float
) -> None:
    """Time-out and pace come from migration.toml; a cloud behind a clinic's domain is known."""
    made: list[Odoo] = []
    answer = httpx.Response(200, json={"version": version, "version_info": [19, 1]})

    def opened(**settings: object) -> Odoo:
        answers = httpx.MockTransport(lambda _: answer)
        made.append(Odoo(**settings, transport=answers))  # type: ignore[arg-type]  # passed on
        return made[0]

    monkeypatch.setattr(client, "Odoo", opened)
    config = OdooConfig.model_validate({
        "url": "https://crm.clinic.example", "database": "clinic", "calls_per_second": 4,
        "timeout_seconds": 7,
    })  # fmt: skip
    found = open_odoo(config, api_key="k")

    assert found.calls_per_second == pace
    assert found._wire.client.timeout.read == 7


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.2", "http://[::1]:8069"])
def test_this_machine_is_known_by_any_of_its_names(url: str) -> None:
    """What never leaves the machine needs no https."""
    assert is_loopback(url)
    assert not is_loopback("http://127.example.org")


@pytest.mark.parametrize(
    ("answer", "error", "word"),
    [
        (httpx.Response(403, text="<html>Forbidden</html>"), OdooAuthError, "Custom plan"),
        (httpx.Response(402, text="pay"), OdooAuthError, "Custom plan"),
        (httpx.Response(404, text="<html>no such page</html>"), OdooDatabaseError, "run out"),
        (httpx.Response(200, text="<html>Your trial ended</html>"), OdooOutcomeUnknownError,
         "browser"),
        (httpx.Response(301, headers={"Location": "https://clinic.example.org/json/2?x=" + SECRET}),
         OdooUnreachableError, "https://clinic.example.org"),
        (httpx.Response(303, headers={"Location": "/web/database/selector"}), OdooDatabaseError,
         "database"),
        (httpx.Response(303, headers={"Location": "http://h.example/web/database/selector"}),
         OdooDatabaseError, "database"),
    ],
    ids=["closed", "unpaid", "not there", "a page", "moved", "selector", "selector in full"],
)  # fmt: skip
def test_a_door_that_is_closed_before_odoo_is_told_from_odoos_own_refusal(
    answer: httpx.Response, error: type[DestinationError], word: str
) -> None:
    """A plan without the API, a database that ran out, a moved address: each says what to do."""
    with odoo(lambda _: answer) as opened, pytest.raises(DestinationError) as caught:
        opened.call("res.partner", "create", vals_list=[{"name": SECRET}])

    assert type(caught.value) is error
    assert word in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "html" not in str(caught.value)


def test_a_certificate_that_does_not_hold_is_not_called_no_answer() -> None:
    """Patients are not sent to a server that cannot prove who it is, and that is said."""

    def answer(_: httpx.Request) -> httpx.Response:
        what = "handshake"
        try:
            raise ssl.SSLCertVerificationError(what)
        except ssl.SSLError as error:
            raise httpx.ConnectError(what) from error

    with odoo(answer) as opened, pytest.raises(OdooUnreachableError, match="certificate"):
        opened.call("res.partner", "create", vals_list=[])


def test_a_refused_key_says_that_the_work_is_kept_and_whose_key_to_make() -> None:
    """Revoked half-way: another user's key would make rollback take our writes for theirs."""
    with odoo(lambda _: httpx.Response(401)) as opened, pytest.raises(OdooAuthError) as caught:
        opened.call("res.partner", "create", vals_list=[])

    assert "kept" in caught.value.safe
    assert "same user" in caught.value.do


def test_an_argument_may_bear_any_name() -> None:
    """Odoo has methods with an argument called "model"."""
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(200, json=1)

    with odoo(answer) as opened:
        opened.call("ir.model.access", "check", model="res.partner", method="x")

    assert asked == [b'{"model": "res.partner", "method": "x"}']


def _ahead(said: str) -> float | None:
    """Let a server answer with a date, and ask how far its clock is ahead of ours."""
    with odoo(lambda _: httpx.Response(200, json=1, headers={"Date": said})) as opened:
        opened.call("res.partner", "search_count", domain=[])
        return opened.ahead


def test_odoos_clock_is_read_from_its_answers() -> None:
    """Two hours ahead of ours are told as two hours."""
    found = _ahead(format_datetime(datetime.now(UTC) + timedelta(hours=2)))

    assert found is not None
    assert abs(found - 7200) < 600


@pytest.mark.parametrize(
    "said", ["", "noon", "Mon, 23 Nov 2026 06:00:00"], ids=["silent", "nonsense", "no zone"]
)
def test_a_server_that_does_not_tell_its_time_has_no_clock(said: str) -> None:
    """There is nothing that could be compared with ours."""
    assert _ahead(said) is None
