"""handover.html: what is kept outside the run folder once it is sealed, on paper if you like.

It prints the ledger's head as the seal fixed it. Whoever has the page can tell later whether the
run folder is still the one that was signed off, and whether its end was cut away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.proof.balance import balance
from workbench.proof.judge import Match
from workbench.proof.seal import HANDOVER
from workbench.reports.lists import listed
from workbench.reports.page import Page, Section, keep, render
from workbench.reports.reconcile import links, read_back
from workbench.reports.tables import (
    balance_table,
    by_match,
    files_table,
    finding,
    reasons_table,
    relations_table,
    said,
)
from workbench.show import Table
from workbench.state import Decision, Fate, Store

NAME = "handover.html"

_VERIFY = (
    "On any machine with the workbench, without a key and without a network: run the command below "
    "on the run folder. It ends with 0 when nothing was altered, added or cut away since this page "
    "was written, and with 5 when anything was, and names the first thing that is wrong. The head "
    "is what ties the folder to this page: whoever exchanges the whole folder cannot know it."
)
_KEEP = (
    "Keep this page apart from the run folder: print it, or mail it to whoever signed. The files "
    "below are under the seal with these hashes."
)


@dataclass(frozen=True, slots=True)
class Seal:
    """What seal.json says: how many ledger entries it covers, the last one's hash, who signed.

    `signed`: fingerprint of the key that signed it; "" where none did.
    """

    entries: int
    head: str
    signed: str = ""


def write_handover(
    store: Store,
    folder: Path,
    *,
    seal: Seal,
    versions: Mapping[str, str],
    hashes: Mapping[str, str],
    ends: Sequence[tuple[str, object]],
) -> Path:
    """Write handover.html for a run that is signed off and sealed; it is not under the seal.

    Args:
        store: the run's state.
        folder: the run folder.
        seal: what was sealed.
        versions: of what made the run.
        hashes: of what it was made on.
        ends: which account went to which database.
    """
    sums = balance(store)
    verdicts = store.proof.verdicts("all")
    relations = store.lists.relations()
    signed = store.decisions.get("signoff")
    command = f"workbench verify {folder.name} --head {seal.head}"
    page = Page(
        "Handover",
        f"{_accepted(signed)} {finding(sums, verdicts, relations)}",
        folder.name, seal.head,
        facts=[
            *ends,
            ("sign-off", said(signed)),
            ("sample", said(store.decisions.get("sample"))),
            ("schema", said(store.decisions.get("schema"))),
            ("head of the ledger at the seal", seal.head),
            ("entries of the ledger at the seal", seal.entries),
            ("signature of the seal", seal.signed or "none"),
            *((f"hash of the {name}", value) for name, value in sorted(hashes.items())),
            *((name, value) for name, value in sorted(versions.items())),
        ],
        sections=[
            Section("How to check it", _VERIFY, tables=[
                Table("Run this", ("command",), [(command,)])]),
            Section("Nothing lost", tables=[
                balance_table(sums, read_back=read_back(store)), _cells(by_match(verdicts)),
                files_table(verdicts), relations_table(relations)]),
            Section("What was not taken over, and why", tables=[
                reasons_table(store, fate) for fate in (Fate.REJECTED, Fate.EXCLUDED)]),
            Section("Record by record", links=links(listed(store))),
            Section("Under the seal", _KEEP, tables=[_sealed(store)]),
        ],
    )  # fmt: skip
    return keep(store, folder, NAME, render(page), kind=HANDOVER)


def _accepted(decision: Decision | None) -> str:
    if decision is None or decision.is_open:
        return "Nobody has signed this migration off."
    return f"{decision.decided_by} signed this migration off: {decision.choice}."


def _cells(counts: Mapping[str, int]) -> Table:
    return Table("Fields read back from Odoo", ("verdict", "cells"),
                 [(match.value, counts[match.value]) for match in Match])  # fmt: skip


def _sealed(store: Store) -> Table:
    rows = [(path, size, sha)
            for path, kind, sha, size in store.journey.artefacts() if kind != HANDOVER]  # fmt: skip
    return Table("Files", ("file", "bytes", "SHA-256"), sorted(rows))
