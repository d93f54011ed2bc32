"""Files on their way to an Odoo that refuses, forgets or goes away: each is there once, or told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.fake_odoo import Cut, FakeOdoo
from tests.support.small_load import MODULE, attachment, loader
from workbench.errors import OdooOutcomeUnknownError
from workbench.mapping.rows import LoadRow
from workbench.odoo import Odoo, apply_rollback, plan_rollback
from workbench.state import Store

LEAFLET = b"%PDF leaflet " * 50_000
"""650 KB that several patients were given."""


@pytest.fixture
def odoo(fake: FakeOdoo) -> Iterator[Odoo]:
    """Its client."""
    with fake.client() as odoo:
        yield odoo


def files(folder: Path, *contents: bytes, first: int = 1) -> list[LoadRow]:
    """A patient, and files of that patient."""
    patient = LoadRow("res.partner", "patient_1", "patients", "1", {"name": "Person"})
    rows = [attachment(number, 1, folder, content, f"letter {number}.pdf")
            for number, content in enumerate(contents, start=first)]  # fmt: skip
    return [patient, *rows]


def stored(fake: FakeOdoo) -> list[bytes]:
    """The bytes that Odoo holds, of each attachment."""
    return [base64.b64decode(row.get("datas") or "") for row in fake.records("ir.attachment")]


def test_bytes_that_several_files_share_are_sent_once(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """A leaflet that twelve patients have goes over the line once, with another file beside."""
    rows = files(tmp_path, *[LEAFLET] * 12, b"%PDF own")
    report = loader(odoo, store, tmp_path).load(rows)

    assert len(report.created) == 14
    assert sorted(stored(fake), key=len) == [b"%PDF own", *[LEAFLET] * 12]
    assert fake.received < 2 * len(LEAFLET)
    assert loader(odoo, store, tmp_path).load(rows).unchanged == [r.external_id for r in rows]


CUTS = {
    f"{method}, {where}": Cut(method, after=after)
    for method in ("load", "write")
    for where, after in {"before": None, "at once": 0, "within the answer": 40}.items()
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_lost_answer_leaves_each_shared_file_once_and_whole(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path, cut: Cut
) -> None:
    """Whichever call is lost, and whether or not Odoo did it, the next run makes it good."""
    rows = files(tmp_path, *[LEAFLET] * 4)
    loader(odoo, store, tmp_path).load(rows[:1])
    fake.cuts.append(cut)
    with suppress(OdooOutcomeUnknownError):
        loader(odoo, store, tmp_path).load(rows)
    report = loader(odoo, store, tmp_path).load(rows)

    assert report.rows == 5
    assert report.refused == []
    assert stored(fake) == [LEAFLET] * 4
    assert fake.external_ids() == [row.external_id for row in rows]
    assert store.destination.unsettled() == []


def test_a_tool_killed_between_records_and_bytes_writes_the_bytes_next_time(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """Records whose bytes were never sent are known as such, and filled; none is made again."""
    rows = files(tmp_path, *[LEAFLET] * 3)
    fake.cuts.append(Cut("write", after=None))
    with pytest.raises(OdooOutcomeUnknownError):
        loader(odoo, store, tmp_path).load(rows)
    empty = stored(fake)
    report = loader(odoo, store, tmp_path).load(rows)

    assert empty == [b""] * 3
    assert report.updated == [row.external_id for row in rows[1:]]
    assert stored(fake) == [LEAFLET] * 3


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_a_proxy_that_takes_less_gets_less_and_refuses_only_what_is_too_large(
    fake: FakeOdoo, store: Store, tmp_path: Path, protocol: str
) -> None:
    """Forty letters land in smaller calls; the scan is told with what can be done about it."""
    fake.most = 100_000
    letters = [bytes([number]) * 20_000 for number in range(40)]
    rows = files(tmp_path, *letters[:20], b"scan" * 50_000, *letters[20:], b"film" * 60_000)
    with fake.client(protocol=protocol) as odoo:
        report = loader(odoo, store, tmp_path).load(rows)
    tries = sum(method == "load" for _, method in fake.calls)

    assert len(report.created) == 41
    assert sorted(stored(fake)) == sorted(letters)
    assert [one.external_id for one in report.refused] == ["file_21", "file_42"]
    assert "client_max_body_size" in report.refused[0].reason
    assert "attach the file by hand" in report.refused[1].reason
    assert tries < 30


def test_a_shared_file_that_is_too_large_leaves_no_empty_record(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """Where its bytes are refused, the records made for them are taken out again, and told."""
    fake.most = 100_000
    report = loader(odoo, store, tmp_path).load(files(tmp_path, *[LEAFLET] * 3, b"%PDF own"))

    assert stored(fake) == [b"%PDF own"]
    assert [one.external_id for one in report.refused] == ["file_1", "file_2", "file_3"]
    assert report.created == ["patient_1", "file_4"]
    assert store.destination.link("file_1") is None


def test_a_file_that_changed_is_written_and_one_that_did_not_is_not(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """After the load only other bytes go over the line again."""
    loader(odoo, store, tmp_path).load(files(tmp_path, b"one", b"two"))
    fake.calls.clear()
    report = loader(odoo, store, tmp_path).load(files(tmp_path, b"one", b"other"))

    assert report.updated == ["file_2"]
    assert stored(fake) == [b"one", b"other"]
    assert [method for model, method in fake.calls if model == "ir.attachment"] == [
        "search_read", "write",
    ]  # fmt: skip


def test_shared_files_are_rolled_back_like_any_other(
    fake: FakeOdoo, odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """What was made in two steps goes in one."""
    loader(odoo, store, tmp_path).load(files(tmp_path, *[LEAFLET] * 4))
    apply_rollback(odoo, store, plan_rollback(odoo, store, module=MODULE))

    assert fake.records("ir.attachment") == []
    assert fake.external_ids() == []
