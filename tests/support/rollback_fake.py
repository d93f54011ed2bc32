"""A rollback that never touches Odoo: a plan, what replanning makes of it, and carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workbench.panels.rollback import Tell, confirmed
from workbench.state import Store, digest


@dataclass(frozen=True)
class Part:
    """Records of one model that will go."""

    model: str
    ids: Sequence[int]


@dataclass(frozen=True)
class Kept:
    """A record that stays."""

    external_id: str
    model: str
    reason: str
    takes: bool = True
    follows: str = ""


EDITED = Kept("patient_12", "res.partner", "a message was written on it",
              follows="goes with it: mail.message 301")  # fmt: skip
INVOICED = Kept("patient_30", "res.partner", "an invoice points to it", takes=False)


@dataclass(frozen=True)
class Plan:
    """What a rollback would do, as far as a panel looks at it."""

    remove: tuple[Part, ...] = (Part("crm.lead", range(40)), Part("res.partner", range(18)))
    restore: tuple[object, ...] = ("a contact",)
    unlink: tuple[str, ...] = ()
    keep: tuple[Kept, ...] = (EDITED, INVOICED)
    taken: tuple[Kept, ...] = ()
    blockers: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """Name the plan."""
        return digest([[part.model for part in self.remove], self.records,
                       [one.external_id for one in self.taken]])  # fmt: skip

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.remove or self.restore or self.unlink)

    @property
    def records(self) -> int:
        """Count what goes."""
        return sum(len(part.ids) for part in self.remove) + len(self.taken)


EMPTY = Plan(remove=(), restore=(), keep=())


@dataclass
class Rollback:
    """Carries a plan out in words, and remembers what it was asked."""

    store: Store
    plan: Plan = field(default_factory=Plan)
    replanned: list[frozenset[str]] = field(default_factory=list)
    carried_out: list[str] = field(default_factory=list)
    stops_with: BaseException | None = None

    def replan(self, take: frozenset[str]) -> Plan:
        """Make the plan anew, with some records taken along."""
        self.replanned.append(take)
        everyone = (*self.plan.taken, *self.plan.keep)
        self.plan = replace(
            self.plan,
            keep=tuple(one for one in everyone if one.external_id not in take),
            taken=tuple(one for one in everyone if one.external_id in take),
        )
        return self.plan

    def go(self, tell: Tell) -> list[str]:
        """Carry out the plan that was confirmed."""
        assert confirmed(self.store, self.plan.hash), "nobody confirmed it"
        self.carried_out.append(self.plan.hash)
        for done in range(0, self.plan.records + 1, 10):
            tell(done, self.plan.records, "res.partner")
            if self.stops_with is not None:
                raise self.stops_with
        return [f"{self.plan.records} records were removed.", "Nothing of this run is left."]
