"""Before anything is written: can this Odoo take the migration, and what could it set off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from workbench.config import Config
from workbench.mapping.rows import FieldNeed
from workbench.odoo.client import Odoo
from workbench.odoo.preflight import access, effects, server, structure
from workbench.odoo.preflight.finding import Finding, Glance, Level, in_order

Told = Callable[[int, int, str], None]
"""Told after each look: how many are done, how many there are, what was looked at."""

_Look = Callable[[Glance, Config], Iterable[Finding]]


def preflight(
    odoo: Odoo,
    config: Config,
    *,
    wanted: Sequence[FieldNeed] = (),
    decided: bool = False,
    told: Told | None = None,
) -> list[Finding]:
    """Look at everything that a migration relies on or could set off. Only reads.

    What the user may not look at is a warning that says so, never an error and never "none".

    Args:
        odoo: the database.
        config: what the clinic wants of it.
        wanted: the custom fields that the map asks for, or would by what ships with the tool.
        decided: whether the map is the clinic's own by now: a clash of types stops then.
        told: told of progress: on Odoo Online every question takes a second.

    Returns:
        Blockers first, then warnings, then what is fine.

    Raises:
        OdooUnreachableError, OdooAuthError, OdooDatabaseError: it cannot be looked at at all.
    """
    look = Glance(odoo)
    first: list[tuple[str, _Look]] = [
        ("version", server.version),
        ("hosting", server.hosting),
        ("user", access.user),
        ("modules", structure.modules),
    ]
    rest: list[tuple[str, _Look]] = [
        ("rights", access.rights),
        ("record rules", access.rules),
        ("companies", access.companies),
        ("languages", structure.languages),
        ("custom fields", partial(structure.custom_fields, wanted=wanted, decided=decided)),
        ("required fields", partial(structure.refusals, wanted=wanted)),
        ("automations", effects.automations),
        ("schedules", effects.schedules),
        ("mail", effects.mail),
        ("calendars", effects.calendars),
        ("files and clock", server.room),
    ]
    looks = [*first, *rest]
    found: list[Finding] = []
    for number, (name, see) in enumerate(looks, start=1):
        found += see(look, config)
        if told:
            told(number, len(looks), name)
        if number == len(first) and _lacks_module(found):
            break  # what a missing module would bring cannot be asked for
    return in_order(found)


def _lacks_module(found: Iterable[Finding]) -> bool:
    return any(one.level is Level.BLOCKER and one.subject == "modules" for one in found)
