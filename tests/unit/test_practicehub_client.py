"""The client: what is asked again, what is final, and what never leaves it."""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import (
    SourceAuthError,
    SourceError,
    SourceMissingError,
    SourceRefusedError,
    SourceShapeError,
    SourceUnreachableError,
)
from workbench.practicehub import Client, Pace
from workbench.practicehub.answers import retry_after
from workbench.practicehub.pace import Turn

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
    settings: dict[str, object] = {
        "wait_initial": 0.0, "attempts": 5,
        "pace": Pace(tmp_path / "pace.lock", per_second=1000), **more,
    }  # fmt: skip
    return Client(
        base_url="https://bright.neptune.practicehub.io/api",
        api_key=KEY,
        app_details="workbench=ops@example.org",
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
    told: list[str] = []
    with client_for(source, tmp_path) as client, pytest.raises(SourceError) as caught:
        client.get("/patients", {"email": "eq:anna@example.org"}, on_wait=told.append)

    shown = f"{caught.value} {caught.value!r} {client!r} {caplog.text} {told}"
    for secret in (KEY, "anna", "eq:", "sig=", "bright"):
        assert secret not in shown.replace(repr(client), "")
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


DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
LATER = "Wed, 21 Oct 2026 07:28:30 GMT"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry-after": "3"}, 3.0), ({"retry-after": "0.5"}, 0.5), ({"retry-after": " 7 "}, 7.0),
     ({"retry-after": "0"}, 0.0), ({"retry-after": "9" * 40}, 600.0),
     ({"retry-after": LATER, "date": DATE}, 30.0), ({"retry-after": DATE, "date": LATER}, 0.0),
     ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, 600.0),
     ({"retry-after": "21 Oct 2026 07:28:30 -0000", "date": DATE}, 30.0),
     ({"retry-after": LATER}, None), ({"retry-after": LATER, "date": "today"}, None),
     ({"retry-after": "-1"}, None), ({"retry-after": "nan"}, None), ({"retry-after": "1e5"}, None),
     ({"retry-after": "soon", "date": DATE}, None), ({"retry-after": ""}, None), ({}, None),
     ({"retry-after": "Wed, 99 Oct 2026 99:99:99 GMT", "date": DATE}, None),
     ({"retry-after": "Wed, 21 Oct 2026 07:28:00 +99999999999", "date": DATE}, None)],
)  # fmt: skip
def test_a_429_widens_the_pace_by_what_it_asks_for(
    headers: dict[str, str], wait: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Retry-After` is seconds, or a date counted from the answer's own; nonsense is none."""
    told: list[float | None] = []
    monkeypatch.setattr(Turn, "widen", lambda _self, seconds=None: told.append(seconds))
    with client_for(Source(lambda: httpx.Response(429, headers=headers), good), tmp_path) as client:
        client.get("/patients")

    assert told == [wait]


@given(asked=st.text(), date=st.text())
def test_no_retry_after_is_too_odd_to_read(asked: str, date: str) -> None:
    """Whatever stands in the header, the wait is from nothing to ten minutes, or not named."""
    headers = httpx.Headers({b"retry-after": asked.encode(), b"date": date.encode()})
    found = retry_after(headers)

    assert found is None or 0 <= found <= 600


def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note every wait in place of waiting, with a clock that goes forward by it."""
    clock, found = [1000.0], list[float]()

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        if seconds:
            found.append(round(seconds, 3))

    for name, fake in (
        ("sleep", sleep), ("time", lambda: clock[0]), ("monotonic", lambda: clock[0]),
    ):  # fmt: skip
        monkeypatch.setattr(time, name, fake)
    return found


def paced(source: Source, tmp_path: Path, **more: object) -> Client:
    """Open a client at one request a second, with the waits of a real run, on a clock of ours."""
    pace = Pace(tmp_path / "pace.lock", per_second=1, wall=lambda: time.time(),  # noqa: PLW0108 - found anew each time
                monotonic=lambda: time.monotonic(), sleep=lambda one: time.sleep(one))  # noqa: PLW0108 - as above  # fmt: skip
    return client_for(source, tmp_path, pace=pace, wait_initial=1.0, **more)


def test_after_a_429_the_pace_alone_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal costs the wait that PracticeHub asked for, and no back-off on top of it."""
    found, told = waits(monkeypatch), list[str]()
    source = Source(
        lambda: httpx.Response(429, headers={"retry-after": "12"}), TRANSIENT["429"], good
    )
    with paced(source, tmp_path) as client:
        client.get("/patients", on_wait=told.append)

    assert found == [12.0, 2.03]
    assert told == ["PracticeHub asked for a slower pace: going on in 12 s",
                    "PracticeHub asked for a slower pace: going on in 3 s"]  # fmt: skip


def test_after_a_429_another_client_of_the_run_waits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one kernel was told to wait, every kernel of the run waits."""
    found, told = waits(monkeypatch), list[str]()
    source = Source(lambda: httpx.Response(429, headers={"retry-after": "40"}))
    with paced(source, tmp_path, attempts=1) as one, pytest.raises(SourceUnreachableError):
        one.get("/patients")
    with paced(Source(good), tmp_path) as other:
        other.get("/patients", on_wait=told.append)

    assert found == [40.0]
    assert told == ["PracticeHub asked for a slower pace: going on in 40 s"]


def test_a_429_whose_body_breaks_off_is_still_a_429(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status counts, whatever becomes of the words below it."""

    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"Too"
            raise httpx.ReadError("reset")  # noqa: EM101 - the library's own error

    found = waits(monkeypatch)
    refused = {"retry-after": "5"}
    source = Source(lambda: httpx.Response(429, headers=refused, stream=Broken()), good)
    with paced(source, tmp_path) as client:
        client.get("/patients")

    assert found == [5.0]


@pytest.mark.parametrize(
    ("kind", "said"),
    [("no answer", "no answer from PracticeHub"), ("reset", "no answer from PracticeHub"),
     ("503", "PracticeHub has a fault of its own (503)"),
     ("half JSON", "PracticeHub's answer was cut off")],
)  # fmt: skip
def test_whoever_waits_is_told_what_for_and_how_long(
    kind: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person at night reads which try comes next and in how many seconds."""
    waits(monkeypatch)
    told: list[str] = []
    source = Source(good, TRANSIENT[kind], TRANSIENT[kind], good)
    with paced(source, tmp_path, attempts=8) as client:
        client.get("/patients", on_wait=told.append)
        client.get("/patients", on_wait=told.append)

    assert told == [f"{said}: try 2 of 8 in 1 s", f"{said}: try 3 of 8 in 2 s"]


def test_a_503_that_names_a_time_is_not_asked_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maintenance that says how long it takes is waited out."""
    found, told = waits(monkeypatch), list[str]()
    source = Source(lambda: httpx.Response(503, headers={"retry-after": "120"}), good)
    with paced(source, tmp_path) as client:
        client.get("/patients", on_wait=told.append)

    assert found == [120.0]
    assert told == ["PracticeHub has a fault of its own (503): try 2 of 3 in 120 s"]


def test_an_undisturbed_request_tells_nothing(tmp_path: Path) -> None:
    """Where nothing is waited for beyond the pace, there is nothing to say."""
    told: list[str] = []
    with client_for(Source(good), tmp_path) as client:
        client.get("/patients", on_wait=told.append)
        client.get("/patients", on_wait=told.append)

    assert told == []


@pytest.mark.parametrize(
    ("body", "named"),
    [({"errors": {"start": ["The start is no date."]}}, "; it names start."),
     ({"message": "No", "errors": {"start": 1, "page": 2, "anna@example.org": 3}},
      "; it names page, start."),
     ({"errors": {"Anna": ["Anna is no date"]}}, "(422)."), ({"errors": ["start"]}, "(422)."),
     ({"message": "start of Anna"}, "(422)."), (["start"], "(422)."), ("start", "(422).")],
)  # fmt: skip
def test_a_refusal_names_the_parameters_of_ours_that_it_is_about(
    body: object, named: str, tmp_path: Path
) -> None:
    """Of an error's body only names that we sent are told: never its words, never a value."""
    source = Source(lambda: httpx.Response(422, json=body))
    with client_for(source, tmp_path) as client, pytest.raises(SourceRefusedError) as caught:
        client.get("/appointments", {"start": "gte:soon", "page": "1"})

    assert caught.value.what.endswith(named)
    assert "nna" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b"x" * 3_000_000])
def test_a_refusal_may_have_any_body(body: bytes, tmp_path: Path) -> None:
    """A refusal is told as one whatever stands in it."""
    source = Source(lambda: httpx.Response(400, content=body))
    with client_for(source, tmp_path) as client, pytest.raises(SourceRefusedError, match="400"):
        client.get("/appointments", {"start": "gte:soon"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_explained_and_the_key_does_not_follow_it(
    status: int, tmp_path: Path
) -> None:
    """Wherever PracticeHub points to, the key stays with the address that was given."""
    headers = {"location": "https://bright.example.com/api/patients"}
    source = Source(lambda: httpx.Response(status, headers=headers))
    with client_for(source, tmp_path) as client, pytest.raises(SourceRefusedError) as caught:
        client.get("/patients")

    assert [one.url.host for one in source.asked] == ["bright.neptune.practicehub.io"]
    assert "where the key must not go" in caught.value.what
    assert "region" in caught.value.do
    assert "example.com" not in str(caught.value)


ODD = {
    "many digits": b'{"data": [' + b"7" * 5000 + b"]}",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "not UTF-8": b'{"data": "\xff"}',
    "half a character": b'{"data": "\xed\xa0\x80"}',
    "UTF-16": '{"data": []}'.encode("utf-16"),
}
UNCERTAIN = {
    "NaN": b'{"data": [NaN]}',
    "Infinity": b'{"data": [-Infinity]}',
    "a name twice": b'{"data": [{"id": 1, "id": 2}]}',
}


@pytest.mark.parametrize("kind", ODD)
def test_a_body_that_is_not_json_is_asked_for_again(kind: str, tmp_path: Path) -> None:
    """A body that no standard reads passes for a broken one."""
    source = Source(lambda: httpx.Response(200, content=ODD[kind]), good)
    with client_for(source, tmp_path) as client:
        client.get("/patients")

    assert len(source.asked) == 2


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_a_body_of_uncertain_meaning_is_refused_and_never_guessed_at(
    kind: str, tmp_path: Path
) -> None:
    """What could be read in two ways, or not be kept as it is, ends in a sentence at once."""
    source = Source(lambda: httpx.Response(200, content=UNCERTAIN[kind]))
    with client_for(source, tmp_path) as client, pytest.raises(SourceShapeError) as caught:
        client.get("/patients")

    assert caught.value.what.startswith("PracticeHub's answer for /patients has a")
    assert len(source.asked) == 1


def test_a_number_that_no_program_holds_stays_the_text_it_was(tmp_path: Path) -> None:
    """One absurd size must not keep a whole list from being read."""
    body = b'{"data": [{"id": 1, "size": 1e999}, {"id": 2, "size": 1e3}]}'
    with client_for(Source(lambda: httpx.Response(200, content=body)), tmp_path) as client:
        answer = client.get("/files")

    assert [row["size"] for row in answer.data["data"]] == ["1e999", 1000.0]


def test_a_mark_before_the_body_does_no_harm(tmp_path: Path) -> None:
    """A byte order mark is read over; the body is kept with it."""
    body = b"\xef\xbb\xbf" + GOOD
    with client_for(Source(lambda: httpx.Response(200, content=body)), tmp_path) as client:
        answer = client.get("/patients")

    assert (answer.body, answer.data) == (body, {"total_entries": 0, "data": []})


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_without_end_is_not_read_to_its_end(*, packed: bool, tmp_path: Path) -> None:
    """However much is sent, packed or not, memory holds little more than is allowed."""
    sent = [0]
    zeros = zlib.compress(bytes(1 << 20))

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(1000):
                sent[0] += 1
                yield zeros if packed else bytes(1 << 16)
                if packed:
                    return

    headers = {"content-encoding": "deflate"} if packed else {}
    source = Source(lambda: httpx.Response(200, headers=headers, stream=Endless()))
    with (
        client_for(source, tmp_path, most_bytes=200_000) as client,
        pytest.raises(SourceShapeError, match="larger than 200,000 bytes") as caught,
    ):
        client.get("/patients")

    assert sent[0] < 6
    assert "page_size" in caught.value.do
    assert len(source.asked) == 1


def test_a_429_before_the_first_answer_is_an_answer(tmp_path: Path) -> None:
    """An account that somebody else is asking is no wrong address: it is asked again."""
    source = Source(*[TRANSIENT["429"]] * 4, good)
    with client_for(source, tmp_path) as client:
        client.get("/patients")

    assert len(source.asked) == 5


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
