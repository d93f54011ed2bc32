"""A simulated account answered in this very process, and a run folder with a client on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import httpx

from tests.support.moving_account import stepped
from workbench.practicehub import Client, Pace, find_gone, shortfall, since_last, walk
from workbench.sandbox.clinic import Clinic
from workbench.sandbox.practicehub.account import Account
from workbench.sandbox.practicehub.api import Api
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.switches import Switches
from workbench.state import Store

ZONE = "Europe/Amsterdam"
LIST = "appointments"
LONG_AGO = "2026-01-05 09:00:00"

Row = dict[str, object]


def visit(number: int, *, turn: int = 0, updated: str | None = LONG_AGO) -> Row:
    """Make a record of a list that has times of change."""
    return {"id": number, "patient_id": 1, "status": "pending", "turn": turn, "updated": updated}


def now() -> str:
    """Give the present as PracticeHub writes it: the machine's own clock, without a zone."""
    return f"{datetime.now():%Y-%m-%d %H:%M:%S}"  # noqa: DTZ005 - as PracticeHub does


@dataclass
class Simulated:
    """An account with one long list, a run folder, and a client between the two.

    `asked`: path and query of every request. `kill`: the number of the request at which the
    client dies.
    """

    clinic: Clinic
    account: Account
    store: Store
    folder: Path
    asked: list[str] = field(default_factory=list)
    kill: int = 0

    def __post_init__(self) -> None:
        self.client = Client(
            base_url="https://bright.neptune.practicehub.io/api", api_key="key",
            app_details="workbench=ops@example.org", page_size=10, wait_initial=0,
            pace=Pace(self.folder / "pace.lock", per_second=1_000_000),
            transport=httpx.MockTransport(self._answer),
        )  # fmt: skip

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.url.path}?{request.url.query.decode()}")
        if self.kill == len(self.asked):
            raise KeyboardInterrupt
        start, body = stepped(Api(self.account), request)
        return httpx.Response(start["status"], headers=start.get("headers"), content=body)

    def switch(self, **changes: object) -> None:
        """Change how the account behaves."""
        self.account.set(self.account.switches.changed(changes))

    def read(self, generation: int, *, whole: bool = False) -> bool:
        """Make one pass, by time where that works; say whether it was by time."""
        self.asked.clear()
        if not whole and since_last(
            self.client, self.store, LIST, folder=self.folder, generation=generation,
            zone=ZONE, phase="delta",
        ):  # fmt: skip
            return True
        self.walk(generation)
        if generation:
            self.gone(generation)
        return False

    def walk(self, generation: int) -> None:
        """Read the list whole and compare the numbers."""
        for _page in walk(self.client, self.store, LIST, folder=self.folder,
                          generation=generation, phase="delta"):  # fmt: skip
            pass
        shortfall(self.client, self.store, LIST, folder=self.folder, generation=generation)

    def gone(self, generation: int) -> None:
        """Find out what is gone after a whole pass."""
        find_gone(self.client, self.store, LIST, folder=self.folder, generation=generation,
                  phase="delta")  # fmt: skip

    def news(self, since: int, until: int | None = None) -> tuple[int, int, int, int]:
        """Count what passes found created, changed, gone and back."""
        found = self.store.source.news(since, since if until is None else until)
        return next(((one.created, one.changed, one.gone, one.back) for one in found), (0, 0, 0, 0))

    def there(self) -> set[str]:
        """Give the ids that count as there."""
        return {one.source_id for one in self.store.source.records(LIST)}

    def truth(self) -> set[str]:
        """Give the ids that the account has."""
        return {str(row["id"]) for row in self.clinic[LIST]}


@contextmanager
def simulated(
    folder: Path, switches: Mapping[str, object] = MappingProxyType({}), *, records: int = 200
) -> Iterator[Simulated]:
    """Open an account with a list of so many records, and a run folder."""
    clinic = Clinic("observed", seed=1, today=date(2026, 11, 20))
    clinic.add("patients", [{"id": 1, "first_name": "Anna"}])
    clinic.add(LIST, [visit(number) for number in range(1, records + 1)])
    held = Switches(rate=0, duplicates={}, conflicts=0).changed(dict(switches))
    account = Account(clinic, held, api_key="key", signer=Signer("http://127.0.0.1:1"))
    store = Store(folder / "state.sqlite")
    made = Simulated(clinic, account, store, folder)
    yield made
    made.client.close()
    store.close()
