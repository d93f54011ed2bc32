"""cleanse.html and cleanse.csv: what to clean in PracticeHub, to be sent to whoever does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from workbench.reports import charts
from workbench.reports.page import Page, Section, csv_text, keep, render
from workbench.show import Table
from workbench.state import Decision, IssueKind, Store

SHOWN_IDS = 40
"""Ids listed in one line of the page; cleanse.csv has them all."""
SHOWN_PAIRS = 500
"""Pairs listed on the page; those still open come first."""

_K = IssueKind


@dataclass(frozen=True, slots=True)
class Subject:
    """A part of the specification: what it is about, and what to do of each kind of finding."""

    title: str
    nothing: str
    to_do: Mapping[IssueKind, str]


SUBJECTS = (
    Subject(
        "Addresses",
        "Every address that was read is in parts, and every country and state is known.",
        MappingProxyType({
            _K.ADDRESS_UNSPLIT: "Put street, postcode and town into fields of their own, or on "
                                "lines of their own.",
            _K.COUNTRY_UNKNOWN: "Write the country's name in full, or its two letters.",
            _K.STATE_UNKNOWN: "Correct the state, or the country it is said to lie in.",
        }),
    ),
    Subject(
        "Telephones",
        "Every telephone number that was read is one number.",
        MappingProxyType({
            _K.PHONE_UNREADABLE: "Leave one number in the field; move words and further numbers "
                                 "to the note or to a second field.",
            _K.PHONE_DOUBTFUL: "Check the number with the patient: digits or the country's code "
                               "may be missing.",
        }),
    ),
    Subject(
        "E-mails",
        "Every e-mail address that was read can be one.",
        MappingProxyType({
            _K.EMAIL_INVALID: "Correct the address, leave one alone in the field, or empty it.",
        }),
    ),
    Subject(
        "Dates and times",
        "Every date and time that was read is one.",
        MappingProxyType({
            _K.DATE_ZERO: "Enter the date, or leave the field empty.",
            _K.DATE_UNREADABLE: "Enter the date again, with the field's own calendar.",
            _K.DATE_IMPLAUSIBLE: "Check the year with the patient.",
            _K.TIME_UNREADABLE: "Enter start and end again; the end comes after the start.",
            _K.TIME_SKIPPED: "Correct it where it is an appointment: no clock showed this time.",
            _K.TIME_TWICE: "Nothing, unless it matters which of the two hours was meant.",
            _K.TIME_ROUNDED: "Nothing.",
        }),
    ),
)  # fmt: skip
"""What the clinic is asked to clean, part by part; each kind stands in one of them at most."""

_LEAD = (
    "It is best cleaned in PracticeHub before the cut-over: what is clean there comes over clean, "
    "and what is not stays as it was written, listed here."
)
_PAIRS = (
    "Patients who may be one person, and patients who may be a contact that Odoo has already. "
    "The workbench merges and links only what a person decided, pair by pair, in the extract "
    "phase. In PracticeHub: merge those who are one person, and complete birth dates, which tell "
    "people of one name apart."
)
_CHANGES = (
    "Typed values stand beside the raw ones and never in their place. Of every field that was "
    "read into another form, the rule, how many records have it, and how many changed."
)


def write_cleanse(store: Store, folder: Path) -> list[Path]:
    """Write cleanse.html and cleanse.csv: everything odd, by record and field, no values.

    The page says of duplicates, addresses, telephones, e-mails and dates what was found, how
    often, what the workbench does with it and what the clinic can do. It also counts, by
    field, what reading the values changed.
    """
    columns = ("kind", "resource", "id", "field", "rule", "what happens", "found in",
               "at (UTC)", "meaning")  # fmt: skip
    rows = (
        (i.kind, i.resource, i.source_id, i.field, i.rule, i.outcome, i.phase, at, i.kind.meaning)
        for at, i in store.staging.dated_issues()
    )
    counts = store.staging.issue_counts()
    kinds = sorted({kind for kind, *_ in counts})
    issues = sum(count for *_, count in counts)
    pairs = store.decisions.questions("duplicate:")
    looked = bool(pairs) or store.journey.document("duplicates") is not None
    page = Page(
        "What to clean before the cut-over",
        f"{issues:,} issues. None stops the migration by itself; each says what happens. {_LEAD}",
        folder.name, store.ledger.head(),
        facts=[
            ("Duplicates", f"{len(pairs):,} pairs, {sum(pair.is_open for pair in pairs):,} of them "
                           "undecided" if looked else "not looked for yet"),
            *_to_look_at(counts),
        ],
        sections=[
            _duplicates(pairs, looked=looked),
            *(_subject(store, subject) for subject in SUBJECTS),
            Section("Everything that was met", figures=[charts.issues(counts)], tables=[
                Table("What each kind means", ("kind", "meaning"),
                      [(kind, IssueKind(kind).meaning) for kind in kinds]),
                Table("What happens", ("kind", "what happens", "records"),
                      store.staging.issue_outcomes())]),
            Section("By field", tables=[
                Table("Where it stands", ("kind", "resource", "field", "records"), counts,
                      "Every record is listed by id in cleanse.csv.")]),
            Section("What reading the values changed", _CHANGES, tables=[changes_table(store)]),
        ],
    )  # fmt: skip
    return [
        keep(store, folder, "cleanse.csv", csv_text(columns, rows)),
        keep(store, folder, "cleanse.html", render(page)),
    ]


def changes_table(store: Store) -> Table:
    """Give what reading the values changed, field by field, as the extraction counted it."""
    held = store.journey.document("changes")
    rows = held if isinstance(held, list) else []
    return Table(
        "Changes by field",
        ("field", "read as", "records with it", "changed", "odd"),
        [(row["field"], row["rule"], row["filled"], row["changed"],
          ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in row["odd"].items()))
         for row in rows],
    )  # fmt: skip


def listed_ids(ids: Sequence[str]) -> str:
    """Write ids in a line: the first ones, and how many more there are."""
    more = f" … and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else ""
    return ", ".join(ids[:SHOWN_IDS]) + more


def _to_look_at(
    counts: Collection[tuple[str, str, str, int]],
) -> Iterator[tuple[str, str]]:
    for subject in SUBJECTS:
        number = sum(count for kind, *_, count in counts if IssueKind(kind) in subject.to_do)
        yield subject.title, f"{number:,} to look at" if number else "nothing to do"


def _subject(store: Store, subject: Subject) -> Section:
    """List what was found of one subject: how often, what becomes of it, what to do, whose."""
    found: dict[tuple[IssueKind, str, str], list[str]] = {}
    for issue in _issues(store, subject.to_do):
        # a field may name its resource already
        field = issue[1] if issue[1].startswith(f"{issue[0]}.") else f"{issue[0]}.{issue[1]}"
        found.setdefault((issue[3], field, issue[4]), []).append(issue[2])
    rows = [
        (kind.meaning, field, len(ids), outcome, subject.to_do[kind], listed_ids(ids))
        for (kind, field, outcome), ids in sorted(
            found.items(), key=lambda one: (-len(one[1]), one[0])
        )
    ]
    columns = ("what was found", "field", "records", "what the workbench does",
               "what to do in PracticeHub", "ids")  # fmt: skip
    if not rows:
        return Section(subject.title, subject.nothing)
    return Section(subject.title, tables=[
        Table(f"{subject.title} to clean", columns, rows,
              "Every record is listed by id in cleanse.csv.")])  # fmt: skip


def _issues(
    store: Store, kinds: Collection[IssueKind]
) -> Iterator[tuple[str, str, str, IssueKind, str]]:
    every = chain.from_iterable(store.staging.issues(kind=kind) for kind in kinds)
    return ((i.resource, i.field, i.source_id, i.kind, i.outcome) for i in every)


def _duplicates(pairs: Sequence[Decision], *, looked: bool) -> Section:
    """Count the pairs by reason, and list them by their ids."""
    if not looked:
        return Section("Duplicates", "They were not looked for yet: the extract phase does.")
    if not pairs:
        return Section("Duplicates", "No two patients were found who may be one person.")
    reasons: dict[str, Counter[str]] = {}
    for pair in pairs:
        for reason in pair.reasons:
            reasons.setdefault(reason, Counter())["open" if pair.is_open else "decided"] += 1
    by_reason = [
        (reason, counts.total(), counts["decided"], counts["open"])
        for reason, counts in sorted(reasons.items(), key=lambda one: (-one[1].total(), one[0]))
    ]
    ordered = sorted(pairs, key=lambda pair: (not pair.is_open, -(pair.confidence or 0.0),
                                              pair.subject))  # fmt: skip
    rows = [
        (pair.subject.removeprefix("duplicate:").replace("+", " and "), "; ".join(pair.reasons),
         "undecided" if pair.is_open else pair.choice)
        for pair in ordered[:SHOWN_PAIRS]
    ]  # fmt: skip
    more = len(pairs) - SHOWN_PAIRS
    note = f"{more:,} more pairs stand in the extract phase." if more > 0 else ""
    columns = ("reason (a pair may have several)", "pairs", "decided", "undecided")
    return Section("Duplicates", _PAIRS, tables=[
        Table("Pairs by reason", columns, by_reason),
        Table("Pairs by id", ("pair", "reasons", "decision"), rows, note)])  # fmt: skip
