"""The two halves of the workflow page as the run keeps them: the clinic's workings, and Odoo's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from workbench.staging.workings import Workings
from workbench.state import Store

WORKINGS, AUTOMATIONS = "workings", "automations"
_FORM = 1
"""Goes up when the facts take another shape; what is kept of an older one is not read."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the map says of visits: status → stage, what a visit becomes, the clinic's zone."""

    stages: Mapping[str, str] = field(default_factory=dict)
    visits_become: str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class HeldWorkings:
    """The clinic's workings as counted last; `basis`: hash of what they depend on."""

    basis: str
    facts: Workings
    decided: Decided


@dataclass(frozen=True, slots=True)
class HeldLook:
    """What Odoo has of one kind of automation; `access` says whether it could be seen.

    A row of `found` has name, model, when and active.
    """

    kind: str
    access: str
    found: Sequence[Mapping[str, Any]]

    @property
    def seen(self) -> bool:
        """Whether it could be looked at; "not seen" is not "none"."""
        return self.access == "seen"

    @property
    def active(self) -> list[Mapping[str, Any]]:
        """Those that are switched on."""
        return [one for one in self.found if one["active"]]


@dataclass(frozen=True, slots=True)
class HeldAutomations:
    """What Odoo does by itself, as last looked at; `modules`: name → how it stands there."""

    looks: tuple[HeldLook, ...]
    modules: Mapping[str, str]
    enterprise: bool

    def of(self, kind: str) -> HeldLook | None:
        """Give what there is of a kind; None where nobody looked."""
        return next((look for look in self.looks if look.kind == kind), None)


def keep_workings(store: Store, facts: Workings, *, basis: str, decided: Decided) -> None:
    """Keep the clinic's workings in the run."""
    store.journey.set_document(
        WORKINGS,
        {"form": _FORM, "basis": basis, "facts": facts.as_json(), "decided": asdict(decided)},
    )


def held_workings(store: Store) -> HeldWorkings | None:
    """Give the clinic's workings as kept last; None where nobody counted in today's form."""
    held = cast("dict[str, Any] | None", store.journey.document(WORKINGS))
    if held is None or held.get("form") != _FORM:
        return None
    return HeldWorkings(
        held["basis"], Workings.from_json(held["facts"]), Decided(**held["decided"])
    )


def set_automations(
    store: Store,
    *,
    looks: Sequence[Mapping[str, object]],
    modules: Mapping[str, str],
    enterprise: bool,
) -> None:
    """Keep what Odoo does by itself in the run."""
    store.journey.set_document(
        AUTOMATIONS,
        {"looks": [dict(look) for look in looks], "modules": dict(modules),
         "enterprise": enterprise},
    )  # fmt: skip


def held_automations(store: Store) -> HeldAutomations | None:
    """Give what Odoo does by itself as kept last; None where nobody looked."""
    held = cast("dict[str, Any] | None", store.journey.document(AUTOMATIONS))
    if held is None:
        return None
    looks = tuple(HeldLook(one["kind"], one["access"], one["found"]) for one in held["looks"])
    return HeldAutomations(looks, held["modules"], bool(held["enterprise"]))
