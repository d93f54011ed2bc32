"""The forecast: how long reading takes, when it would end, how large and how hard it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.made_runs import KEY, made_run
from workbench.phases import knowledge, reading
from workbench.practicehub import Clarity, Forecast, Grade, estimate, resource, size_text
from workbench.practicehub.rows import read_rows
from workbench.run import Run
from workbench.state import PageIn, Question, Store, sha256

Row = dict[str, object]
ZONE = "Europe/Amsterdam"


def first_page(store: Store, name: str, rows: Iterable[Row], *, reported: int) -> None:
    """Keep a first page as the walk does, with more of them to come if more are reported."""
    sent = list(rows)
    store.source.store_page(
        PageIn(
            resource=name, generation=0, number=1, request=f"/{name}?page=1",
            sha256=sha256(name.encode()), size=1, seconds=0.1, reported=reported,
            next=f"/{name}?page=2" if reported > len(sent) else None,
            records=read_rows(resource(name), sent, page=1, phase="connect").records,
        ),
        resolve=lambda _held, _new: (False, ""),
    )  # fmt: skip


def patients(count: int) -> list[Row]:
    """Make some patients."""
    return [{"id": number, "first_name": "Anna"} for number in range(1, count + 1)]


def scans(count: int, *, size: int | None) -> list[Row]:
    """Make some files of one size."""
    return [{"id": n, "size": size, "url": "https://x.example.com/a"} for n in range(1, count + 1)]


def forecast(run: Run, **more: object) -> Forecast:
    """Estimate at one request a second and a hundred rows a page."""
    return estimate(run.store, per_second=1.0, page_size=100, **more)  # type: ignore[arg-type] # of the tests


def test_every_page_that_is_left_takes_its_turn_at_the_pace(tmp_path: Path) -> None:
    """A thousand patients with one page held are nine more requests; at half the pace, 18 s."""
    run = made_run(tmp_path)
    first_page(run.store, "patients", patients(100), reported=1000)
    first_page(run.store, "appointment_types", [{"id": 1, "name": "Intake"}], reported=1)
    run.store.source.mark_absent("documents", note="404")

    assert (forecast(run).requests, forecast(run).seconds) == (9, 9.0)
    slow = estimate(run.store, per_second=0.5, page_size=100)
    assert slow.seconds == 18.0
    assert "9 requests left: 18 s at 0.5 a second" in [one.found for one in slow.aspects]


def test_an_account_that_gives_smaller_pages_takes_more_of_them(tmp_path: Path) -> None:
    """Where fifty rows come and a hundred were asked for, it is fifty that counts."""
    run = made_run(tmp_path)
    first_page(run.store, "patients", patients(50), reported=1000)

    assert forecast(run).requests == 19


def test_a_list_that_nobody_asked_for_yet_counts_as_a_page(tmp_path: Path) -> None:
    """What was added to the configuration since is not forgotten in the forecast."""
    run = made_run(tmp_path)
    first_page(run.store, "patients", patients(1), reported=1)

    assert forecast(run).requests == 0
    assert forecast(run, resources=[resource("patients"), resource("recalls")]).requests == 1


def test_reading_over_the_change_of_the_clocks_ends_on_the_clinics_own_clock() -> None:
    """Six hours that begin at midnight end at seven in the morning when clocks go forward."""
    found = Forecast(21_600, 21_600.0, 1.0, 0, None, 0, ())
    midnight = datetime(2026, 3, 29, 0, 0, tzinfo=ZoneInfo(ZONE))

    assert found.ends(midnight).isoformat() == "2026-03-29T07:00:00+02:00"
    assert reading.ending(found, zone=ZONE, now=midnight) == (
        "Started now, reading would end about 07:00 on Sunday 29 March (Europe/Amsterdam), "
        "counted at 1 request a second; 21,600 are left to make."
    )


def test_once_all_is_read_no_end_is_foretold() -> None:
    """A forecast with nothing left says so."""
    found = Forecast(0, 0.0, 0.5, 0, None, 0, ())
    now = datetime(2026, 3, 29, tzinfo=ZoneInfo(ZONE))

    assert reading.ending(found, zone=ZONE, now=now) == "Everything that PracticeHub lists is read."


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (2_000_000, "About 300 files, about 600 MB, counted up from 100 sizes listed so far; "),
        (None, "About 300 files, their sizes are not listed yet; "),
    ],
)
def test_files_are_counted_up_from_those_listed_so_far(
    tmp_path: Path, size: int | None, told: str
) -> None:
    """A hundred files of 2 MB on the first page of three stand for 600 MB."""
    run = made_run(tmp_path)
    first_page(run.store, "files", scans(100, size=size), reported=300)

    assert reading.files_ahead(forecast(run)).startswith(told)


def test_records_that_carry_no_file_are_not_counted_as_one(tmp_path: Path) -> None:
    """A prescription has a file where it has an address; half of them have none."""
    run = made_run(tmp_path)
    rows: list[Row] = [
        {"id": n, "pdf_url": "https://x.example.com/a" if n % 2 else None} for n in range(1, 11)
    ]
    first_page(run.store, "prescriptions", rows, reported=100)

    assert forecast(run).files == 50


def test_the_hardest_aspect_grades_the_whole(tmp_path: Path) -> None:
    """A small clinic whose map is unclear is a complex migration, and the table says why."""
    run = made_run(tmp_path)
    first_page(run.store, "patients", patients(1), reported=1)

    simple = forecast(run)
    unclear = forecast(run, clarity=Clarity(10, 4, "fields"))

    assert simple.grade is Grade.SIMPLE
    assert unclear.grade is Grade.COMPLEX
    assert [(one.name, one.found, one.grade) for one in unclear.aspects] == [
        ("what there is", "lists: 1, records: 1, files: about 0", Grade.SIMPLE),
        ("how clear the map is", "6 of 10 fields are clear; 4 need a person", Grade.COMPLEX),
        ("PracticeHub's pace", "0 requests left: 0 s at 1 a second", Grade.SIMPLE),
        ("size of the files", "no size is listed yet", None),
    ]


def test_what_is_not_known_yet_is_no_grade(tmp_path: Path) -> None:
    """Before the audit nobody can say how clear the map is, and the table does not pretend."""
    run = made_run(tmp_path)
    table = reading.complexity(forecast(run))

    assert ("how clear the map is", "not known before the audit", "not known yet") in table.rows


def test_what_people_answer_makes_the_map_clearer(tmp_path: Path) -> None:
    """A question without a sure proposal is in doubt until somebody answers it."""
    run = made_run(tmp_path)
    asked = [
        Question("field:patients.id", "map", "?", ["kept"], basis=[], proposal="kept",
                 confidence=0.98),
        Question("field:patients.x", "map", "?", ["kept"], basis=[], proposal="kept",
                 confidence=0.5),
        Question("value:appointments.status=x", "map", "?", ["New"], basis=[], proposal=None),
    ]  # fmt: skip

    assert reading.clarity_of(run.store) is None
    run.store.decisions.ask(asked)
    before = reading.clarity_of(run.store)
    run.store.decisions.decide("field:patients.x", "kept", by="Noor Visser")
    after = reading.clarity_of(run.store)

    assert before == Clarity(3, 2, "questions about the map")
    assert after == Clarity(3, 1, "questions about the map")


def test_the_first_pages_tell_how_clear_the_map_will_be(tmp_path: Path) -> None:
    """A field we know by name is clear at once, one of the clinic's own is not."""
    run = made_run(tmp_path)
    rows: list[Row] = [{"id": 1, "first_name": "Anna", "shoe_colour": "red", "gait": "even"}]
    first_page(run.store, "patients", rows, reported=1)

    assert knowledge.first_look(run.connect) == Clarity(4, 2, "fields met on the first pages")


def test_a_forecast_shows_neither_key_nor_address_nor_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What connect shows may be sent around: it holds counts and words alone."""
    monkeypatch.setenv(KEY, "geheim-4711")
    run = made_run(tmp_path)
    first_page(run.store, "patients", [{"id": 1, "email": "anna@example.org"}], reported=900)
    first_page(run.store, "files", scans(3, size=5), reported=3)

    shown = repr(run.connect.forecast())

    assert "Started now, reading would end about" in shown
    for secret in ("geheim", "127.0.0.1", "http", "anna", "example"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (12_345, "12 kB"),
        (999_499, "999 kB"), (999_600, "1.0 MB"), (1.23e9, "1.2 GB"), (math.pi * 1e12, "3.1 TB"),
    ],
)  # fmt: skip
def test_a_size_is_written_for_a_person(size: float, text: str) -> None:
    """Two digits are enough to plan with."""
    assert size_text(size) == text
