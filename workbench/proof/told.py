"""What the ledger tells, replayed: the state that its rows, one after another, lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.state import GENESIS, Entry, FileState, OperationStatus, Status

_STATUSES: dict[str, frozenset[str]] = {
    "phase": frozenset(Status),
    "file": frozenset(FileState),
    "operation": frozenset(OperationStatus),
}
"""Events that are a word and a status ("phase done"), and the statuses there are."""


@dataclass(slots=True)
class Told:
    """The ledger's own account of the run, row by row up to `seq`.

    Each dictionary holds what was told last. Sums are over all rows told.
    """

    seq: int = 0
    head: str = GENESIS
    phases: dict[str, tuple[str, object]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    decided: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    artefacts: dict[str, tuple[str, int]] = field(default_factory=dict)
    pages: dict[tuple[str, int, int], tuple[int, str]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, object, object]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    cleared: bool = False
    compared: dict[str, dict[str, int]] = field(default_factory=dict)
    issues: int = 0
    operations: dict[int, str] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    seals: list[tuple[int, str, str]] = field(default_factory=list)

    def page_hashes(self) -> list[str]:
        """Give the distinct hashes of the pages told of, sorted."""
        return sorted({sha for _rows, sha in self.pages.values()})

    def file_hashes(self) -> list[str]:
        """Give the distinct hashes of the files told of as held, sorted."""
        held = (sha for state, _size, sha in self.files.values() if state == "held")
        return sorted({str(sha) for sha in held})


def replay(entries: Iterable[Entry], *, until: int | None = None) -> Told:
    """Replay ledger rows in chain order, all or those up to number `until`.

    Raises:
        KeyError, TypeError, ValueError: a row does not have the shape its event has; only
            a ledger that was tampered with and chained anew holds such a row.
    """
    told = Told()
    for entry in entries:
        if until is not None and entry.seq > until:
            break
        told.seq, told.head = entry.seq, entry.hash
        _take(told, entry)
    return told


def _take(told: Told, entry: Entry) -> None:  # noqa: C901, PLR0912 - one flat branch an event
    verb, _, rest = entry.event.partition(" ")
    if rest in _STATUSES.get(verb, ()):
        _take_status(told, entry, verb, rest)
        return
    detail, subject = entry.detail, entry.subject
    match entry.event:
        case "asked":
            told.asked[subject] = str(detail["basis"])
        case "withdrawn":
            told.asked.pop(subject, None)
        case "decided":
            told.decided[subject] = (
                str(detail["choice_hash"]), str(detail["basis"]), entry.actor,
            )  # fmt: skip
        case "document":
            told.documents[subject] = str(detail["hash"])
        case "artefact":
            told.artefacts[subject] = (str(detail["sha256"]), _int(detail["size"]))
        case "page stored":
            key = (subject, _int(detail["generation"]), _int(detail["number"]))
            told.pages[key] = (_int(detail["rows"]), str(detail["sha256"]))
        case "gone":
            told.gone.setdefault(subject, set()).update(map(str, _list(detail["ids"])))
        case "outcomes":
            told.cleared = False
            for resource, count in detail.items():
                told.outcomes[resource] = told.outcomes.get(resource, 0) + _int(count)
        case "outcomes cleared":
            told.cleared = True
            told.outcomes.clear()
        case "compared":
            told.compared[subject] = {name: _int(count) for name, count in detail.items()}
        case "issues listed":
            told.issues += _int(detail["count"])
        case "issues withdrawn":
            told.issues -= _int(detail["count"])
        case "intended":
            told.operations[_int(detail["operation"])] = "intended"
        case "sealed":
            told.seals.append((entry.seq, entry.hash, str(detail["body"])))


def _take_status(told: Told, entry: Entry, verb: str, status: str) -> None:
    detail = entry.detail
    if verb == "phase":
        told.phases[entry.subject] = (status, detail["basis"])
    elif verb == "file":
        told.files[entry.subject] = (status, detail["size"], detail["sha256"])
    else:
        operation = int(entry.subject)
        told.operations[operation] = status
        told.links[operation] = told.links.get(operation, 0) + _int(detail["links"])


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        what = "a count is not a number"
        raise TypeError(what)
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        what = "a list is missing"
        raise TypeError(what)
    return value
