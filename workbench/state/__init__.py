"""The run's one SQLite file: every row that any room relies on, and the ledger."""

from workbench.state.canonical import canonical, digest, sha256
from workbench.state.changes import News
from workbench.state.comparisons import ComparedRecord, Difference, Verdict
from workbench.state.conflicts import Archived, Conflict
from workbench.state.decisions import Decision, Question, person
from workbench.state.destination import BeforeImage, How, Link, Operation, OperationStatus
from workbench.state.held import (
    FileState,
    HeldFile,
    HeldPage,
    PageIn,
    PageKind,
    Record,
    RecordIn,
    Volume,
    Walk,
    WalkState,
)
from workbench.state.ids import id_text
from workbench.state.journey import PhaseState, Status, Step
from workbench.state.kinds import IssueKind
from workbench.state.ledger import GENESIS, Entry
from workbench.state.lists import Gap, Gone, Relation
from workbench.state.proofs import Fate, Outcome
from workbench.state.staging import FieldRow, Issue, RawRecord, TypedRow
from workbench.state.store import Store

__all__ = [
    "GENESIS", "Archived", "BeforeImage", "ComparedRecord", "Conflict", "Decision", "Difference",
    "Entry", "Fate", "FieldRow", "FileState", "Gap", "Gone", "HeldFile", "HeldPage", "How",
    "Issue", "IssueKind", "Link", "News", "Operation", "OperationStatus", "Outcome", "PageIn",
    "PageKind", "PhaseState", "Question", "RawRecord", "Record", "RecordIn", "Relation", "Status",
    "Step", "Store", "TypedRow", "Verdict", "Volume", "Walk", "WalkState", "canonical", "digest",
    "id_text", "person", "sha256",
]  # fmt: skip
