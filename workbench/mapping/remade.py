"""Visits that were deleted and made anew under another id: told by who, with whom and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.mapping.model import Mapping as Map
from workbench.staging.findings import Clean
from workbench.staging.paths import value_at
from workbench.staging.times import Order, join_instant, read_instant
from workbench.state import id_text

APART = timedelta(minutes=90)
"""How far the start of a visit moves when a desk enters it again at check-out.

Source: seen on a live account: 15 to 90 minutes, and invoices point at the new id.
"""

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as it is known again: patient, practitioner ("" for none) and start (UTC)."""

    source_id: str
    patient: str
    practitioner: str
    start: datetime


@dataclass(frozen=True, slots=True)
class VisitReader:
    """Reads of a visit's record what it is known again by, where the map says that it stands.

    Args:
        mapping: the confirmed map.
        zone: the IANA zone of local times.
    """

    mapping: Map
    zone: str

    def __call__(self, source_id: str, record: Record) -> Visit | None:
        """Read one; None where the patient or the time is not known."""
        rows = self.mapping.of("appointments")
        times = {row.part: row for row in rows if row.transform == "visit_time"}
        people = {row.part: row for row in rows if row.transform == "practitioner"}
        patient = next((row.path for row in rows if row.transform == "patient"), "patient_id")
        whom = id_text(value_at(record, patient))
        found = {part: value_at(record, row.path) for part, row in times.items()}
        order = {part: row.order for part, row in times.items()}
        if found.get("start"):
            read = read_instant(found["start"], zone=self.zone, order=order.get("start", Order.ISO))
        else:
            read = join_instant(
                found.get("date"), found.get("time"), zone=self.zone,
                order=order.get("date", Order.ISO),
            )  # fmt: skip
        if whom is None or not isinstance(read, Clean) or not isinstance(read.value, str):
            return None
        told = (id_text(value_at(record, people[part].path))
                for part in ("id", "email", "name") if part in people)  # fmt: skip
        return Visit(
            source_id, whom, next((one for one in told if one), ""),
            datetime.fromisoformat(read.value),
        )  # fmt: skip


def remade(gone: Iterable[Visit], new: Iterable[Visit]) -> dict[str, str]:
    """Give old id → new id of the visits that were deleted and made anew.

    The same patient, the same practitioner, a start at most `APART` away. Each visit stands
    for one other at most; of several the nearest in time.

    Args:
        gone: visits that PracticeHub has no longer.
        new: visits that were first seen in a later pass.
    """
    fresh: dict[tuple[str, str], list[Visit]] = {}
    for one in new:
        fresh.setdefault((one.patient, one.practitioner), []).append(one)
    near = sorted(
        (abs(one.start - other.start), one.source_id, other.source_id)
        for one in gone
        for other in fresh.get((one.patient, one.practitioner), ())
        if abs(one.start - other.start) <= APART and one.source_id != other.source_id
    )
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _apart, old, again in near:
        if old not in found and again not in taken:
            found[old] = again
            taken.add(again)
    return dict(sorted(found.items()))
