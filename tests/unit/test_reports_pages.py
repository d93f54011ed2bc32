"""Reports: whole, self-contained, without a patient's data, and noted with their hashes."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import small_run as made
from workbench.mapping import Disposition, Mapping, MapRow
from workbench.masking import Masker
from workbench.proof import verify
from workbench.reports import (
    Page,
    csv_text,
    neutral,
    render,
    write_mapping,
    write_preflight,
    write_reports,
    write_summary,
)
from workbench.reports.page import _environment
from workbench.show import Table
from workbench.state import Difference, Fate, Outcome, Store, Verdict, sha256

MASKER = Masker(b"fixed key of this test")
SECRET = "Zebedeus Quackenbush"


def masked(_field: str, value: object) -> str:
    """Mask a value the way a run does unless it was asked not to."""
    return MASKER(value)


def filled_run(folder: Path) -> Store:
    """Make a run whose comparisons hold a name that no report may show."""
    store = made.small_run(folder, sealed=False)
    store.proof.set_comparison(
        "sample",
        verdicts=[Verdict("sample", "res.partner", "name", "different", "", 1),
                  Verdict("sample", "res.partner", "ref", "equal", "", 1)],
        differences=[
            Difference("sample", "patient_1", "res.partner", "name", "different", "", SECRET,
                       SECRET, ""),
            Difference("sample", "patient_1", "res.partner", "ref", "equal", "", "1", "1", "1"),
        ],
    )  # fmt: skip
    store.proof.set_outcomes(
        [Outcome("appointments", "7", Fate.EXCLUDED, "a calendar <block>", "", "migrate")]
    )
    return store


def written(folder: Path, store: Store) -> list[Path]:
    """Write all reports there are."""
    rows = [
        MapRow("patients.first_name", Disposition.COMBINED, "res.partner.name", "full_name"),
        MapRow("patients.note", Disposition.DROPPED, why="asked for by the clinic"),
    ]
    return [
        write_preflight(
            store, folder, facts=[("Odoo", "19.0")], lead="Both ends answer.",
            tables=[Table("Totals", ("resource", "records"), [("patients", 2)])],
        ),
        write_mapping(store, folder, mapping=Mapping(rows=tuple(rows)), odoo_fields={}, lists={},
                      people=[], checklist=Table("Checklist", ("what",), [])),
        *write_reports(store, folder, mask=masked, versions=made.VERSIONS, hashes=made.HASHES),
    ]  # fmt: skip


def test_every_report_is_written_privately_and_noted_with_its_hash(tmp_path: Path) -> None:
    """Each report lies in the run folder, readable by its owner, its hash in the ledger."""
    store = filled_run(tmp_path)

    files = written(tmp_path, store)

    assert sorted(path.name for path in files) == [
        "cleanse.csv", "cleanse.html", "differences.csv", "excluded.csv", "gone.csv",
        "kept_values.csv", "mapping.html", "merged.csv", "missing_relations.csv", "orphans.csv",
        "outcomes.csv", "preflight.html", "reconcile.html", "refused.csv", "rejected.csv",
        "sample_choice.csv", "sample_diff.csv", "sample_diff.html", "summary.html", "tolerated.csv",
    ]  # fmt: skip
    noted = {path: (kind, sha, size) for path, kind, sha, size in store.journey.artefacts()}
    for path in files:
        content = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        assert noted[f"reports/{path.name}"] == ("report", sha256(content), len(content))
    assert not list((tmp_path / "reports").glob(".*"))
    assert verify(tmp_path).ok
    store.close()


def test_no_report_holds_a_patients_data(tmp_path: Path) -> None:
    """A name that stands in the comparison is in no report; counts and ids are."""
    store = filled_run(tmp_path)

    texts = {path.name: path.read_text("utf-8") for path in written(tmp_path, store)}

    for name, text in texts.items():
        assert not any(part in text for part in (*SECRET.split(), "Anna", "Çelik")), name
    assert "20 characters" in texts["sample_diff.csv"]
    assert "appointments,7,excluded,a calendar <block>" in texts["outcomes.csv"]
    assert "a calendar &lt;block&gt;" in texts["reconcile.html"]
    store.close()


def test_html_reports_ask_nothing_of_any_server(tmp_path: Path) -> None:
    """A report opens offline, in one language, and names the head of the ledger."""
    store = filled_run(tmp_path)
    for path in written(tmp_path, store):
        if path.suffix != ".html":
            continue
        text = path.read_text("utf-8")
        tags = _tags(text)
        assert ("html", {"lang": "en"}) in tags
        names = {tag for tag, _attributes in tags}
        assert not names & {"script", "link", "img", "iframe", "image"}
        targets = [value for _tag, attributes in tags for key, value in attributes.items()
                   if key.endswith(("href", "src"))]  # fmt: skip
        assert all(target.startswith(("#", "../")) for target in targets), targets
        assert "@import" not in text
        assert re.search(r"Ledger head when this page was written: <code>[0-9a-f]{64}", text)
        assert text.count("<h1>") == 1
        assert text.count("<table>") == text.count("<caption>")
    store.close()


def _tags(text: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []

    class _Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    _Reader().feed(text)
    return found


def test_the_reconciliation_says_who_decided_and_that_it_closes(tmp_path: Path) -> None:
    """The page that is signed off states the finding, the sums and the decisions."""
    store = filled_run(tmp_path)
    written(tmp_path, store)

    text = (tmp_path / "reports" / "reconcile.html").read_text("utf-8")

    assert "Each of 6 records and 1 files has exactly one fate. 3 cells were read back" in text
    assert "approve, by Noor Visser" in text
    assert "not asked yet" in text
    assert "s" * 64 in text
    assert ">patient_id<" in text
    store.close()


def test_an_open_balance_is_said_first(tmp_path: Path) -> None:
    """A run with a record without a fate says so in the first sentence."""
    store = Store(tmp_path / "state.sqlite")
    made.store_page(tmp_path, store, "patients", made.PATIENTS)

    text = write_summary(store, tmp_path, facts=[("minutes", 3)]).read_text("utf-8")

    assert "The balance does not close: 2 records or files have no fate yet" in text
    assert "Nothing has been read back from Odoo yet" in text
    assert "<b>3</b>minutes" in text
    store.close()


def test_writing_the_same_report_again_changes_nothing(tmp_path: Path) -> None:
    """A report that says what it said before adds nothing to the ledger."""
    store = filled_run(tmp_path)
    write_reports(store, tmp_path, mask=masked, versions={}, hashes={})
    lists = {path.name for path in (tmp_path / "reports").glob("*.csv")}
    before = [e.subject for e in store.ledger.entries() if e.event == "artefact"]

    write_reports(store, tmp_path, mask=masked, versions={}, hashes={})

    after = [e.subject for e in store.ledger.entries() if e.event == "artefact"][len(before) :]
    assert len(lists) > 10
    assert not {f"reports/{name}" for name in lists} & set(after)
    store.close()


@pytest.mark.parametrize(
    ("cell", "written_as"),
    [
        ("=1+1", "'=1+1"), ("+31 6", "'+31 6"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "'\tx"),
        (" =1", "' =1"), ("\uff1d1", "'\uff1d1"),
        (-5, "-5"), (1.5, "1.5"), (None, ""), ("a=b", "a=b"),
    ],
)  # fmt: skip
def test_a_cell_that_could_start_a_formula_is_text(cell: object, written_as: str) -> None:
    """A text typed into PracticeHub cannot run on the machine of whoever opens the CSV."""
    assert neutral(cell) == written_as


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_no_text_gets_past_the_neutralising(rows: list[list[str]]) -> None:
    """Whatever the cells hold, none of them starts as a formula after reading back."""
    found = list(csv.reader(io.StringIO(csv_text(("a", "b"), rows), newline="")))

    assert len(found) == len(rows) + 1
    for before, after in zip(rows, found[1:], strict=True):
        assert [cell.removeprefix("'") if old != cell else cell
                for old, cell in zip(before, after, strict=True)] == before  # fmt: skip
        assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for cell in after)


def test_a_template_that_names_something_missing_fails_loudly() -> None:
    """A report with a hole in it is never written."""
    page = Page("t", "l", "r", "h", sections=["no section"])  # type: ignore[list-item]

    with pytest.raises(jinja2.UndefinedError):
        render(page)
    assert _environment().autoescape
