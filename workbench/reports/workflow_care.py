"""The workflow page beside visits: messages, states, forms, care plans, packages and money."""

from __future__ import annotations

from workbench.reports import charts
from workbench.reports.workflow_words import (
    Described,
    counts_table,
    evidence,
    rare,
    records,
    share,
    three,
)
from workbench.show import Table
from workbench.staging.workings import LogKind, ReadsAs, Workings
from workbench.staging.workings_messages import BUCKETS
from workbench.staging.workings_tally import OTHER


def messages_section(facts: Workings) -> Described:
    """Tell which messages go out, and how long before a visit."""
    messages = [kind for kind in facts.logs.kinds if kind.channel]
    reminders = [kind for kind in messages if kind.reads_as is ReadsAs.REMINDER]
    if reminders:
        sent = sum(kind.lines for kind in reminders)
        usual = "; ".join(_usual(kind) for kind in reminders)
        words = f"{sent:,} reminders stand in the log. {usual}."
    elif messages:
        words = "Messages stand in the log, but none of them can be told to be a reminder."
    else:
        words = "The log shows no message of any kind."
    if facts.visits.reminded is not None:
        words += (
            f" {records(facts.visits.reminded, 'visit')} say that a reminder was sent "
            f"({share(facts.visits.reminded, facts.visits.visits)})."
        )
    words += " The words of the messages are not read: copy them from PracticeHub's templates."
    rows = [
        (kind.name, kind.channel, kind.lines, kind.reads_as.value,
         ("its name" if kind.by_name else "when it is sent") if kind.reads_as is not ReadsAs.UNKNOWN
         else "–", *three(kind.hours), kind.after, kind.alone)
        for kind in messages
    ]  # fmt: skip
    others = [(kind.name or "no type", kind.lines) for kind in facts.logs.kinds if not kind.channel]
    if facts.logs.rest:
        others.append((OTHER, facts.logs.rest))
    figures = [charts.ahead(
        {kind.name: kind.ahead for kind in messages if kind.ahead},
        [name for name, _ in BUCKETS])] if any(
        kind.ahead for kind in messages) else []  # fmt: skip
    return Described(
        "reminders", "Reminders and other messages",
        f"{len(messages):,} kinds of message" if messages else "no messages logged", words,
        evidence(facts, ("patient_logs", "appointments")),
        figures=figures,
        tables=[
            Table("Messages by kind",
                  ("kind", "by", "sent", "reads as", "told by", "usual hours before", "from", "to",
                   "after a visit", "no visit near"), rows,
                  "A line of the log does not say which visit it is about: it is measured against "
                  "the same patient's next visit within two weeks. Hours are real ones, also "
                  "when the clocks change."),
            Table("Other lines of the log", ("kind", "lines"), others,
                  rare(facts.logs.rare, "kinds")),
        ],
    )  # fmt: skip


def _usual(kind: LogKind) -> str:
    if kind.hours is None:
        return f"{kind.name}: no visit follows them"
    return f"{kind.name}: usually {kind.hours.median:,} hours before the visit"


def states_section(facts: Workings) -> Described:
    """Tell what patients have in fields of recall and communication."""
    patients = facts.held.get("patients", 0)
    filled = [path for path, counted in facts.states.items() if counted.shown or counted.rest]
    words = (
        f"{records(len(filled), 'field')} of a patient tell how the clinic keeps in touch."
        if filled else "No field of a patient tells how the clinic keeps in touch."
    )  # fmt: skip
    return Described(
        "states", "Recall and communication", f"{len(filled):,} fields", words,
        evidence(facts, ("patients",)),
        tables=[counts_table(f"Patients by {path}", path, counted, patients)
                for path, counted in facts.states.items()],
    )  # fmt: skip


def forms_section(facts: Workings) -> Described:
    """Tell the forms and their questions."""
    tables = [
        Table(f"{form.name}: {records(form.responses, 'response')}",
              ("question", "answer", "asked", "answered"),
              [(one.words, one.kind, one.asked, share(one.answered, one.asked))
               for one in form.questions],
              rare(form.rare, "questions"))
        for form in facts.forms
    ]  # fmt: skip
    words = (
        f"Filled in: {records(len(facts.forms), 'form')}. PracticeHub does not say what kind "
        "of answer a question takes; it is read from the name of the field. Answers and "
        "signatures do not stand here."
        if facts.forms else "No form that several patients filled in is held."
    )  # fmt: skip
    if facts.rare_forms:
        words += f" {records(facts.rare_forms, 'form')} more are too rare to be shown."
    return Described(
        "forms", "Forms and their questions", records(len(facts.forms), "form"), words,
        evidence(facts, ("custom_form_responses",)), tables=tables,
    )  # fmt: skip


def plans_section(facts: Workings) -> Described:
    """Tell the patterns of care plans."""
    rows: list[tuple[object, ...]] = [
        (one.name or "no interval told", one.plans, one.active, *three(one.visits),
         *three(one.duration)[:1])
        for one in facts.plans
    ]  # fmt: skip
    if facts.rare_plans:
        rows.append((OTHER, facts.rare_plans, "", "", "", "", ""))
    plans = sum(one.plans for one in facts.plans) + facts.rare_plans
    return Described(
        "plans", "Care plans", records(plans, "plan"),
        f"A care plan is so many visits at an interval: {records(len(facts.plans), 'pattern')}."
        if plans else "No care plan is held.",
        evidence(facts, ("care_plans",)),
        tables=[Table("Patterns of care plans",
                      ("interval", "plans", "active", "usual visits", "from", "to",
                       "usual duration"), rows,
                      "Duration in the interval's own unit.")] if plans else [],
    )  # fmt: skip


def packages_section(facts: Workings) -> Described:
    """Tell the packages of visits that are sold."""
    rows: list[tuple[object, ...]] = [
        (one.name or "no name", one.sold, one.active, one.shared, *three(one.visits)[:1],
         *three(one.price))
        for one in facts.packages
    ]  # fmt: skip
    if facts.rare_packages:
        rows.append((OTHER, facts.rare_packages, "", "", "", "", "", ""))
    sold = sum(one.sold for one in facts.packages) + facts.rare_packages
    return Described(
        "packages", "Packages and memberships", f"{sold:,} sold",
        "Patients buy visits in advance; some packages are shared by a family."
        if sold else "No package is held.",
        evidence(facts, ("patient_packages",)),
        tables=[Table("Packages",
                      ("package", "sold", "active", "shared", "usual visits", "usual price",
                       "from", "to"), rows, "Prices in whole units of the account's currency.")]
        if sold else [],
    )  # fmt: skip


def money_section(facts: Workings) -> Described:
    """Tell how patients pay."""
    money = facts.money
    words = (
        f"{records(money.invoices, 'invoice')}, {share(money.of_visits, money.invoices)} of them "
        f"for a visit, and {records(money.payments, 'payment')}."
        if money.invoices or money.payments else "Neither invoices nor payments are held."
    )  # fmt: skip
    return Described(
        "money", "Invoices and payments", records(money.payments, "payment"), words,
        evidence(facts, ("invoices", "payments", "payment_methods")),
        tables=[counts_table("Payments by method", "method", money.methods, money.payments)]
        if money.payments else [],
    )  # fmt: skip
