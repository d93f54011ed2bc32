"""The client: what is asked again, what is final, and what never leaves it."""

from __future__ import annotations

import logging
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
    SourceError,
    SourceMissingError,
    SourceRefusedError,
    SourceRegionError,
    SourceShapeError,
    SourceUnreachableError,
)
from workbench.practicehub import Client, Pace, open_client

KEY = "k3y-that-nobody-may-see"
Reply = httpx.Response | Exception
GOOD = b'{"total_entries": 0, "data": []}'


def good() -> httpx.Response:
    """Make an answer as it should be."""
    return httpx.Response(200, content=GOOD)


class Source:
    """Answers with what is in its list, the last reply for ever."""

    def __init__(self, *replies: Callable[[], Reply]) -> None:
        self.replies, self.asked = list(replies), list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]()
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture(autouse=True)
def _quiet_retries() -> Iterator[None]:
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)


def client_for(source: Source, tmp_path: Path, **more: object) -> Client:
    """Open a client whose network is the source."""
    settings: dict[str, object] = {"wait_initial": 0.0, "attempts": 5, **more}
    return Client(
        base_url="https://bright.neptune.practicehub.io/api",
        api_key=KEY,
        app_details="workbench=ops@example.org",
        pace=Pace(tmp_path / "pace.lock", per_second=1000),
        transport=httpx.MockTransport(source),
        **settings,  # type: ignore[arg-type]
    )


def broken() -> Exception:
    """Make the error of a connection that breaks off."""
    return httpx.RemoteProtocolError("peer closed connection https://x?sig=secret")


TRANSIENT: dict[str, Callable[[], Reply]] = {
    "no connection": lambda: httpx.ConnectError("refused"),
    "no answer": lambda: httpx.ReadTimeout("timed out"),
    "reset": lambda: httpx.ReadError("reset"),
    "cut off": broken,
    "429": lambda: httpx.Response(429, json={"message": "Too many"}),
    "500": lambda: httpx.Response(500, text="oops"),
    "503": lambda: httpx.Response(503),
    "not JSON": lambda: httpx.Response(200, text="<html>"),
    "half JSON": lambda: httpx.Response(200, text='{"data": ['),
    "empty": lambda: httpx.Response(200),
}


@pytest.mark.parametrize("kind", TRANSIENT)
def test_what_may_pass_is_asked_again(kind: str, tmp_path: Path) -> None:
    """A passing fault costs one more request and nothing else."""
    source = Source(TRANSIENT[kind], good)
    with client_for(source, tmp_path) as client:
        answer = client.get("/patients")

    assert answer.data == {"total_entries": 0, "data": []}
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("kind", "error"),
    [("no answer", SourceUnreachableError), ("500", SourceUnreachableError),
     ("429", SourceUnreachableError), ("not JSON", SourceShapeError)],
)  # fmt: skip
def test_what_does_not_pass_ends_in_a_sentence(
    kind: str, error: type[SourceError], tmp_path: Path
) -> None:
    """When no try helps, the run stops with an error that says what PracticeHub did."""
    source = Source(good, TRANSIENT[kind])
    with client_for(source, tmp_path) as client:
        client.get("/patients")
        with pytest.raises(error):
            client.get("/patients")

    assert len(source.asked) == 1 + 5


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, SourceRefusedError), (401, SourceAuthError), (403, SourceAuthError),
     (404, SourceMissingError), (422, SourceRefusedError), (302, SourceRefusedError)],
)  # fmt: skip
def test_what_is_final_is_asked_once(status: int, error: type[SourceError], tmp_path: Path) -> None:
    """A refusal that a repeat will not change costs one request."""
    source = Source(lambda: httpx.Response(status, headers={"location": "https://x.example.com"}))
    with client_for(source, tmp_path) as client, pytest.raises(error, match=str(status)):
        client.get("/patients")

    assert len(source.asked) == 1


def test_a_wrong_address_is_told_soon(tmp_path: Path) -> None:
    """Before the first answer ever, three tries are enough."""
    source = Source(TRANSIENT["no connection"])
    with client_for(source, tmp_path) as client, pytest.raises(SourceUnreachableError):
        client.get("/patients")

    assert len(source.asked) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_a_status_that_the_caller_expects_is_an_answer(status: int, tmp_path: Path) -> None:
    """Whoever asks whether a resource exists gets the status, not an error."""
    with client_for(Source(lambda: httpx.Response(status)), tmp_path) as client:
        assert client.get("/locations", accept={403, 404}).status == status


@pytest.mark.parametrize("kind", [*TRANSIENT, "422", "401"])
def test_no_error_or_log_shows_the_key_the_query_or_the_body(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a person's screen nor a log file ever shows a secret or a patient."""
    finals: dict[str, Callable[[], Reply]] = {
        "422": lambda: httpx.Response(422, json={"errors": {"email": ["anna@example.org"]}}),
        "401": lambda: httpx.Response(401, json={"message": f"{KEY} is wrong"}),
    }
    caplog.set_level(logging.DEBUG)
    source = Source({**TRANSIENT, **finals}[kind])
    with client_for(source, tmp_path) as client, pytest.raises(SourceError) as caught:
        client.get("/patients", {"email": "eq:anna@example.org"})

    shown = f"{caught.value} {caught.value!r} {client!r} {caplog.text}"
    for secret in (KEY, "anna", "email", "sig="):
        assert secret not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_both_headers_go_with_every_request(tmp_path: Path) -> None:
    """PracticeHub wants the key and who is asking, each time."""
    source = Source(TRANSIENT["500"], good)
    with client_for(source, tmp_path) as client:
        client.get("/patients", {"page": "2"})

    for request in source.asked:
        assert request.headers["x-practicehub-key"] == KEY
        assert request.headers["x-app-details"] == "workbench=ops@example.org"
        assert str(request.url) == "https://bright.neptune.practicehub.io/api/patients?page=2"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_but_get_leaves_the_client(method: str, tmp_path: Path) -> None:
    """The key could delete the clinic's data; the client cannot."""
    source = Source(good)
    with client_for(source, tmp_path) as client, pytest.raises(AssertionError, match="read from"):
        client._http.request(method, "https://bright.neptune.practicehub.io/api/patients")

    assert source.asked == []
    verbs = {"get", "close"}
    assert {name for name in vars(Client) if not name.startswith("_")} == verbs


def test_a_proxy_of_the_environment_never_sees_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy set for the browser is not used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with client_for(Source(good), tmp_path) as client:
        assert client._http._mounts == {}


def test_every_request_sent_is_counted_once(tmp_path: Path) -> None:
    """Failed tries count as well: they are what PracticeHub sees."""
    seconds: list[float] = []
    source = Source(TRANSIENT["500"], TRANSIENT["no answer"], good)
    with client_for(source, tmp_path, on_request=seconds.append) as client:
        client.get("/patients")

    assert len(seconds) == 3
    assert all(one >= 0 for one in seconds)


@pytest.mark.parametrize(
    ("header", "wait"), [("3", 3.0), ("0.5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None),
                         ("-1", None), ("nan", None), (None, None)],
)  # fmt: skip
def test_a_429_widens_the_pace_by_what_it_asks_for(
    header: str | None, wait: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Retry-After` counts where it is a number of seconds; else the pace widens by itself."""
    told: list[float | None] = []
    monkeypatch.setattr(Pace, "widen", lambda _self, seconds=None: told.append(seconds))
    headers = {} if header is None else {"retry-after": header}
    with client_for(Source(lambda: httpx.Response(429, headers=headers), good), tmp_path) as client:
        client.get("/patients")

    assert told == [wait]


def test_whoever_waits_is_told_what_for(tmp_path: Path) -> None:
    """Progress can say that PracticeHub is being asked again, and why."""
    told: list[str] = []
    with client_for(Source(TRANSIENT["503"], good), tmp_path) as client:
        client.get("/patients", on_wait=told.append)

    assert told[0] == "PracticeHub"
    assert "503" in told[-1]


def test_ctrl_c_ends_a_request_at_once(tmp_path: Path) -> None:
    """A person who stops the run does not wait for tries, and the pace is free for the next."""

    def interrupted() -> Reply:
        raise KeyboardInterrupt

    source = Source(interrupted, good)
    with client_for(source, tmp_path) as client:
        with pytest.raises(KeyboardInterrupt):
            client.get("/patients")
        client.get("/patients")

    assert len(source.asked) == 2


# regions ------------------------------------------------------------------------------------


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


@pytest.mark.usefixtures("_no_waits")
@pytest.mark.parametrize(
    ("knows", "error"),
    [({}, SourceRegionError), ({"neptune": 404, "vulcan": 404}, SourceRegionError),
     ({"apollo": 401}, SourceAuthError)],
)  # fmt: skip
def test_an_account_that_no_region_knows_is_a_fault_of_the_configuration(
    knows: dict[str, int], error: type[Exception], tmp_path: Path
) -> None:
    """A misspelt account and a wrong key end in different sentences."""
    with pytest.raises(error):
        open_client(
            config(), api_key=KEY, folder=tmp_path, transport=httpx.MockTransport(Regions(**knows))
        )


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


def test_each_region_is_asked_once_however_badly_it_answers(tmp_path: Path) -> None:
    """Finding the region costs the four requests that it is said to cost."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(503)

    with pytest.raises(SourceRegionError):
        open_client(
            config(requests_per_second=1000), api_key=KEY, folder=tmp_path,
            transport=httpx.MockTransport(answer),
        )  # fmt: skip

    assert len(asked) == len(set(asked)) == 4
