"""The rows a list really has: spelt, ordered and doubled as the switches say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from workbench.sandbox.clinic import Clinic
from workbench.sandbox.clinic.randomness import stamp, stream
from workbench.sandbox.practicehub.switches import Switches

Record = dict[str, object]

ZONE = ZoneInfo("Europe/Amsterdam")
PAGE_ROWS = 100  # a copy this far down is on a later page, whatever the page size
CANCELLED = {"brief": ("visit_status", "Cancelled"), "observed": ("status", "cancelled")}


def rows(clinic: Clinic, resource: str, switches: Switches) -> tuple[Sequence[Record], int]:
    """Give the rows of a resource in the order of the list, and how many ids they have.

    The copies are the same ones each time for the same clinic and switches.
    """
    spelt = _spelt(clinic, resource, switches)
    ordered = spelt if switches.order == "oldest" else spelt[::-1]
    share = switches.duplicates.get(resource, 0.0)
    fights = switches.conflicts if resource == "appointments" else 0
    if not ordered or not (share or fights):
        return ordered, len(ordered)
    rng = stream(clinic.seed, "doubled", resource)
    copies: dict[int, list[Record]] = {}

    def put(place: int, copy: Record) -> None:
        low = min(place + PAGE_ROWS, len(ordered))
        target = place + 1 if switches.duplicates_within else rng.randrange(low, len(ordered) + 1)
        copies.setdefault(target, []).append(copy)

    if share:
        wanted = min(len(ordered), max(1, round(share * len(ordered))))
        for place in sorted(rng.sample(range(len(ordered)), wanted)):
            put(place, ordered[place])
    if fights:
        field, word = CANCELLED[clinic.vocabulary]
        standing = [place for place, row in enumerate(ordered) if row.get(field) != word]
        for place in sorted(rng.sample(standing, min(fights, len(standing)))):
            put(place, {**ordered[place], field: word})
    doubled: list[Record] = []
    for place in range(len(ordered) + 1):
        doubled += copies.get(place, [])
        doubled += ordered[place : place + 1]
    return doubled, len(ordered)


def _spelt(clinic: Clinic, resource: str, switches: Switches) -> Sequence[Record]:
    """Give the records with fields hidden, renamed or overridden, and times in their zone."""
    extra = switches.extra_resources.get(resource)
    records = clinic[resource] if extra is None else extra
    hidden = switches.hidden_fields.get(resource, frozenset())
    renamed = switches.renamed_fields.get(resource, {})
    overrides = switches.overrides.get(resource, {})
    utc = switches.record_zone == "utc"
    if resource == "patients" and switches.address != "nested":
        spell = _flat if switches.address == "flat" else _one_line
        records = [spell(record) for record in records]
    if not (hidden or renamed or overrides or utc):
        return records
    respell = partial(_respelt, hidden=hidden, renamed=renamed, overrides=overrides, utc=utc)
    return [respell(record) for record in records]


def _respelt(
    record: Record,
    *,
    hidden: frozenset[str],
    renamed: dict[str, str],
    overrides: dict[str, dict[str, object]],
    utc: bool,
) -> Record:
    made = {**record, **overrides.get(str(record["id"]), {})}
    if utc:
        for name in ("created", "updated"):
            if isinstance(moment := made.get(name), str):
                made[name] = _in_utc(moment)
    return {renamed.get(name, name): value for name, value in made.items() if name not in hidden}


def _flat(record: Record) -> Record:
    """Write the address as fields of the patient, such as `address_line1` and `address_city`."""
    address = record.get("address")
    if not isinstance(address, dict):
        return record
    fields = {f"address_{name}": value for name, value in address.items()}
    return {name: value for name, value in record.items() if name != "address"} | fields


def _one_line(record: Record) -> Record:
    """Write the address as one line of text."""
    address = record.get("address")
    if not isinstance(address, dict):
        return record
    return {**record, "address": ", ".join(str(part) for part in address.values() if part)}


def _in_utc(text: str) -> str:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZONE)
    return stamp(moment.astimezone(UTC).replace(tzinfo=None))


def local_now() -> datetime:
    """Give the present in the clinic's zone, naive, as its desk would write it."""
    return datetime.now(ZONE).replace(tzinfo=None, microsecond=0)
