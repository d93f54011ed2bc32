"""The desk of value maps: what each value of each pick-list becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.mapping.empty import EMPTY_VALUE
from workbench.panels.asking import TableDesk, line_of, shown
from workbench.panels.desk import Brief, Show
from workbench.panels.table import Cell, Heads, Line, Options
from workbench.state import Decision, Store

PREFIX = "value:"
NEW = "new since the map was confirmed"
_OTHERS = 50
"""Targets of a field's other values that are offered; more would hide the proposal."""


class ValuesDesk(TableDesk):
    """Values field by field, open ones first, the most frequent first.

    Args:
        store: the run's state.
        brief: what is asked.
    """

    heads = Heads(("Value in PracticeHub", "Records"), "Becomes in Odoo")
    narrowed_by = "Field"

    def __init__(self, store: Store, *, brief: Brief) -> None:
        super().__init__(store, prefix=PREFIX, brief=brief)
        self._odd = [row.path for row in store.staging.fields() if "=" in row.path]

    def section_of(self, subject: str) -> str:
        """Name the field that a value is of."""
        return self._split(subject)[0]

    def ordered(self, show: Show = Show.ALL, *, section: str = "") -> list[Decision]:
        """List values by field; in each the open ones first, the most frequent first."""
        counts = self._counts()

        def place(one: Decision) -> tuple[str, bool, int, str]:
            field, value = self._split(one.subject)
            return field, not one.is_open, -(counts.get(field, {}).get(value) or 0), value

        found = [
            one
            for one in self.questions(show)
            if not section or self.section_of(one.subject) == section
        ]
        return sorted(found, key=place)

    def lines(self, asked: Sequence[Decision]) -> list[Line]:
        """Give each value with its records, its targets and what is proposed."""
        counts, confirmed = self._counts(), self._store.journey.document("mapping") is not None
        chosen = self._chosen()
        lines = []
        for one in asked:
            field, value = self._split(one.subject)
            number = counts.get(field, {}).get(value)
            known = value if value == EMPTY_VALUE else shown(value)
            about = f"{known} of {field}"
            # the map is confirmed when nothing is open: what nobody ever said came later
            sign = NEW if confirmed and one.choice is None else ""
            others = [t for t in chosen.get(field, ()) if t not in one.options][:_OTHERS]
            lines.append(
                line_of(
                    one,
                    about=about,
                    label=f"Target of {about}",
                    cells=(Cell(known, sign), Cell("–" if number is None else f"{number:,}")),
                    options=(
                        Options("", tuple((o, _offered(o, one.proposal)) for o in one.options)),
                        Options("chosen for other values", tuple((o, o) for o in others)),
                    ),
                    free=one.open_value,
                )
            )
        return lines

    def _split(self, subject: str) -> tuple[str, str]:
        """Tell field and value apart; a field's own name may hold the sign between them."""
        said = subject.removeprefix(PREFIX)
        known = [name for name in self._odd if said.startswith(f"{name}=")]
        field = max(known, key=len, default=said.partition("=")[0])
        return field, said[len(field) + 1 :]

    def _counts(self) -> Mapping[str, Mapping[str, int]]:
        """Give the number of records by field and value, as they were counted last."""
        held = self._store.journey.document("counts")
        lists = held.get("lists", {}) if isinstance(held, dict) else {}
        # a field is counted anew for each transform; a name is the transform's and the field's
        return {name.partition(" ")[2]: one["values"] for name, one in lists.items()}

    def _chosen(self) -> dict[str, list[str]]:
        """List what was decided for values of each field, each target once."""
        found: dict[str, dict[str, None]] = {}
        for one in self.questions(Show.DECIDED):
            field = self.section_of(one.subject)
            found.setdefault(field, {})[one.choice or ""] = None
        return {field: list(targets) for field, targets in found.items()}


def _offered(option: str, proposal: str | None) -> str:
    return f"{option} (proposed)" if option == proposal else option
