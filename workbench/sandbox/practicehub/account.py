"""The simulated account: clinic, switches, faults, pace and counters, shared by three servers."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock

from workbench.sandbox.clinic import BLOB, URL_FIELDS, Clinic
from workbench.sandbox.practicehub.faults import Faults, Rule
from workbench.sandbox.practicehub.filters import Question, understand
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.pacing import Gate
from workbench.sandbox.practicehub.rows import local_now, rows
from workbench.sandbox.practicehub.switches import Switches

Record = dict[str, object]
LOG_LENGTH = 5000
ANSWERS_KEPT = 16


@dataclass(slots=True)
class Counters:
    """What arrived since the counters were reset."""

    requests: int = 0
    accepted: int = 0
    violations: int = 0
    unauthorized: int = 0
    non_get: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    faults: int = 0
    first_arrival: float | None = None
    last_arrival: float | None = None
    min_gap: float | None = None
    per_path: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    file_requests: int = 0
    file_bytes: int = 0
    file_expired: int = 0
    file_forged: int = 0
    file_non_get: int = 0
    key_at_file_host: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that answer a question, ordered, and how many distinct ids they have."""

    rows: Sequence[Record]
    distinct: int
    ignored: tuple[str, ...]


class Account:
    """All that the API, the file host and the control port know; safe to use from threads."""

    def __init__(self, clinic: Clinic, switches: Switches, *, api_key: str, signer: Signer) -> None:
        self.clinic = clinic
        self.switches = switches
        self.api_key = api_key
        self.signer = signer
        self.faults = Faults()
        self.gate = Gate()
        self.counters = Counters()
        self.log: deque[dict[str, object]] = deque(maxlen=LOG_LENGTH)
        self.lock = threading.RLock()
        self._asked: Counter[str] = Counter()
        self._rows: dict[str, tuple[object, tuple[Sequence[Record], int]]] = {}
        self._answers: OrderedDict[object, Listing] = OrderedDict()
        self._generation = 0

    def arrive(self, method: str, path: str, now: float) -> int:
        """Count a request at the API; give its number since the reset, from 1."""
        with self.lock:
            counters = self.counters
            counters.requests += 1
            counters.in_flight += 1
            counters.max_in_flight = max(counters.max_in_flight, counters.in_flight)
            counters.per_path[path] = counters.per_path.get(path, 0) + 1
            if method != "GET":
                counters.non_get += 1
            if counters.last_arrival is None:
                counters.first_arrival = now
            else:
                gap = now - counters.last_arrival
                counters.min_gap = gap if counters.min_gap is None else min(gap, counters.min_gap)
            counters.last_arrival = now
            return counters.requests

    def leave(self, path: str, query: str, *, status: int, now: float) -> None:
        """Note how a request ended (0: the connection was cut)."""
        with self.lock:
            self.counters.in_flight -= 1
            statuses = self.counters.statuses
            statuses[status] = statuses.get(status, 0) + 1
            self.log.append({"at": now, "path": path, "query": query, "status": status})

    def early(self, now: float) -> float:
        """Ask the gate; give 0.0 when the request may come in, else the seconds to wait."""
        with self.lock:
            wait = self.gate.arrive(
                now,
                rate=self.switches.rate,
                jitter=self.switches.jitter,
                refused_counts=self.switches.refused_counts,
            )
            if wait:
                self.counters.violations += 1
            else:
                self.counters.accepted += 1
            return wait

    def strike(self, *, where: str, path: str, page: int | None, request: int) -> Rule | None:
        """Find the rule that spoils this request, if one does."""
        with self.lock:
            rule = self.faults.strike(where=where, path=path, page=page, request=request)
            if rule is not None:
                self.counters.faults += 1
            return rule

    def knows(self, resource: str) -> bool:
        """Say whether the account has a resource."""
        there = resource in self.clinic or resource in self.switches.extra_resources
        return there and resource not in self.switches.missing_resources

    def listing(
        self, resource: str, pairs: tuple[tuple[str, str], ...], *, unfiltered: bool = False
    ) -> Listing:
        """Answer a list question: every row that passes the filters, in order."""
        with self.lock:
            self._drift(resource)
            switches = self.switches
            if unfiltered or resource in switches.ignored_filters:
                pairs = ()
            key = (resource, pairs, self.clinic.revision, self._generation)
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            everything, distinct = self._all_rows(resource)
            question: Question = understand(
                pairs, everything, bare_is_eq=switches.no_operator == "eq"
            )
            found = question.answer(everything)
            if found is not everything:
                distinct = len({row["id"] for row in found})
            answer = Listing(found, distinct, question.ignored)
            self._answers[key] = answer
            while len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
            return answer

    def one(self, resource: str, number: str) -> Record | None:
        """Find one record by the text of its id."""
        with self.lock:
            everything, _ = self._all_rows(resource)
        return next((row for row in everything if str(row["id"]) == number), None)

    def signed(self, resource: str, row: Record) -> Record:
        """Put a signed link where the row says that one belongs."""
        field = URL_FIELDS[self.clinic.vocabulary].get(resource)
        field = self.switches.renamed_fields.get(resource, {}).get(field or "", field or "")
        held = row.get(field)
        if not isinstance(held, str) or not held.startswith(BLOB):
            return row
        link = self.signer.link(held.removeprefix(BLOB), seconds=self.switches.url_seconds)
        return {**row, field: link}

    def set(self, switches: Switches) -> None:
        """Put new switches in force; another rate starts with a clean slate."""
        with self.lock:
            if switches.rate != self.switches.rate:
                self.gate = Gate()
            self.switches = switches
            self._generation += 1

    def a_day_passes(self, days: int) -> dict[str, list[object]]:
        """Let days pass; what happens is stamped with the present, or later where the clinic is."""
        with self.lock:
            last = datetime.combine(self.clinic.today + timedelta(days=days), clock(18))
            return self.clinic.a_day_passes(days, at=max(local_now(), last))

    def reset(self) -> None:
        """Set every counter to zero; requests under way stay counted as such."""
        with self.lock:
            self.counters = Counters(in_flight=self.counters.in_flight)
            self.log.clear()

    def _all_rows(self, resource: str) -> tuple[Sequence[Record], int]:
        key = (self.clinic.revision, self._generation)
        held = self._rows.get(resource)
        if held is None or held[0] != key:
            held = (key, rows(self.clinic, resource, self.switches))
            self._rows[resource] = held
        return held[1]

    def _drift(self, resource: str) -> None:
        drift = self.switches.drift.get(resource)
        if drift is None:
            return
        self._asked[resource] += 1
        turn = self._asked[resource]
        if drift.insert_every and turn % drift.insert_every == 0:
            self.clinic.copy_newest(resource, local_now())
        records = self.clinic[resource]
        if drift.delete_every and turn % drift.delete_every == 0 and records:
            # Near the top when newest come first: a page already read, so the rest moves up.
            gone = records[max(0, len(records) - 10)]["id"]
            if isinstance(gone, int):
                self.clinic.remove(resource, gone)
