"""Taking it all back: the plan, made from what Odoo holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.mapping.clinical import VAULT
from workbench.odoo._foreign import Foreign
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, all_held, chunks, how_made
from workbench.odoo.settle import FENCE
from workbench.odoo.values import TELLABLE, TO_MANY, mark, marks_of, plain
from workbench.state import How, Store, digest

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
class Keep:
    """Something of ours that stays, and why."""

    external_id: str
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What will go, what will be put back, what will stay.

    `remove` is in the order of removal. `unlink` names external ids that go while the record
    behind them stays (contacts that were there before, merged patients) or is gone already.
    """

    module: str
    remove: tuple[Removal, ...]
    restore: tuple[Restoration, ...]
    unlink: tuple[str, ...]
    keep: tuple[Keep, ...]

    @property
    def hash(self) -> str:
        """Name this plan."""
        return digest(self.as_json())

    @property
    def records(self) -> int:
        """Count the records that will be removed."""
        return sum(len(part.ids) for part in self.remove)

    def as_json(self) -> dict[str, object]:
        """Give the plan as JSON values; external ids, numbers and reasons, no values."""
        return {
            "module": self.module,
            "remove": [[part.model, list(part.external_ids), list(part.ids)]
                       for part in self.remove],
            "restore": [[part.model, part.res_id, list(part.fields)] for part in self.restore],
            "unlink": list(self.unlink),
            "keep": [[item.external_id, item.model, item.reason] for item in self.keep],
        }  # fmt: skip


def plan_rollback(odoo: Odoo, store: Store, *, module: str) -> RollbackPlan:
    """Find what a rollback would do to the database as it is now. Only reads.

    Operations that are open stay open: settling them here would call a call that still runs
    in Odoo undone, and `apply_rollback` would not fence it off.

    Everything with an external id of ours that we made goes, children first, schema last.
    Kept and listed: records that somebody else wrote to since, or tied something to (a
    message, an activity, an invoice, any record made by another user that points to them),
    what such kept records hang on, and the fields and stages that people's own records use.
    A person who works as the very user of the migration cannot be told from it.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    rows = [row for row in all_held(odoo, module).values() if row.model != FENCE]
    made, unlink = _sorted_out(odoo, store, rows)
    mine = {name: row for name, row in made.items() if row.model not in SCHEMA_ORDER}
    linked = {(row.model, row.res_id) for row in rows if row.name in unlink}
    foreign = Foreign(odoo, mine.values(), linked=linked)
    keep = {name: Keep(name, mine[name].model, why) for name, why in foreign.kept().items()}
    ours = {name: row for name, row in made.items() if row.model in SCHEMA_ORDER}
    for name, why in foreign.kept_schema(ours.values(), kept=[mine[key] for key in keep]).items():
        keep[name] = Keep(name, ours[name].model, why)
    restore, changed = _restorations(odoo, store, people=foreign.others)
    gone = [row for name, row in made.items() if name not in keep]
    return RollbackPlan(
        module, tuple(_removals(odoo, gone)), tuple(restore), tuple(sorted(unlink)),
        tuple(sorted([*keep.values(), *changed], key=lambda item: item.external_id)),
    )  # fmt: skip


def _sorted_out(odoo: Odoo, store: Store, rows: Iterable[Held]) -> tuple[dict[str, Held], set[str]]:
    """Part what we made from external ids that merely point: at older or at vanished records."""
    by_model: dict[str, list[Held]] = {}
    for row in rows:
        by_model.setdefault(row.model, []).append(row)
    made: dict[str, Held] = {}
    unlink: set[str] = set()
    for model, part in by_model.items():
        how = how_made(odoo, model, part)
        for row in part:
            link = store.destination.link(row.name)
            says_made = link is None or link.how in {How.CREATED, How.SCHEMA}
            if how.get(row.name) is How.CREATED and says_made:
                made[row.name] = row
            else:
                unlink.add(row.name)
    return made, unlink


def _removals(odoo: Odoo, rows: Iterable[Held]) -> list[Removal]:
    by_model: dict[str, list[Held]] = {}
    for row in rows:
        by_model.setdefault(row.model, []).append(row)
    order = [*DATA_ORDER, *SCHEMA_ORDER]
    models = sorted(by_model, key=lambda model: order.index(model) if model in order else -1)
    parts = [
        (model, part)
        for model in models
        for part in (
            _in_turn(odoo, by_model[model]) if model == "ir.model.fields" else [by_model[model]]
        )
    ]
    return [
        Removal(
            model,
            tuple(row.name for row in reversed(part)),
            tuple(row.res_id for row in reversed(part)),
        )
        for model, part in parts
    ]


def _in_turn(odoo: Odoo, fields: list[Held]) -> list[list[Held]]:
    """Part fields into calls: Odoo removes none that another one needs, not even with it."""
    turn: dict[int, int] = {}
    for ids in chunks(row.res_id for row in fields):
        for row in odoo.search_read(
            "ir.model.fields", [["id", "in", ids]], fields=["related", "compute"]
        ):
            turn[row["id"]] = 0 if row["related"] else 1 if row["compute"] else 2
    parts = [[row for row in fields if turn.get(row.res_id) == number] for number in range(3)]
    return [part for part in parts if part]


def _restorations(
    odoo: Odoo, store: Store, *, people: frozenset[int]
) -> tuple[list[Restoration], list[Keep]]:
    """List what goes back; a value that somebody else changed since we wrote it stays.

    What is as it was is not written: where Odoo tells no empty number from a 0, that would
    put a 0 into its table.
    """
    images: dict[tuple[str, int], dict[str, object]] = {}
    for image in store.destination.before_images():
        images.setdefault((image.model, image.res_id), {})[image.field] = image.value
    links = {(link.model, link.res_id): link for link in store.destination.links(how=How.LINKED)}
    restore: list[Restoration] = []
    keep: list[Keep] = []
    for model in dict.fromkeys(model for model, _ in images):
        known = odoo.fields(model)
        ids = [number for name, number in images if name == model]
        names = sorted({field for key in images if key[0] == model for field in images[key]})
        names = [name for name in names if name in known]
        for part in chunks(ids, 1000):
            rows = odoo.search_read(model, [["id", "in", part]], fields=[*names, "write_uid"])
            for row in rows:
                held = {name: value for name, value in images[model, row["id"]].items()
                        if name in known}  # fmt: skip
                kinds = {name: str(known[name]["type"]) for name in held}
                link = links.get((model, row["id"]))
                touched = bool(row["write_uid"]) and row["write_uid"][0] in people
                sent = (link.sent if link else "") if touched else None
                back, edited = _of_record(row, held, kinds, sent=sent)
                who = link.external_id if link else f"{model} {row['id']}"
                keep += [Keep(who, model, f"{name} was changed in Odoo since we wrote it")
                         for name in edited]  # fmt: skip
                if back:
                    restore.append(Restoration(model, row["id"], tuple(back)))
    return restore, keep


def _of_record(
    row: Mapping[str, Any],
    held: Mapping[str, object],
    kinds: Mapping[str, str],
    *,
    sent: str | None,
) -> tuple[list[str], list[str]]:
    """Part a record's fields into those that go back and those that somebody changed since.

    Args:
        row: the record as it is.
        held: field to what it held before us.
        kinds: field to Odoo's type.
        sent: fingerprint of what we wrote, where somebody else wrote the record since; None
            where nobody did.
    """
    back: list[str] = []
    edited: list[str] = []
    marks = marks_of(sent or "")
    for name, value in held.items():
        now = plain(row[name], kind=kinds[name])
        if (list(now) if isinstance(now, tuple) else now) == value:
            continue
        if sent is None:
            back.append(name)
        elif kinds[name] in TO_MANY:
            continue  # a person may have added a tag: only our own goes, when the tag goes
        elif _edited(row[name], kinds[name], marks.get(name)):
            edited.append(name)
        else:
            back.append(name)
    return back, edited


def _edited(value: object, kind: str, sent: str | None) -> bool:
    """Whether somebody changed what we wrote; where Odoo rewrites values it cannot be told."""
    now = plain(value, kind=kind)
    return kind in TELLABLE and not isinstance(now, tuple) and mark(now) != sent
