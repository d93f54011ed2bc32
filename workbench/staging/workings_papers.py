"""What forms, care plans, packages, payments and patients' states tell of the clinic's workings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from workbench.staging import normalise
from workbench.staging.findings import Clean
from workbench.staging.forms import ANSWERS, VALUE, form_of
from workbench.staging.paths import is_empty, value_at
from workbench.staging.workings import Counted, Form, Money, Package, Plan, Question
from workbench.staging.workings_tally import OTHER, Shelf, Sums, Tally, label
from workbench.state import id_text

Record = Mapping[str, object]

STATES = re.compile(
    r"recall|communicat|marketing|newsletter|consent|subscri|opt_?(in|out)|reminder"
    r"|contact_status|do_not_(contact|call|mail)",
    re.IGNORECASE,
)
"""Names of a patient's fields that tell how the clinic keeps in touch."""
_MOST_FORMS, _MOST_QUESTIONS = 200, 200

KINDS = (
    ("signature or drawing", re.compile(r"signature|sketch|drawable|image|photo", re.IGNORECASE)),
    ("date", re.compile(r"date|birth", re.IGNORECASE)),
    ("tick box", re.compile(r"check.?box|yes.?no|boolean|toggle", re.IGNORECASE)),
    ("choice", re.compile(r"radio|select|drop.?down|choice|scale|rating", re.IGNORECASE)),
    ("number", re.compile(r"number|integer|decimal", re.IGNORECASE)),
    ("file", re.compile(r"file|upload", re.IGNORECASE)),
)
"""What an answer is, by the name of its widget: no type is told (seen on live accounts)."""


def form_facts(responses: Iterable[Record]) -> tuple[tuple[Form, ...], int]:
    """Tell the forms and their questions; no answer is kept.

    Returns:
        The forms, most answered first, and how many more are too rare to be shown.
    """
    forms = Shelf(most=_MOST_FORMS)
    asked: dict[str, Shelf] = {}
    for record in responses:
        name, patient = form_of(record), id_text(record.get("patient_id"))
        if name is None:
            continue
        forms.at(name, patient)["n"][""] += 1
        if forms.apart(name) == name:
            _answers(asked.setdefault(name, Shelf(most=_MOST_QUESTIONS)), record, patient)
    found = [_form(name, sums, asked[name]) for name, sums in forms.shown()]
    found.sort(key=lambda form: (-form.responses, form.name))
    return tuple(found), forms.rest()[0]


def _answers(questions: Shelf, record: Record, patient: str | None) -> None:
    items = record.get(ANSWERS)
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, Mapping):
            continue
        words = label(item.get("label"))
        if not words:  # a paragraph that the form shows; its text may be anybody's
            continue
        sums = questions.at(words, patient)
        sums["asked"][""] += 1
        sums["answered"][""] += not is_empty(item.get(VALUE))
        sums["kind"][answer_kind(label(item.get("name")))] += 1


def answer_kind(widget: str) -> str:
    """Say what kind of answer a widget of a form takes, by its name."""
    return next((kind for kind, words in KINDS if words.search(widget)), "text")


def _form(name: str, sums: Sums, questions: Shelf) -> Form:
    shown = tuple(
        Question(words, str(one["kind"].most_common(1)[0][0]), one["asked"].total(),
                 one["answered"].total())
        for words, one in questions.shown()
    )  # fmt: skip
    return Form(name, sums["n"].total(), shown, questions.rest()[0])


def plan_facts(plans: Iterable[Record]) -> tuple[tuple[Plan, ...], int]:
    """Tell the patterns of care plans, most frequent first, and how many plans have rarer ones."""
    shelf = Shelf()
    for record in plans:
        every = label(record.get("interval"))
        unit = label(record.get("frequency_type"))
        sums = shelf.at(_interval(every, unit), id_text(record.get("patient_id")))
        sums["n"][""] += 1
        sums["active"][""] += _yes(record.get("active"))
        _measure(sums, "visits", record.get("visits"))
        _measure(sums, "duration", record.get("duration"))
    found = [
        Plan(name, sums["n"].total(), sums["active"].total(), sums.spread("visits"),
             sums.spread("duration"))
        for name, sums in shelf.shown()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one.plans, one.name))
    return tuple(found), shelf.rest()[1]["n"].total()


def _interval(every: str, unit: str) -> str:
    """Name an interval: "every week", "every 2 months"; in the clinic's own words otherwise."""
    if not every or not unit:
        return every or unit
    if unit.lower() not in {"day", "week", "month", "year"}:
        return f"every {every} {unit}"
    return f"every {unit}" if every == "1" else f"every {every} {unit}s"


def package_facts(packages: Iterable[Record]) -> tuple[tuple[Package, ...], int]:
    """Tell the packages, most sold first, and how many were sold under rarer names."""
    shelf = Shelf()
    for record in packages:
        sharers = _sharers(record)
        sums = shelf.at(label(record.get("name")), sharers[0] if sharers else None)
        sums["n"][""] += 1
        sums["active"][""] += _yes(record.get("active"))
        sums["shared"][""] += len(sharers) > 1
        _measure(sums, "visits", record.get("visits"))
        _measure(sums, "price", record.get("price"))
    found = [
        Package(name, sums["n"].total(), sums["active"].total(), sums["shared"].total(),
                sums.spread("visits"), sums.spread("price"))
        for name, sums in shelf.shown()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one.sold, one.name))
    return tuple(found), shelf.rest()[1]["n"].total()


def _sharers(record: Record) -> list[str]:
    """Give who owns or shares a package, the owner first."""
    listed = record.get("subscribed_patients")
    named = [record.get("patient_id")]
    named += [one.get("patient_id") for one in listed if isinstance(one, Mapping)] if isinstance(
        listed, list) else []  # fmt: skip
    return list(dict.fromkeys(found for one in named if (found := id_text(one)) is not None))


def money_facts(
    invoices: Iterable[Record], payments: Iterable[Record], methods: Mapping[str, str]
) -> Money:
    """Count invoices and payments, these by the clinic's own list of ways to pay."""
    counts = Sums()[""]
    for record in invoices:
        counts["invoices"] += 1
        counts["of_visits"] += not is_empty(record.get("appointment_id"))
    names = frozenset(methods.values())
    tally = Tally(lambda name: name in names or name.startswith("method "))
    for record in payments:
        counts["payments"] += 1
        number = id_text(record.get("payment_type_id"))
        if number is not None:
            shown = methods.get(number) or (f"method {number}" if number.isdecimal() else OTHER)
            tally.add(shown, id_text(record.get("patient_id")))
    return Money(counts["invoices"], counts["of_visits"], counts["payments"], tally.counted())


def state_facts(patients: Iterable[Record], paths: Sequence[str]) -> dict[str, Counted]:
    """Count what patients have in fields of recall and communication, by field.

    A value that only a few patients have is counted, not shown.
    """
    tallies = {path: Tally() for path in paths}
    for record in patients:
        patient = id_text(record.get("id"))
        for path, tally in tallies.items():
            tally.add(value_at(record, path), patient)
    return {path: tally.counted() for path, tally in tallies.items()}


def _yes(value: object) -> bool:
    read = normalise.boolean(value)
    return isinstance(read, Clean) and bool(read.value)


def _measure(sums: Sums, heading: str, value: object) -> None:
    """Count a whole number, rounded; what is none, or negative, is not counted."""
    read = normalise.decimal(value)
    if isinstance(read, Clean) and read.value is not None and 0 <= float(read.value) < 1e6:  # noqa: PLR2004 - no visits, weeks or price are a million
        sums[heading][round(float(read.value))] += 1
