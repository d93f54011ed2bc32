"""The ledger's chain, and whether the tables say what the ledger tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from workbench.errors import UsageError
from workbench.proof.checks import BadError, some
from workbench.proof.told import Told
from workbench.state import GENESIS, Entry, Store, digest


def check_chain(entries: Iterable[Entry], *, head: str | None = None) -> str:
    """See that every row follows the one before it and is as it was written.

    Args:
        entries: all rows, in order.
        head: a head printed or noted earlier, or how it begins, which must be in the chain;
            an old copy of the run that was put in place of the newer one does not have it.

    Raises:
        BadError: names the first row that is altered, missing or out of place.
    """
    prev, seq, met = GENESIS, 0, head is None
    for entry in entries:
        seq += 1
        name = f"entry {entry.seq} ({entry.event})"
        if entry.seq != seq:
            what = f"entry {seq} is missing: {name} follows entry {seq - 1}"
            raise BadError(what)
        if entry.prev != prev:
            what = f"{name} does not follow the entry before it"
            raise BadError(what)
        if entry.computed() != entry.hash:
            what = f"{name} has been altered"
            raise BadError(what)
        prev = entry.hash
        met = met or entry.hash.startswith(head or GENESIS)
    if seq == 0:
        what = "there is no entry"
        raise BadError(what)
    if not met:
        what = "the head that was noted is not in it: entries are missing at its end"
        raise BadError(what)
    return f"{seq} entries, head {prev[:16]}…"


def check_head(head: str) -> str:
    """Read what a person typed as a head of a ledger, or how one begins.

    Raises:
        UsageError: it is none, or too short to tell one from another.
    """
    typed = head.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{16,64}", typed):
        what = "That is no ledger head."
        raise UsageError(what, do="Give all of it, or its first 16 digits or more.")
    return typed


def check_phases(store: Store, told: Told, phases: Iterable[str]) -> str:
    """See that every phase stands as the ledger last told, on the same hashes."""
    bad = []
    for name in sorted({*phases, *told.phases}):
        state = store.journey.phase(name)
        status, basis = told.phases.get(name, ("pending", {}))
        if state.status.value != status:
            bad.append(f"{name} is {state.status.value}, and the ledger tells of {status}")
        elif state.basis != basis:
            bad.append(f"{name} stands on other hashes than the ledger tells")
    _demand(bad)
    return f"{len(told.phases)} stand as the ledger tells"


def check_decisions(store: Store, told: Told) -> str:
    """See that every decision is the one that the named person took, on the same basis."""
    bad = []
    questions = {question.subject: question for question in store.decisions.questions()}
    for subject in sorted({*questions, *told.asked}):
        question = questions.get(subject)
        if question is None:
            bad.append(f"{subject} was asked and is not there")
            continue
        if told.asked.get(subject) != question.basis:
            bad.append(f"{subject} is not the question that was asked")
            continue
        held = None
        if question.choice is not None:
            held = (digest(question.choice), question.decided_basis, question.decided_by)
        if held != told.decided.get(subject):
            bad.append(f"{subject} is not what was decided")
    _demand(bad)
    taken = sum(not question.is_open for question in questions.values())
    return f"{taken} of {len(questions)} decided, each as the ledger tells"


def check_documents(store: Store, told: Told) -> str:
    """See that every kept document is the one that the ledger last told of."""
    bad = [
        name
        for name, hashed in sorted(told.documents.items())
        if store.journey.document_hash(name) != hashed
        or digest(store.journey.document(name)) != hashed
    ]
    _demand(bad, of="altered or missing: ")
    return f"{len(told.documents)} as the ledger tells"


def check_operations(store: Store, told: Told) -> str:
    """See that every call to Odoo and every link it left are as the ledger tells."""
    held = {str(one.id): one.status.value for one in store.destination.operations()}
    _agree(held, {str(key): status for key, status in told.operations.items()}, "operation")
    made = Counter(link.operation_id for link in store.destination.links())
    bad = [
        f"operation {operation} has {count} links, and made {told.links.get(operation, 0)}"
        for operation, count in sorted(made.items())
        if count > told.links.get(operation, 0)
    ]
    _demand(bad)
    return f"{len(held)} calls that change Odoo, {made.total()} links"


def check_comparisons(store: Store, told: Told) -> str:
    """See that the field verdicts add up to what the ledger tells of each comparison."""
    for scope, totals in sorted(told.compared.items()):
        held: dict[str, int] = {}
        for verdict in store.proof.verdicts(scope):
            held[verdict.verdict] = held.get(verdict.verdict, 0) + verdict.count
        if held != totals:
            what = f"the verdicts of {scope} do not add up to what the ledger tells"
            raise BadError(what)
    return f"{len(told.compared)} add up as the ledger tells"


def check_issues(store: Store, told: Told) -> str:
    """See that as many issues are listed as the ledger tells."""
    held = sum(count for *_names, count in store.staging.issue_counts())
    if held != told.issues:
        what = f"{held} are listed, and the ledger tells of {told.issues}"
        raise BadError(what)
    return f"{held} are listed"


def check_tables(store: Store, told: Told) -> str:
    """Add up every table row by row and see that the ledger last told of the same sums.

    Whatever no other check names is found here: the order of rows in the file is the only
    thing about them that is not in the sum.
    """
    bad, total = [], 0
    found = {table: [rows, hashed] for table, rows, hashed in store.audit.add_up()}
    for table in sorted({*found, *told.stands}):
        rows, hashed = found.get(table, [0, ""])
        if table not in told.stands:
            if rows:
                bad.append(f"{table} has {rows} rows, and the ledger tells of none")
            continue
        (count, sum_told), seq = told.stands[table]
        if rows != count:
            bad.append(f"{table} has {rows} rows, and entry {seq} tells of {count}")
        elif hashed != sum_told:
            bad.append(f"{table} has {rows} rows, and they are not those that entry {seq} tells of")
        total += int(str(rows))
    kept = store.audit.kept_sums()
    bad += [f"the sum that is kept of {table} is not what its rows add up to"
            for table in sorted({*kept, *told.stands})
            if kept.get(table) != found.get(table)]  # fmt: skip
    _demand(bad)
    return f"{len(found)} tables, {total} rows, each column as the ledger tells"


def check_page_rows(store: Store, told: Told) -> None:
    """See that the table of pages is what the ledger tells of.

    Raises:
        BadError: names the first page that is told of and not there, or the reverse.
    """
    held = {(p.resource, p.generation, p.number): (p.rows, p.sha256) for p in store.source.pages()}
    _agree(
        {_page(key): value for key, value in held.items()},
        {_page(key): value for key, value in told.pages.items()},
        "page",
    )


def check_file_rows(store: Store, told: Told) -> None:
    """See that the table of files is what the ledger tells of.

    Raises:
        BadError: names the first file that differs.
    """
    held = {
        f"{file.resource}_{file.source_id}": (file.state.value, file.size, file.sha256)
        for file in store.source.files()
        # one that is to be fetched anew is told of, one that never was is not
        if file.state.value != "pending" or f"{file.resource}_{file.source_id}" in told.files
    }
    _agree(held, told.files, "file")


def check_artefact_rows(store: Store, told: Told) -> None:
    """See that the table of artefacts is what the ledger tells of.

    Raises:
        BadError: names the first artefact that differs.
    """
    held = {path: (sha, size) for path, _kind, sha, size in store.journey.artefacts()}
    _agree(held, told.artefacts, "artefact")


def _page(key: tuple[str, int, int]) -> str:
    resource, generation, number = key
    return f"{number} of {resource}" + (f" (pass {generation})" if generation else "")


def _agree(held: Mapping[str, object], told: Mapping[str, object], kind: str) -> None:
    bad = []
    for key in sorted({*held, *told}, key=lambda key: (len(key), key)):
        if key not in told:
            bad.append(f"{kind} {key} is held, and the ledger does not tell of it")
        elif key not in held:
            bad.append(f"{kind} {key} is told of in the ledger, and is missing")
        elif held[key] != told[key]:
            bad.append(f"{kind} {key} is not as the ledger tells")
    _demand(bad)


def _demand(bad: list[str], *, of: str = "") -> None:
    if bad:
        raise BadError(some(bad, of=of))
