"""What is odd in PracticeHub is listed under the phase that came across it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.made_runs import made_run
from workbench.phases.extract import read_everything
from workbench.practicehub import Client, Pace
from workbench.run import Run

READS: dict[str, Callable[[Run], object]] = {
    "connect": lambda run: run.connect.totals(),
    "audit": lambda run: run.audit.pages(),
    "extract": lambda run: run.extract.pages(),
    "delta": lambda run: read_everything(run.delta, generation=0),
}


def answer(request: httpx.Request) -> httpx.Response:
    """Answer as an account that has patients only, one of them twice and not alike."""
    if not request.url.path.endswith("/patients"):
        return httpx.Response(404, json={"message": "no"})
    rows = [{"id": 7, "first_name": name} for name in ("Anna", "Ana")]
    return httpx.Response(200, json={"total_entries": 2, "data": rows, "links": {"next": None}})


@pytest.mark.parametrize("phase", READS)
def test_an_issue_names_the_phase_that_met_it(tmp_path: Path, phase: str) -> None:
    """Whoever reads the list of issues learns in which step each was found."""
    run = made_run(tmp_path)
    run.source = Client(
        base_url="https://bright.neptune.practicehub.io/api", api_key="key",
        app_details="workbench=ops@example.org", wait_initial=0,
        pace=Pace(run.folder / "pace.lock", per_second=1000),
        transport=httpx.MockTransport(answer),
    )  # fmt: skip
    with run.source:
        READS[phase](run)

    assert {issue.phase for issue in run.store.staging.issues()} == {phase}
