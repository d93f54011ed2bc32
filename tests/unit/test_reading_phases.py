"""What the reading phases ask for, and under which words and phases it is shown and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.made_runs import made_run, write_config
from workbench.phases import looks
from workbench.phases.extract import read_everything
from workbench.phases.reporting import write_preflight_report
from workbench.practicehub import RESOURCES, Client, Pace
from workbench.run import Run
from workbench.state import WalkState

READS: dict[str, Callable[[Run], object]] = {
    "connect": lambda run: run.connect.totals(),
    "audit": lambda run: run.audit.pages(),
    "extract": lambda run: run.extract.pages(),
    "delta": lambda run: read_everything(run.delta, generation=0),
}
EXTRA = ("[odoo]", 'extra_resources = ["recalls", "letters"]\n\n[odoo]')
LISTS: dict[str, list[dict[str, object]]] = {
    "patients": [{"id": 7, "first_name": name} for name in ("Anna", "Ana")],
    "recalls": [{"id": 1, "patient_id": 7, "reason": "check-up"}],
}


class Account:
    """An account that has patients, one of them twice and not alike, recalls and nothing else.

    Its invoices are not for this key's eyes.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        name = request.url.path.rpartition("/")[2]
        self.asked[name] += 1
        if name == "invoices":
            return httpx.Response(403, json={"message": "no"})
        rows = LISTS.get(name)
        if rows is None:
            return httpx.Response(404, json={"message": "no"})
        total = len({row["id"] for row in rows})
        return httpx.Response(
            200, json={"total_entries": total, "data": rows, "links": {"next": None}}
        )


@pytest.fixture
def account() -> Account:
    """Give an account that counts what it is asked."""
    return Account()


def joined(run: Run, account: Account) -> Run:
    """Let a run talk to the account."""
    run.source = Client(
        base_url="https://bright.neptune.practicehub.io/api", api_key="key",
        app_details="workbench=ops@example.org", wait_initial=0,
        pace=Pace(run.folder / "pace.lock", per_second=1000),
        transport=httpx.MockTransport(account),
    )  # fmt: skip
    return run


def with_extras(folder: Path) -> Run:
    """Make a run whose configuration names two further lists, or change an older run so."""
    return Run.create(write_config(folder, EXTRA), folder / "runs" / "clinic")


def unread(run: Run) -> list[str]:
    """Give what extraction says it has not read."""
    return [one for one in run.extract.judge().missing if "not read" in one]


@pytest.mark.parametrize("phase", READS)
def test_an_issue_names_the_phase_that_met_it(tmp_path: Path, account: Account, phase: str) -> None:
    """Whoever reads the list of issues learns in which step each was found."""
    run = joined(made_run(tmp_path), account)
    with run.source:
        READS[phase](run)

    assert {issue.phase for issue in run.store.staging.issues()} == {phase}


@pytest.mark.parametrize("phase", READS)
def test_further_lists_are_read_by_every_phase(
    tmp_path: Path, account: Account, phase: str
) -> None:
    """A list that the configuration names is read; one the account lacks is passed over."""
    run = joined(with_extras(tmp_path), account)
    with run.source:
        READS[phase](run)

    walks = {walked.resource: walked for walked in run.store.source.walks()}
    assert set(walks) == {*(one.name for one in RESOURCES), "recalls", "letters"}
    assert (walks["recalls"].state, walks["recalls"].distinct) == (WalkState.DONE, 1)
    assert walks["letters"].state is WalkState.ABSENT
    record = run.store.source.record("recalls", "1")
    assert record is not None
    assert record.patient_id == "7"


def test_the_first_pages_cost_one_request_each(tmp_path: Path, account: Account) -> None:
    """Connect asks every list once, and what it read is not asked for again."""
    run = joined(made_run(tmp_path), account)
    with run.source:
        run.connect.source()
        run.connect.totals()
        run.connect.totals()

    # once more for the patients: whether the key is refused everywhere, or for one list alone
    assert account.asked == {**{one.name: 1 for one in RESOURCES}, "patients": 2}


def test_a_table_says_whether_a_list_is_missing_or_forbidden(
    tmp_path: Path, account: Account
) -> None:
    """A practice manager reads words, not status codes: in both phases and in the report."""
    run = joined(made_run(tmp_path), account)
    with run.source:
        shown = [run.connect.totals(), run.audit.pages()]
    found = [{row[0]: row[-1] for row in table.rows} for table in shown]

    assert [one["patients"] for one in found] == ["there", "there"]
    assert [one["invoices"] for one in found] == ["the key may not read it"] * 2
    assert [one["documents"] for one in found] == ["not in this account"] * 2
    assert ("resources the key may not read", 1) in run.connect.judge().facts
    report = write_preflight_report(run).read_text("utf-8")
    assert "the key may not read it" in report
    assert "not in this account" in report


def test_a_list_that_is_named_later_is_read_then(tmp_path: Path, account: Account) -> None:
    """A run that had read everything has not any more, and reads the new lists alone."""
    run = joined(made_run(tmp_path), account)
    with run.source:
        run.extract.pages()
        before = unread(run)
        asked = account.asked.copy()
        run.store.close()
        run = joined(with_extras(tmp_path), account)
        unasked, missing = run.connect.judge().missing, unread(run)
        run.extract.pages()

    assert before == []
    assert "not asked for yet: recalls, letters" in unasked
    assert missing == ["recalls is not read to its end", "letters is not read to its end"]
    assert unread(run) == []
    assert {name for name in account.asked if account.asked[name] > asked[name]} == {
        "recalls", "letters",
    }  # fmt: skip


def test_a_list_that_is_no_longer_named_is_kept_and_read_on(
    tmp_path: Path, account: Account
) -> None:
    """What was begun is finished: rows that are held do not drop out of the sums."""
    run = joined(with_extras(tmp_path), account)
    with run.source:
        run.extract.pages()
        run.store.close()
        run = joined(made_run(tmp_path), account)
        run.extract.pages()

        read_everything(run.delta, generation=1)

    assert {walked.resource for walked in run.store.source.walks(generation=1)} == {
        *(one.name for one in RESOURCES), "recalls",
    }  # fmt: skip


def test_a_pass_is_over_when_every_list_named_has_ended(tmp_path: Path, account: Account) -> None:
    """A list named between two passes is read by the pass that was thought to be over."""
    run = joined(made_run(tmp_path), account)
    with run.source:
        run.extract.pages()
        read_everything(run.delta, generation=1)
        looks.keep(run.store, generation=1, since=1, by_time=[], rows=[])
        over = run.delta._generation(looks.last(run.store), whole=True)
        run.store.close()
        run = joined(with_extras(tmp_path), account)

    assert over == 2
    assert run.delta._generation(looks.last(run.store), whole=True) == 1
