"""What a rollback will do, in words and numbers that a person confirms."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.mapping.clinical import VAULT
from workbench.state import digest

DATA_ORDER = (
    "mail.message", "ir.attachment", "calendar.event", "crm.lead", VAULT, "res.users",
    "res.partner",
)  # fmt: skip
"""Children before parents; a model that is not named goes first."""
SCHEMA_ORDER = (
    "ir.ui.menu", "ir.actions.act_window", "ir.ui.view", "ir.model.fields.selection",
    "ir.model.fields", "ir.model.access", "ir.model", "crm.stage", "res.partner.category",
    "res.groups",
)  # fmt: skip
"""Last of all, and in this order: a field that a view still shows cannot go."""
_SHOWN = 10
"""How many numbers of records are named one by one."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Records of one model that will be removed: external ids and, in step, their numbers."""

    model: str
    external_ids: tuple[str, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Restoration:
    """Fields of a record that was there before, to be put back to what they held."""

    model: str
    res_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Along:
    """Records of other people that hang on one of ours.

    `goes`: Odoo removes them with it; else they stay, and no longer point to it.
    """

    model: str
    ids: tuple[int, ...]
    goes: bool

    def __str__(self) -> str:
        """Name them by model and number; nothing of what they say."""
        numbers = ", ".join(map(str, self.ids[:_SHOWN]))
        more = f" and {len(self.ids) - _SHOWN} more" if len(self.ids) > _SHOWN else ""
        return f"{self.model} {numbers}{more}"


def _follows(along: tuple[Along, ...]) -> str:
    goes = "; ".join(str(one) for one in along if one.goes)
    stays = "; ".join(str(one) for one in along if not one.goes)
    said = [f"goes with it: {goes}"] if goes else []
    said += [f"stays without it: {stays}"] if stays else []
    return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something of ours stays; whether a person may take it along; what then goes with it.

    `written`: when it was last written, as Odoo says; "" where nobody else wrote it.
    """

    reason: str
    takes: bool = False
    along: tuple[Along, ...] = ()
    written: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """Something of ours that stays, and why.

    `takes`: whether a person may take it along by saying so. That removes a record of ours,
    and `along` with it; a record that was there before gets its former value back.
    """

    external_id: str
    model: str
    reason: str
    takes: bool = False
    along: tuple[Along, ...] = ()

    @property
    def follows(self) -> str:
        """Say what taking it along does to what other people made; "" for nothing."""
        return _follows(self.along)


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that people changed and that goes nevertheless, as somebody chose.

    `reason`: why it would have stayed.
    """

    external_id: str
    model: str
    reason: str
    along: tuple[Along, ...] = ()
    written: str = ""
    takes: bool = True

    @property
    def follows(self) -> str:
        """Say what its going does to what other people made; "" for nothing."""
        return _follows(self.along)

    def covers(self, now: Taken) -> bool:
        """Whether nothing was added to it or written to it since this was looked at."""
        seen = {(one.model, number) for one in self.along for number in one.ids}
        there = {(one.model, number) for one in now.along for number in one.ids}
        return there <= seen and now.written in {"", self.written}


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that would stop the rollback half-way; `about` is a model or an external id."""

    about: str
    what: str

    def __str__(self) -> str:
        """Say it in a sentence."""
        return f"{self.about}: {self.what}."


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What will go, what will be put back, what will stay, and what would stop it.

    `remove` is in the order of removal. `unlink` names external ids that go while the record
    behind them stays (contacts that were there before, merged patients) or is gone already.
    `taken` are those of `remove` that people changed, which a person chose to take along.
    `gone` are external ids that this run knows and Odoo does not any more.
    """

    module: str
    remove: tuple[Removal, ...]
    restore: tuple[Restoration, ...]
    unlink: tuple[str, ...]
    keep: tuple[Keep, ...]
    take: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    gone: tuple[str, ...] = field(default=(), repr=False)

    @property
    def hash(self) -> str:
        """Name this plan, the choices in it included."""
        return digest(self.as_json())

    @property
    def records(self) -> int:
        """Count the records that will be removed."""
        return sum(len(part.ids) for part in self.remove)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do in Odoo."""
        return not (self.remove or self.restore or self.unlink)

    def as_json(self) -> dict[str, object]:
        """Give the plan as JSON values; external ids, numbers and reasons, no values."""
        return {
            "module": self.module,
            "remove": [[part.model, list(part.external_ids), list(part.ids)]
                       for part in self.remove],
            "restore": [[part.model, part.res_id, list(part.fields)] for part in self.restore],
            "unlink": list(self.unlink),
            "keep": [[item.external_id, item.model, item.reason] for item in self.keep],
            "take": list(self.take),
            "taken": [[one.external_id, one.model, one.written,
                       [[part.model, list(part.ids), part.goes] for part in one.along]]
                      for one in self.taken],
            "blockers": [[one.about, one.what] for one in self.blockers],
        }  # fmt: skip
