"""The simulator keeps what is known of PracticeHub's API: one test for each sentence.

They run against a simulator process of their own and speak plain HTTP, as any client would.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.processes import wait_until
from workbench.errors import SandboxError, UsageError
from workbench.sandbox.clinic import generate
from workbench.sandbox.practicehub import (
    Control,
    PracticeHubConnection,
    Switches,
    down,
    running,
    status,
    up,
)

MOST_PAGES = 100

Simulator = tuple[PracticeHubConnection, Control]


@pytest.fixture(scope="module")
def process() -> Iterator[Simulator]:
    """A simulator of two hundred patients without a rate limit, for this module."""
    with running(rate=0) as simulator:
        yield simulator


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    """The module's simulator with its switches, faults and counters as at the start."""
    _, control = process
    control.clear_faults()
    control.switches(**Switches(rate=0).model_dump(mode="json"))
    control.reset_counters()
    return process


@pytest.fixture
def control(simulator: Simulator) -> Control:
    """The control port of the simulator."""
    return simulator[1]


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    """An HTTP client that sends both headers."""
    with plain(simulator[0]) as opened:
        yield opened


def plain(connection: PracticeHubConnection) -> httpx.Client:
    """Make an HTTP client that sends both headers."""
    headers = {"x-practicehub-key": connection.api_key, "x-app-details": connection.app_details}
    return httpx.Client(base_url=connection.base_url, headers=headers, trust_env=False, timeout=10)


def page(client: httpx.Client, path: str, **query: object) -> dict[str, Any]:
    """Read one page; it must be a 200."""
    # None keeps the query that stands in the path; an empty mapping would strip it.
    params = {name: str(value) for name, value in query.items()} or None
    answer = client.get(path, params=params)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def walk(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    """Read every page by following `links.next`, which must come to an end."""
    found: list[dict[str, Any]] = []
    link = url
    for _ in range(MOST_PAGES):
        told = page(client, link)
        found += told["data"]
        link = told["links"].get("next")
        if not link:
            return found
    raise AssertionError(url)


# Keys and errors


@pytest.mark.parametrize("header", ["x-practicehub-key", "x-app-details"])
def test_both_headers_are_required(client: httpx.Client, control: Control, header: str) -> None:
    """Without the key or the application's name every request is refused, with 401 or 403."""
    del client.headers[header]

    assert client.get("/patients").status_code == 401
    control.switches(auth_status=403)
    assert client.get("/patients").status_code == 403


def test_a_wrong_key_is_refused(client: httpx.Client, control: Control) -> None:
    """Another key opens nothing, and such requests are counted."""
    answer = client.get("/patients", headers={"x-practicehub-key": "invented"})

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert control.state()["unauthorized"] == 1


@pytest.mark.parametrize("path", ["/campaigns", "/payment_allocations", "/", "/patients/1/notes"])
def test_an_unknown_path_is_not_found(client: httpx.Client, path: str) -> None:
    """Paths that the account does not have answer 404 with a message."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["message"]


def test_errors_come_in_three_shapes(client: httpx.Client, control: Control) -> None:
    """An error's body is an object with a message, one with errors, or plain text."""
    control.switches(error_body="errors")
    assert list(client.get("/campaigns").json()) == ["errors"]
    control.switches(error_body="text")
    assert client.get("/campaigns").headers["content-type"].startswith("text/plain")


def test_a_resource_can_be_missing_or_forbidden(client: httpx.Client, control: Control) -> None:
    """An account may lack a resource, or the key may not read it."""
    control.switches(missing_resources=["care_plans"], forbidden_resources=["payments"])

    assert client.get("/care_plans").status_code == 404
    assert client.get("/payments").status_code == 403


def test_an_account_can_have_lists_of_its_own(client: httpx.Client, control: Control) -> None:
    """A list that no other account has is paged and filtered like any other."""
    rows = [{"id": number, "patient_id": number + 1000} for number in range(1, 4)]
    control.switches(extra_resources={"recalls": rows})

    page = client.get("recalls?page_size=2").json()
    assert (page["total_entries"], [row["id"] for row in page["data"]]) == (3, [3, 2])
    assert [row["id"] for row in client.get("recalls?id=eq:2").json()["data"]] == [2]
    assert client.get("recalls/1").json() == rows[0]


def test_anything_but_get_is_counted(client: httpx.Client, control: Control) -> None:
    """Whoever tries to write is refused, and the attempt shows in the counters."""
    answers = [
        client.request(verb, "/patients/101").status_code for verb in ("POST", "DELETE", "PUT")
    ]

    assert answers == [405, 405, 405]
    assert control.state()["non_get"] == 3


# Pace


def test_more_than_one_request_a_second_is_refused(client: httpx.Client, control: Control) -> None:
    """Starts a second apart are answered; one that comes early gets 429 and is counted."""
    control.switches(rate=1)
    began = time.monotonic()
    first, early = client.get("/patients"), client.get("/patients")
    time.sleep(1.01)
    third = client.get("/patients")

    assert [answer.status_code for answer in (first, early, third)] == [200, 429, 200]
    assert time.monotonic() - began > 1
    assert "retry-after" not in early.headers
    assert early.json() == {"message": "Too many requests."}
    assert control.state()["violations"] == 1


def test_retry_after_can_be_sent(client: httpx.Client, control: Control) -> None:
    """With the switch set, a 429 says how many whole seconds to wait."""
    control.switches(rate=0.5, retry_after=True)
    client.get("/patients")

    assert client.get("/patients").headers["retry-after"] == "2"


def test_two_requests_fired_together_are_one_too_many(
    client: httpx.Client, control: Control
) -> None:
    """Of two requests at the same moment one is refused, even though the average is low."""
    control.switches(rate=2, latency=0.2)
    with ThreadPoolExecutor(2) as pool:
        codes = sorted(
            pool.map(lambda path: client.get(path).status_code, ("/patients", "/practitioners"))
        )

    assert codes == [200, 429]
    assert control.state()["max_in_flight"] == 2


# Lists


def test_a_list_is_an_envelope(client: httpx.Client) -> None:
    """A list has a total, data and links; the first page has no previous one."""
    told = page(client, "/appointments")

    assert set(told) == {"total_entries", "data", "links"}
    assert told["total_entries"] == len(generate(files=False)["appointments"])
    assert len(told["data"]) == 100
    assert told["links"]["previous"] is None
    assert told["links"]["next"].endswith("page=2")


def test_pages_hold_a_hundred_rows_at_most(client: httpx.Client) -> None:
    """The size of a page is a hundred unless a smaller one is asked for; more is capped."""
    assert [len(page(client, "/patients", page_size=size)["data"]) for size in (200, 50, 7)] == [
        100,
        50,
        7,
    ]
    assert len(page(client, "/patients", page_size="many")["data"]) == 100


def test_pages_are_counted_from_one(client: httpx.Client) -> None:
    """Page one is the first page, and asking for none means page one."""
    assert page(client, "/patients", page=1)["data"] == page(client, "/patients")["data"]


def test_a_page_past_the_end_is_empty(client: httpx.Client, control: Control) -> None:
    """Past the end there are no rows and no next link; with the switch set it is not found."""
    told = page(client, "/patients", page=99)
    control.switches(past_end="404")

    assert (told["data"], told["links"]["next"]) == ([], None)
    assert client.get("/patients?page=99").status_code == 404


@pytest.mark.parametrize("size", [100, 50])
def test_following_the_links_reads_everything(client: httpx.Client, size: int) -> None:
    """The links lead through every record of a list, whatever the size of its pages."""
    found = walk(client, f"/appointments?page_size={size}")

    assert {row["id"] for row in found} == {
        row["id"] for row in generate(files=False)["appointments"]
    }


def test_the_last_page_says_so_in_several_ways(client: httpx.Client, control: Control) -> None:
    """The next link of the last page is null, absent, or there are no links at all."""
    assert page(client, "/practitioners")["links"]["next"] is None
    control.switches(next_link="absent")
    assert "next" not in page(client, "/practitioners")["links"]
    control.switches(next_link="never")
    assert "links" not in page(client, "/appointments")


def test_the_next_link_can_forget_the_page_size(client: httpx.Client, control: Control) -> None:
    """The next link keeps the question unless it is switched to forget."""
    asked = {"page_size": "10", "id": "gt:5"}

    def kept() -> set[str]:
        return set(parse_qs(urlsplit(page(client, "/patients", **asked)["links"]["next"]).query))

    assert kept() == {"page", "page_size", "id"}
    control.switches(next_drops_page_size=True, next_drops_filters=True)
    assert kept() == {"page"}


def test_newest_records_come_first(client: httpx.Client, control: Control) -> None:
    """Ids fall down the list; with the switch set they rise."""
    falling = [row["id"] for row in page(client, "/patients")["data"]]
    control.switches(order="oldest")
    rising = [row["id"] for row in page(client, "/patients")["data"]]

    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)


def test_rows_repeat_across_pages(client: httpx.Client, control: Control) -> None:
    """A walk of the invoices gives more rows than ids; the total counts ids, or rows."""
    found = walk(client, "/invoices")
    distinct = {row["id"] for row in found}

    assert len(found) > len(distinct) == page(client, "/invoices")["total_entries"]
    control.switches(total_entries="rows")
    assert page(client, "/invoices")["total_entries"] == len(found)


def test_one_visit_comes_once_cancelled_and_once_not(client: httpx.Client) -> None:
    """The same visit is listed twice with different statuses."""
    seen: dict[int, list[str]] = {}
    for row in walk(client, "/appointments"):
        seen.setdefault(row["id"], []).append(row["visit_status"])
    twice = [statuses for statuses in seen.values() if len(statuses) > 1]

    assert len(twice) == 1
    assert twice[0].count("Cancelled") == 1


def test_rows_come_and_go_during_a_walk(client: httpx.Client, control: Control) -> None:
    """With drift on, a row that was there from the start can be missed by a walk."""
    control.switches(drift={"care_plans": {"delete_every": 2}}, duplicates={})
    before = page(client, "/care_plans", page_size=100)["data"]
    found = walk(client, "/care_plans?page_size=10")
    control.switches(drift={})
    after = page(client, "/care_plans", page_size=100)["data"]

    stayed = {row["id"] for row in before} & {row["id"] for row in after}
    assert len(after) < len(before)
    assert stayed - {row["id"] for row in found}


def test_a_single_record_comes_bare(client: httpx.Client) -> None:
    """One record by id has no envelope; an id that does not exist is not found."""
    row = page(client, "/patients")["data"][0]

    assert page(client, f"/patients/{row['id']}") == row
    assert client.get("/patients/1").status_code == 404


def test_the_observed_vocabulary_has_no_prescriptions() -> None:
    """An observed account answers 404 for prescriptions and documents, and types its visits."""
    with (
        running(vocabulary="observed", patients=20, rate=0, files=False) as (connection, _),
        plain(connection) as seen,
    ):
        codes = [seen.get(path).status_code for path in ("/prescriptions", "/documents")]
        kinds = page(seen, "/appointment_types")["data"]
        patient = page(seen, "/patients")["data"][0]

    assert codes == [404, 404]
    assert all(set(kind) == {"id", "name"} for kind in kinds)
    assert isinstance(patient["numbers"], list)


# Filters


@pytest.mark.parametrize(
    ("path", "query", "holds"),
    [
        ("/practitioners", "active=eq:1", lambda row: row["active"] == "1"),
        ("/patients", "id=between:110,120", lambda row: 110 <= row["id"] <= 120),
        ("/patients", "id=in:101,102", lambda row: row["id"] in {101, 102}),
        ("/patients", "updated=gte:2026-10-01 00:00:00", lambda row: row["updated"] >= "2026-10"),
        ("/patients", "phone=null:", lambda row: row["phone"] is None),
        ("/patients", "last_name=like:A%", lambda row: row["last_name"].upper().startswith("A")),
    ],
)
def test_a_filter_selects(client: httpx.Client, path: str, query: str, holds: Any) -> None:  # noqa: ANN401 - a predicate over JSON
    """A filter with an operator gives exactly the records it describes."""
    everything = walk(client, path)
    told = page(client, f"{path}?{query}")

    assert 0 < told["total_entries"] < len(everything)
    assert sorted(row["id"] for row in told["data"]) == sorted(
        row["id"] for row in everything if holds(row)
    )


@pytest.mark.parametrize("query", ["email=nobody@example.com", "emial=eq:x", "id=eq:x"])
def test_an_invalid_filter_answers_the_whole_list(client: httpx.Client, query: str) -> None:
    """A filter without operator, misspelt or unreadable is ignored, with a 200."""
    assert page(client, f"/patients?{query}")["total_entries"] == 200


def test_an_invalid_filter_can_be_an_error(client: httpx.Client, control: Control) -> None:
    """With the switches set, a bare value filters, and an unreadable one answers 422."""
    control.switches(no_operator="eq", bad_filter="422")

    assert page(client, "/patients?email=nobody@example.com")["total_entries"] == 0
    assert client.get("/patients?id=eq:x").status_code == 422


# Files


def file_link(client: httpx.Client) -> tuple[str, dict[str, Any]]:
    """Take some file that has a link."""
    row = next(row for row in page(client, "/files")["data"] if row["file_url"])
    return row["file_url"], row


def test_a_signed_link_gives_the_bytes(client: httpx.Client) -> None:
    """Every link on another port gives the file's bytes, without any header."""
    clinic = generate()
    known = {hashlib.sha256(clinic.blobs[key]).digest() for key in clinic.blobs}
    rows = walk(client, "/files")
    answers = [httpx.get(row["file_url"], trust_env=False) for row in rows[:25] if row["file_url"]]

    assert urlsplit(rows[0]["file_url"]).port != client.base_url.port
    assert {answer.status_code for answer in answers} == {200}
    assert {hashlib.sha256(answer.content).digest() for answer in answers} <= known


def test_a_link_expires(client: httpx.Client, control: Control) -> None:
    """After its life a link answers 403 with XML; a fresh one works again."""
    old, row = file_link(client)
    control.switches(url_seconds=0)
    expired = httpx.get(old, trust_env=False)
    control.switches(url_seconds=3600)
    fresh = page(client, f"/files/{row['id']}")["file_url"]

    assert expired.status_code == 403
    assert expired.headers["content-type"].startswith("application/xml")
    assert httpx.get(fresh, trust_env=False).status_code == 200
    assert control.state()["file_expired"] == 1


def test_a_forged_link_is_refused(client: httpx.Client) -> None:
    """A link with another path or signature answers 403."""
    link, _ = file_link(client)

    assert httpx.get(link.replace("/patient/", "/patient/x"), trust_env=False).status_code == 403
    assert httpx.get(link[:-4] + "0000", trust_env=False).status_code == 403


def test_the_file_host_never_sees_the_key(client: httpx.Client, control: Control) -> None:
    """A request that carries the API key to the file host is refused and counted."""
    link, _ = file_link(client)

    assert client.get(link).status_code == 400
    assert control.state()["key_at_file_host"] == 1


def test_files_do_not_count_against_the_rate(client: httpx.Client, control: Control) -> None:
    """Many files can be fetched in a second without a violation."""
    link, _ = file_link(client)
    control.switches(rate=1)
    codes = {httpx.get(link, trust_env=False).status_code for _ in range(10)}

    assert codes == {200}
    assert control.state()["violations"] == 0


# Faults


def test_statuses_on_order(client: httpx.Client, control: Control) -> None:
    """A rule spoils as many requests as it says, and then no more."""
    control.fault("status", status=503, path="/patients", times=2, retry_after="1")
    answers = [client.get("/patients") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "1"
    assert client.get("/files").status_code == 200


@pytest.mark.parametrize("fault", ["reset", "reset-midway", "truncate"])
def test_a_connection_is_cut_on_order(client: httpx.Client, control: Control, fault: str) -> None:
    """A connection is reset, or closed before the whole answer came; the next one works."""
    control.fault(fault, path="/patients", page=2)

    assert client.get("/patients").status_code == 200
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.get("/patients?page=2")
    assert client.get("/patients?page=2").status_code == 200


@pytest.mark.parametrize("fault", ["half-json", "not-json", "empty"])
def test_a_body_is_garbled_on_order(client: httpx.Client, control: Control, fault: str) -> None:
    """A 200 may hold half an answer, a page of HTML, or nothing."""
    control.fault(fault)
    answer = client.get("/patients")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_an_answer_is_late_on_order(client: httpx.Client, control: Control) -> None:
    """A slow answer is the right one, late."""
    control.fault("slow", seconds=0.3)
    began = time.monotonic()

    assert page(client, "/patients")["total_entries"] == 200
    assert time.monotonic() - began >= 0.3


def test_filters_are_ignored_on_order(client: httpx.Client, control: Control) -> None:
    """An answer may look right and yet be the whole list."""
    control.fault("ignore-filters")

    assert page(client, "/patients?id=eq:101")["total_entries"] == 200
    assert page(client, "/patients?id=eq:101")["total_entries"] == 1


def test_a_burst_of_429_comes_on_order(client: httpx.Client, control: Control) -> None:
    """Requests can be refused although the pace was kept; these are no violations."""
    control.fault("429", times=3)

    assert [client.get("/patients").status_code for _ in range(4)] == [429, 429, 429, 200]
    assert control.state()["violations"] == 0


@pytest.mark.parametrize("fault", ["truncate", "reset"])
def test_the_file_host_fails_on_order(client: httpx.Client, control: Control, fault: str) -> None:
    """A download breaks off, or gives other bytes of the same length."""
    link, row = file_link(client)
    whole = httpx.get(link, trust_env=False).content
    control.fault(fault, where="files")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        httpx.get(link, trust_env=False)
    control.fault("wrong-bytes", where="files")
    wrong = httpx.get(link, trust_env=False).content

    assert len(wrong) == len(whole)
    assert wrong != whole
    assert row["size"] in {None, len(whole)}


# Control and process


def test_the_control_port_wants_its_token(simulator: Simulator) -> None:
    """Without the token the control port tells and does nothing."""
    connection, _ = simulator

    assert httpx.get(f"{connection.control_url}/state", trust_env=False).status_code == 401


def test_a_misspelt_switch_is_refused(control: Control) -> None:
    """A switch or fault that does not exist is an error."""
    with pytest.raises(SandboxError, match="rte"):
        control.switches(rte=3)
    with pytest.raises(SandboxError, match="fault"):
        control.fault("explode")


def test_counters_tell_what_arrived(client: httpx.Client, control: Control) -> None:
    """The state says how many requests came, where, and how they ended, until it is reset."""
    client.get("/patients")
    client.get("/campaigns")
    told = control.state(log=True)
    control.reset_counters()

    assert (told["requests"], told["per_path"]) == (2, {"/patients": 1, "/campaigns": 1})
    assert told["statuses"] == {"200": 1, "404": 1}
    assert isinstance(told["log"], list)
    assert [entry["path"] for entry in told["log"]] == ["/patients", "/campaigns"]
    assert control.state()["requests"] == 0


def test_a_day_passes_on_order() -> None:
    """What is new and changed after a day is found by a filter on `updated`."""
    with running(patients=30, rate=0) as (connection, control), plain(connection) as seen:
        latest = max(row["updated"] for row in walk(seen, "/patients"))
        told = control.a_day_passes()
        found = walk(seen, f"/patients?updated=gt:{latest}")
        new = [row for row in walk(seen, "/files") if f"files/{row['id']}" in str(told["new"])]
        content = httpx.get(new[0]["file_url"], trust_env=False).content

    assert isinstance(told["new"], list)
    assert isinstance(told["changed"], list)
    touched = {name for name in (*told["new"], *told["changed"]) if name.startswith("patients/")}
    assert {f"patients/{row['id']}" for row in found} == touched
    assert new[0]["size"] in {None, len(content)}
    assert told["recreated"]


def test_up_twice_is_harmless_and_down_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same parameters keep the process, others restart it, `down` ends it."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    try:
        first = up(patients=5, rate=0, files=False, instance="test")
        pid = status("test")["pid"]
        again = up(patients=5, rate=0, files=False, instance="test")
        assert (again, status("test")["pid"]) == (first, pid)
        secret = tmp_path / "practicehub" / "test" / "connection.json"
        assert secret.stat().st_mode & 0o777 == 0o600

        other = up(patients=6, rate=0, files=False, instance="test")
        assert status("test")["pid"] != pid
        assert (other.base_url, other.api_key) == (first.base_url, first.api_key)
    finally:
        last = status("test")["pid"]
        ended = down("test")

    assert ended
    assert (down("test"), status("test")) == (False, {"running": False, "instance": "test"})
    assert isinstance(last, int)
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


def test_a_simulator_ends_with_the_process_that_ran_it(tmp_path: Path) -> None:
    """When the process that runs a simulator for itself is killed, nothing is left of it."""
    script = (
        "import time\n"
        "from workbench.sandbox.practicehub import running\n"
        "with running(patients=2, rate=0, files=False) as (connection, _):\n"
        "    print(connection.base_url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as runner:
        assert runner.stdout is not None
        base_url = runner.stdout.readline().strip()
        assert httpx.get(f"{base_url}/patients", trust_env=False).status_code == 401
        runner.kill()
    wait_until(lambda: not list(tmp_path.iterdir()), seconds=20, what="its folder went")

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base_url}/patients", trust_env=False)


def test_an_instance_needs_a_plain_name() -> None:
    """A name that could lead out of the cache folder is refused."""
    with pytest.raises(UsageError, match="name"):
        status("../elsewhere")


def test_a_connection_does_not_show_its_key(simulator: Simulator) -> None:
    """Printing a connection gives no secret away."""
    connection, _ = simulator

    assert connection.api_key not in repr(connection)
    assert set(connection.as_json()) >= {"base_url", "api_key", "app_details"}
