"""What the ledger tells, replayed: the state that its rows, one after another, lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.state import GENESIS, Entry, FileState, OperationStatus, Status

_STATUSES: dict[str, frozenset[str]] = {
    "phase": frozenset(Status),
    "file": frozenset(FileState),
    "operation": frozenset(OperationStatus),
}
"""Events that are a word and a status ("phase done"), and the statuses there are."""


class Sealed(NamedTuple):
    """A sealing: its row's number and hash, and the hash of what was sealed."""

    seq: int
    head: str
    body: str


@dataclass(slots=True)
class Told:
    """The ledger's own account of the run, row by row up to `seq`.

    Each dictionary holds what was told last. Sums are over all rows told. `met` and `gone`:
    in which row a page was told of, and in which a record was last told to be gone. `stands`:
    what each table adds up to, and in which row that was told. `signed`: head → the key's
    fingerprint. `rolled_back`: what the last rollback counted. `back`: the rows whose clock
    stood before that of the row before. `read` and `finished`: in which row the source was last
    told of, and the run last said to be finished.
    """

    seq: int = 0
    head: str = GENESIS
    at: str = ""
    back: list[int] = field(default_factory=list)
    stands: dict[str, tuple[list[object], int]] = field(default_factory=dict)
    phases: dict[str, tuple[str, object]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    decided: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    artefacts: dict[str, tuple[str, int]] = field(default_factory=dict)
    pages: dict[tuple[str, int, int], tuple[int, str]] = field(default_factory=dict)
    met: dict[tuple[str, int, int], int] = field(default_factory=dict)
    gone: dict[tuple[str, str], int] = field(default_factory=dict)
    files: dict[str, tuple[str, object, object]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    cleared: bool = False
    compared: dict[str, dict[str, int]] = field(default_factory=dict)
    issues: int = 0
    operations: dict[int, str] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    seals: list[Sealed] = field(default_factory=list)
    signed: dict[str, str] = field(default_factory=dict)
    rolled_back: dict[str, object] = field(default_factory=dict)
    read: int = 0
    finished: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether the run says that it is finished, and has read nothing since."""
        return self.finished > self.read

    def page_hashes(self) -> list[str]:
        """Give the distinct hashes of the pages told of, sorted."""
        return sorted({sha for _rows, sha in self.pages.values()})

    def file_hashes(self) -> list[str]:
        """Give the distinct hashes of the files told of as held, sorted."""
        held = (sha for state, _size, sha in self.files.values() if state == "held")
        return sorted({str(sha) for sha in held})


def replay(entries: Iterable[Entry]) -> Told:
    """Replay ledger rows in chain order.

    Raises:
        KeyError, TypeError, ValueError: a row does not have the shape its event has; only
            a ledger that was tampered with and chained anew holds such a row.
    """
    told = Told()
    for entry in entries:
        if entry.at < told.at:
            told.back.append(entry.seq)
        told.seq, told.head, told.at = entry.seq, entry.hash, entry.at
        for table, stands in entry.stands.items():
            told.stands[table] = (stands, entry.seq)
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
            told.met[key] = told.read = entry.seq
        case "gone":
            told.gone.update(((subject, str(one)), entry.seq) for one in _list(detail["ids"]))
            told.read = entry.seq
        case "outcomes":
            told.cleared = False
            for resource, count in detail.items():
                told.outcomes[resource] = told.outcomes.get(resource, 0) + _int(count)
        case "outcomes cleared":
            told.cleared = True
            told.outcomes.clear()
        case "rolled back":
            told.rolled_back = detail
        case "compared":
            told.compared[subject] = {name: _int(count) for name, count in detail.items()}
        case "issues listed":
            told.issues += _int(detail["count"])
        case "issues withdrawn":
            told.issues -= _int(detail["count"])
        case "intended":
            told.operations[_int(detail["operation"])] = "intended"
        case "sealed":
            told.seals.append(Sealed(entry.seq, entry.hash, str(detail["body"])))
            told.finished = entry.seq
        case "signed":
            told.signed[str(detail["head"])] = str(detail["key"])


def _take_status(told: Told, entry: Entry, verb: str, status: str) -> None:
    detail = entry.detail
    if verb == "phase":
        told.phases[entry.subject] = (status, detail["basis"])
        if (entry.subject, status) == ("reconcile", Status.DONE):
            told.finished = entry.seq
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
