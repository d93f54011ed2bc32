"""The workflow page's half about Odoo: what acts there already, so that nothing fires twice."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.reports.page import Section
from workbench.reports.workflow_facts import HeldAutomations, HeldLook
from workbench.show import Table

OURS = ("res.partner", "crm.lead", "calendar.event", "mail.message", "ir.attachment")
"""What the migration writes; what acts on these acts on migrated records too."""
ACTING = ("automation rules", "scheduled actions", "assignment of leads")
"""Kinds that act on records by themselves."""
_NOTES = {
    "activity plans": "A plan does nothing until somebody starts it.",
    "calendar reminders": "These are there to choose from: one acts on the events it is put on.",
    "outgoing mail servers": "They send whatever a rule, a reminder or a person queues.",
}
_MOST_NAMES = 12
"""Names of templates of one model that are listed."""
_MOST_ROWS = 200

_WORDS = (
    "Read from the database; nothing was changed there. The migration itself tells nobody and "
    "sends nothing, but a rule that is switched on acts on whatever it meets afterwards, migrated "
    "records included. Before you rebuild a working above, see whether a line here does it already."
)
NOT_LOOKED = "Odoo was not looked at yet: the connect phase does, and reconcile again."


def odoo_section(held: HeldAutomations | None) -> Section:
    """Tell what acts in Odoo by itself."""
    title = "What acts in Odoo already"
    if held is None:
        return Section(title, NOT_LOOKED)
    return Section(title, _WORDS, tables=[_at_a_glance(held), *_tables(held)])


def _at_a_glance(held: HeldAutomations) -> Table:
    rows = [
        (look.kind, len(look.active) if look.seen else look.access,
         len(look.found) - len(look.active) if look.seen else "",
         _touching(look) if look.seen and look.kind in ACTING else "–")
        for look in held.looks
    ]  # fmt: skip
    columns = ("kind", "switched on", "switched off", "of them on what the migration writes")
    return Table(
        "Automations by kind", columns, rows,
        f"What the migration writes: {', '.join(OURS)}.",
    )  # fmt: skip


def _touching(look: HeldLook) -> int:
    return sum(one["model"] in OURS for one in look.active)


def _tables(held: HeldAutomations) -> Iterator[Table]:
    for look in held.looks:
        if look.kind in {"mail templates", "SMS templates"}:
            if look.found:
                yield _templates(look)
        elif look.active:
            yield _acting(look)


def _acting(look: HeldLook) -> Table:
    rows = [(one["name"], one["model"], one["when"]) for one in look.active]
    more = len(rows) - _MOST_ROWS
    note = f"{more:,} more are not listed." if more > 0 else _NOTES.get(look.kind, "")
    title = f"{look.kind[:1].upper()}{look.kind[1:]}, as far as switched on"
    return Table(title, ("name", "works on", "when"), rows[:_MOST_ROWS], note)


def _templates(look: HeldLook) -> Table:
    """List templates by the model they are for; a template sends nothing by itself."""
    by_model: dict[str, list[str]] = {}
    for one in look.active:
        by_model.setdefault(one["model"] or "any", []).append(one["name"])
    rows = [
        (model, len(names), ", ".join(sorted(names)[:_MOST_NAMES])
         + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""))
        for model, names in sorted(by_model.items())
    ]  # fmt: skip
    title = f"{look.kind[:1].upper()}{look.kind[1:]} by what they are for"
    note = "A template sends nothing by itself: a rule, a reminder or a person does."
    return Table(title, ("for", "templates", "names"), rows, note)
