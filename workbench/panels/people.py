"""The desk of practitioners: which Odoo user each one is, and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.mapping import practitioner_of
from workbench.mapping.model import FALLBACK, INVITE, NAME_ONLY
from workbench.mapping.people import OdooUser, practitioner_fault, works_there
from workbench.panels.asking import TableDesk, line_of, many
from workbench.panels.desk import Brief, Show
from workbench.panels.table import Cell, Heads, Line, Options
from workbench.state import Decision, Store

PREFIX = "practitioner:"
_NAMED = 5
"""Practitioners without a user who are named above the table; the others are counted."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a practitioner; None where the run does not know it."""

    name: str
    email: str
    active: bool | None
    appointments: int | None


class PractitionersDesk(TableDesk):
    """Practitioners, open ones first, those with most appointments first.

    Args:
        store: the run's state.
        brief: what is asked.
        fallback: login of the user who owns what has no matching one; "" for none.
    """

    heads = Heads(("Practitioner", "At work", "Appointments"), "Odoo user", "Match and why")

    def __init__(self, store: Store, *, brief: Brief, fallback: str = "") -> None:
        super().__init__(store, prefix=PREFIX, brief=brief, check=self._fault)
        self._fallback = fallback

    def section_of(self, subject: str) -> str:
        """Name the one section there is."""
        del subject
        return "Practitioners"

    def ordered(self, show: Show = Show.ALL, *, section: str = "") -> list[Decision]:
        """List practitioners: open ones first, those with most appointments first."""
        del section
        known = self._known()
        return sorted(
            self.questions(show),
            key=lambda one: (not one.is_open, -(_of(known, one).appointments or 0), one.subject),
        )

    def ahead(self) -> str:
        """Say who has no matching user, with the appointments that hang on them."""
        known, users = self._known(), self._users()
        asked = self.questions()
        without = [one for one in asked if one.proposal not in users]
        if not asked:
            return ""
        if not without:
            return "✓ Every practitioner has a matching Odoo user."
        without.sort(key=lambda one: -(_of(known, one).appointments or 0))
        sums = sum(_of(known, one).appointments or 0 for one in without)
        waiting = sum(one.is_open for one in without)
        named = [
            f"{who.name} ({many(who.appointments or 0, 'appointment')}"
            f"{', no longer at work' if who.active is False else ''})"
            for who in (_of(known, one) for one in without[:_NAMED])
        ]
        more = len(without) - _NAMED
        return (
            f"⚠ {len(without)} of {many(len(asked), 'practitioner')} "
            f"{'has' if len(without) == 1 else 'have'} no matching Odoo user; "
            f"{many(sums, 'appointment')} {'hangs' if sums == 1 else 'hang'} on that: "
            f"{', '.join(named)}{f' and {more} more' if more > 0 else ''}. "
            f"{waiting} of them {'is' if waiting == 1 else 'are'} still open."
        )

    def lines(self, asked: Sequence[Decision]) -> list[Line]:
        """Give each practitioner with what hangs on it and the users to choose from."""
        known, users = self._known(), self._users()
        return [self._line(one, _of(known, one), users) for one in asked]

    def _line(self, one: Decision, who: Known, users: Mapping[str, str]) -> Line:
        others = [option for option in one.options if option not in users]
        at_work = {True: "✓ yes", False: "✗ no longer", None: "–"}[who.active]
        visits = "–" if who.appointments is None else f"{who.appointments:,}"
        return line_of(
            one,
            about=who.name,
            label=f"Odoo user of {who.name}",
            cells=(Cell(who.name), Cell(at_work), Cell(visits)),
            options=(
                Options("Odoo users", tuple(
                    (login, _mark(f"{name} · {login}", login, one))
                    for login, name in users.items()
                )),
                Options("no user of their own", tuple(
                    (option, _mark(self._words(option, who), option, one)) for option in others
                )),
            ),
            free=not users,
        )  # fmt: skip

    def _fault(self, seen: Decision, choice: str, _comment: str) -> Sequence[str]:
        users = _held_users(self._store)
        fault = practitioner_fault(choice, users, seen.options) if users else None
        return [fault] if fault else []

    def _words(self, option: str, who: Known) -> str:
        return {
            FALLBACK: f"fallback: {self._fallback} takes the appointments",
            INVITE: f"invite: {who.email} becomes a user, without a mail; Odoo may charge for it",
            NAME_ONLY: "name only: kept as text, no user",
        }.get(option, option)

    def _known(self) -> dict[str, Known]:
        """Give what the run knows of the practitioners, by id."""
        counts = self._store.journey.document("counts")
        visits = counts.get("visits", {}).get("by") if isinstance(counts, dict) else None
        found = {}
        for record in self._store.source.records("practitioners"):
            who, one = practitioner_of(record.data, None), record.source_id
            # counted, and none there: nothing hangs on them
            number = None if visits is None else int(visits.get(one, 0))
            found[one] = Known(who.name, who.email or "", works_there(record.data), number)
        return found

    def _users(self) -> dict[str, str]:
        """Give the names of Odoo's users by login, sorted by name; archived ones own nothing."""
        named = {login: user.name for login, user in _held_users(self._store).items()
                 if user.active}  # fmt: skip
        return dict(sorted(named.items(), key=lambda item: (item[1].casefold(), item[0])))


def _held_users(store: Store) -> dict[str, OdooUser]:
    """Give Odoo's users by login, as they were when last asked for."""
    found = store.journey.document("odoo_users")
    held = found if isinstance(found, dict) else {}
    return {str(login): OdooUser(*facts) for login, facts in held.items()}


def _of(known: Mapping[str, Known], one: Decision) -> Known:
    number = one.subject.removeprefix(PREFIX)
    who = known.get(number, Known("", "", None, None))
    return Known(who.name or f"practitioner {number}", who.email, who.active, who.appointments)


def _mark(words: str, option: str, one: Decision) -> str:
    return f"{words} (proposed)" if option == one.proposal else words
