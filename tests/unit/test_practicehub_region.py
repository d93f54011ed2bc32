"""Where an account lives: what is asked, what is told, and who ever sees the key."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import stamina

from workbench.config import PracticeHubConfig
from workbench.errors import (
    ConfigError,
    SecretError,
    SourceAuthError,
    SourceRegionError,
    SourceUnreachableError,
)
from workbench.practicehub import Client, Pace, open_client

KEY = "k3y-that-nobody-may-see"
Reply = httpx.Response | Exception
GOOD = b'{"total_entries": 0, "data": []}'


def good() -> httpx.Response:
    """Make an answer as it should be."""
    return httpx.Response(200, content=GOOD)


@pytest.fixture(autouse=True)
def _quiet_retries() -> Iterator[None]:
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)


def config(**more: object) -> PracticeHubConfig:
    """Make the source's section of a configuration."""
    return PracticeHubConfig.model_validate(
        {"account": "bright", "app_details": "workbench=ops@example.org",
         "requests_per_second": 1000, **more}
    )  # fmt: skip


class Regions:
    """Four hosts, of which some know the account."""

    def __init__(self, **knows: int) -> None:
        self.knows, self.asked = knows, list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        status = self.knows.get(request.url.host.split(".")[1])
        if status is None:
            what = "no such host"
            raise httpx.ConnectError(what)
        return httpx.Response(status, content=GOOD)


@pytest.fixture
def _no_waits() -> Iterator[None]:
    stamina.set_active(False)
    yield
    stamina.set_active(True)


@pytest.mark.usefixtures("_no_waits")
def test_the_region_is_found_by_asking_below_practicehub_io_only(tmp_path: Path) -> None:
    """The key goes to PracticeHub's own hosts and nowhere else."""
    regions = Regions(vulcan=200)
    transport = httpx.MockTransport(regions)
    with open_client(config(), api_key=KEY, folder=tmp_path, transport=transport) as client:
        assert client.base_url == "https://bright.vulcan.practicehub.io/api"

    assert all(host.endswith(".practicehub.io") for host in regions.asked)


@pytest.mark.usefixtures("_no_waits")
def test_a_region_found_before_is_not_asked_for_again(tmp_path: Path) -> None:
    """The four requests are spent once in a run."""
    regions = Regions(vulcan=200)
    known = "https://bright.vulcan.practicehub.io/api"
    transport = httpx.MockTransport(regions)
    with open_client(
        config(), api_key=KEY, folder=tmp_path, known=known, transport=transport
    ) as client:
        assert client.base_url == known

    assert regions.asked == []


@pytest.mark.usefixtures("_no_waits")
def test_an_address_remembered_of_another_host_is_not_believed(tmp_path: Path) -> None:
    """Whatever a run folder says, the key stays below practicehub.io."""
    with open_client(
        config(), api_key=KEY, folder=tmp_path, known="https://evil.example.com/api",
        transport=httpx.MockTransport(Regions(apollo=200)),
    ) as client:  # fmt: skip
        assert client.base_url == "https://bright.apollo.practicehub.io/api"


SILENT: dict[str, Callable[[], Reply]] = {
    "no such name": lambda: httpx.ConnectError("[Errno -2] Name or service not known"),
    "no name service": lambda: httpx.ConnectError("[Errno -3] Temporary failure"),
    "another's certificate": lambda: httpx.ConnectError("CERTIFICATE_VERIFY_FAILED"),
    "no connection in time": lambda: httpx.ConnectTimeout("timed out"),
    "no answer in time": lambda: httpx.ReadTimeout("timed out"),
    "a fault of its own": lambda: httpx.Response(503),
}
WITHOUT: dict[str, Callable[[], Reply]] = {
    "404": lambda: httpx.Response(404, html="<html>Nothing here</html>"),
    "a page for people": lambda: httpx.Response(200, html="<html>Welcome</html>"),
    "a way to a page for people": lambda: httpx.Response(
        302, headers={"location": "https://www.example.com/login"}
    ),
    "JSON of something else": lambda: httpx.Response(200, json={"status": "up"}),
    "no account": lambda: httpx.Response(400, json={"message": "No such account"}),
}
REFUSED: Callable[[], Reply] = lambda: httpx.Response(401)  # noqa: E731 - a reply like those above


class Answering:
    """Four hosts, each with an answer of its own; asked hosts are noted in order."""

    def __init__(self, other: Callable[[], Reply], **regions: Callable[[], Reply]) -> None:
        self.other, self.regions, self.asked = other, regions, list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        reply = self.regions.get(request.url.host.split(".")[1], self.other)()
        if isinstance(reply, Exception):
            raise reply
        return reply


def finding(hosts: Answering, folder: Path, **more: object) -> Client:
    """Open the client of an account whose region is not known."""
    return open_client(
        config(**more), api_key=KEY, folder=folder, transport=httpx.MockTransport(hosts)
    )


@pytest.mark.parametrize("kind", WITHOUT)
def test_an_account_that_no_region_knows_is_a_fault_of_the_configuration(
    kind: str, tmp_path: Path
) -> None:
    """A name that answers, but without the account, is not the account's region."""
    hosts = Answering(WITHOUT[kind])
    with pytest.raises(SourceRegionError, match="knows the account bright") as caught:
        finding(hosts, tmp_path)

    regions = ("neptune", "apollo", "vulcan", "jupiter")
    assert hosts.asked == [f"bright.{one}.practicehub.io" for one in regions]
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("kind", SILENT)
@pytest.mark.parametrize("others", [*WITHOUT, "401"])
def test_a_region_that_does_not_answer_is_told_as_that(
    kind: str, others: str, tmp_path: Path
) -> None:
    """While one region is silent nobody knows that the account is in none of them."""
    hosts = Answering({**WITHOUT, "401": REFUSED}[others], apollo=SILENT[kind])
    with pytest.raises(SourceUnreachableError, match=r"^apollo did not answer") as caught:
        finding(hosts, tmp_path)

    did = "refused the key" if others == "401" else "answered without it"
    assert f"neptune, vulcan and jupiter {did}." in caught.value.what
    assert "name its region" in caught.value.do
    assert len(hosts.asked) == len(set(hosts.asked)) == 4


def test_where_no_region_answers_the_network_is_named(tmp_path: Path) -> None:
    """Without a network the sentence does not blame the configuration."""
    hosts = Answering(SILENT["no name service"])
    with pytest.raises(SourceUnreachableError, match="neptune, apollo, vulcan and jupiter did not"):
        finding(hosts, tmp_path)


@pytest.mark.parametrize("others", [*SILENT, *WITHOUT])
def test_the_region_that_has_the_account_is_found_whatever_the_others_say(
    others: str, tmp_path: Path
) -> None:
    """Silence, pages for people and refusals elsewhere do not matter."""
    hosts = Answering({**SILENT, **WITHOUT}[others], neptune=REFUSED, vulcan=good)
    with finding(hosts, tmp_path) as client:
        assert client.base_url == "https://bright.vulcan.practicehub.io/api"

    assert all(host.endswith(".practicehub.io") for host in hosts.asked)


def test_a_key_that_a_region_refuses_is_told_where_all_have_answered(tmp_path: Path) -> None:
    """A wrong key and a misspelt account end in different sentences."""
    hosts = Answering(WITHOUT["404"], apollo=REFUSED)
    with pytest.raises(SourceAuthError, match="account bright \\(apollo\\)"):
        finding(hosts, tmp_path)


def test_a_region_that_asks_for_a_slower_pace_is_asked_again(tmp_path: Path) -> None:
    """An account that somebody else is asking just now is still found."""
    busy = iter([429, 429, 200])
    hosts = Answering(WITHOUT["404"], apollo=lambda: httpx.Response(next(busy), content=GOOD))
    with finding(hosts, tmp_path) as client:
        assert client.base_url == "https://bright.apollo.practicehub.io/api"


def test_the_pace_is_kept_while_a_region_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The four requests are a gap apart, as all others are, and so is the first one after them."""
    slept: list[float] = []
    monkeypatch.setattr(
        "workbench.practicehub.region.Pace", functools.partial(Pace, sleep=slept.append)
    )
    hosts = Answering(WITHOUT["404"], jupiter=good)
    with finding(hosts, tmp_path, requests_per_second=0.01) as client:
        client.get("/patients")

    assert slept == pytest.approx([101.5] * 4, abs=20)


def test_a_region_that_is_named_costs_no_request(tmp_path: Path) -> None:
    """Who knows the region need not have it looked for."""
    with open_client(config(region="jupiter"), api_key=KEY, folder=tmp_path) as client:
        assert client.base_url == "https://bright.jupiter.practicehub.io/api"


def test_the_key_is_not_sent_in_the_clear(tmp_path: Path) -> None:
    """An address without TLS is refused, but for this very machine."""
    with pytest.raises(ConfigError, match="https"):
        open_client(config(base_url="http://proxy.example.com/api"), api_key=KEY, folder=tmp_path)
    with open_client(
        config(base_url="http://127.0.0.1:9/api"), api_key=KEY, folder=tmp_path
    ) as client:
        assert client.base_url == "http://127.0.0.1:9/api"


@pytest.mark.parametrize("key", ["pk-é", "pk\u200b-1", "pk-1\n", "pk 1"])
def test_a_key_that_no_header_can_carry_is_told_as_that(key: str, tmp_path: Path) -> None:
    """It was copied with something around it; the sentence says so, and not the key."""
    with pytest.raises(SecretError) as told:
        open_client(config(), api_key=key, folder=tmp_path)

    assert "Copy the key anew" in str(told.value)
    assert key not in str(told.value)


def test_app_details_that_no_header_can_carry_are_told_as_that(tmp_path: Path) -> None:
    """A letter with an accent in the application's name is a mistake in the configuration."""
    with pytest.raises(ConfigError, match="app_details"):
        open_client(config(app_details="prâktijk=ops@example.org"), api_key=KEY, folder=tmp_path)
