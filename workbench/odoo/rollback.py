"""Taking it all back: the plan, made from what Odoo holds now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from workbench.errors import OdooRightsError
from workbench.odoo._before import restorations
from workbench.odoo._blockers import blockers, hidden, unseen
from workbench.odoo._foreign import Foreign
from workbench.odoo._foreign_schema import ForeignSchema
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, all_held, chunks, how_made
from workbench.odoo.rollback_plan import (
    DATA_ORDER,
    SCHEMA_ORDER,
    Blocker,
    Hold,
    Keep,
    Removal,
    RollbackPlan,
)
from workbench.odoo.settle import FENCE
from workbench.state import How, Link, Store

REWRITES = frozenset({"write", "archive", "restore"})
"""Kinds of operation that change records which are there."""


def plan_rollback(
    odoo: Odoo,
    store: Store,
    *,
    module: str,
    take: Collection[str] = frozenset(),
    hold: Mapping[str, str] | None = None,
) -> RollbackPlan:
    """Find what a rollback would do to the database as it is now. Only reads.

    Operations that are open stay open: settling them here would call a call that still runs
    in Odoo undone, and `apply_rollback` would not fence it off.

    Everything with an external id of ours that we made goes, children first, schema last.
    Kept and listed: records that somebody else wrote to since, or tied something to (a
    message, an activity, an invoice, any record made by another user that points to them),
    what such kept records hang on, and the fields and stages that people's own records use.
    A person who works as the very user of the migration cannot be told from it, but for
    contacts, opportunities and events: those that this run did not load are nobody's of ours.

    Args:
        odoo: the client.
        store: the run's state.
        module: our external ids' module.
        take: external ids of what people changed and that is to go nevertheless. What cannot
            go is a blocker; an external id that would go anyway, or is gone, says nothing.
        hold: external id → reason, of records that stay in any case.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    rows = [row for row in all_held(odoo, module).values() if row.model != FENCE]
    models = {row["model"] for row in odoo.search_read("ir.model", [], fields=["model"])}
    found = _sorted_out(odoo, store, rows, models=models)
    made = found.made
    mine = {name: row for name, row in made.items() if row.model not in SCHEMA_ORDER}
    foreign = Foreign(
        odoo,
        mine.values(),
        linked={(row.model, row.res_id) for row in rows if row.name in found.unlink},
        filled={(one.model, one.res_id, one.field) for one in store.destination.before_images()},
        absorbed={into for into in found.merged.values() if into},
        rewritten=_rewritten(store),
        sent_of=store.destination.sent_of,
    )
    held = foreign.kept(take=take, hold=hold or {})
    before = restorations(odoo, store, people=foreign.others, models=models, take=take)
    ours = {name: row for name, row in made.items() if row.model in SCHEMA_ORDER}
    held |= ForeignSchema(foreign, ours.values()).kept(
        [mine[name] for name in held], take=take, edited=before.edited
    )
    keep = [_keep(name, made[name].model, held[name]) for name in held]
    keep += before.keep
    keep += [
        Keep(name, row.model, f"somebody made it one with {into or 'a contact of the clinic'}")
        for name, (row, into) in _merged(rows, found).items()
        if not into or into in held
    ]
    removals = _removals(odoo, [row for name, row in made.items() if name not in held])
    unlink = tuple(sorted(found.unlink))
    stops = [*found.blockers, *_refused(take, keep)]
    stops += blockers(odoo, remove=removals, restore=before.restore, unlink=unlink)
    known = {row.name for row in rows}
    return RollbackPlan(
        module, tuple(removals), tuple(before.restore), unlink,
        tuple(sorted(keep, key=lambda item: (item.external_id, item.reason))),
        take=tuple(sorted(take)), taken=(*foreign.taken, *before.taken), blockers=tuple(stops),
        gone=tuple(link.external_id for link in store.destination.links()
                   if link.external_id not in known),
    )  # fmt: skip


def _rewritten(store: Store) -> set[str]:
    """Give the external ids that we wrote to again after their making."""
    return {key for operation in store.destination.operations() if operation.kind in REWRITES
            for key in operation.keys}  # fmt: skip


def _keep(name: str, model: str, held: Hold) -> Keep:
    return Keep(name, model, held.reason, takes=held.takes, along=held.along)


def _refused(take: Collection[str], keep: Iterable[Keep]) -> list[Blocker]:
    """Say what was to be taken along and cannot go."""
    return [
        Blocker(item.external_id, f"it cannot be taken along: {item.reason}")
        for item in keep
        if item.external_id in take
    ]


@dataclass(slots=True)
class _Found:
    """Our external ids, parted.

    `made`: those of what we made, one a record. `unlink`: those that merely point, at older
    or at vanished records. `merged`: those whose record somebody made one with another, each
    with the external id of that one, "" where it is none of ours.
    """

    made: dict[str, Held] = field(default_factory=dict)
    unlink: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    blockers: list[Blocker] = field(default_factory=list)


def _sorted_out(
    odoo: Odoo, store: Store, rows: Iterable[Held], *, models: Collection[str]
) -> _Found:
    by_model: dict[str, list[Held]] = {}
    for row in rows:
        by_model.setdefault(row.model, []).append(row)
    found = _Found()
    for model, whole in by_model.items():
        if model not in models:  # dropped, or its module was taken out: its records are gone
            found.unlink |= {row.name for row in whole}
            continue
        try:
            how = how_made(odoo, model, whole)
            lost = [row.res_id for row in whole if row.name not in how]
            part = whole
            if unseen(odoo, model, lost):
                found.blockers.append(hidden(model))
                part = [row for row in whole if row.name in how]
        except OdooRightsError:
            found.blockers.append(hidden(model))
            continue
        links = store.destination.links_of(row.name for row in part)
        owners: dict[int, Held] = {}
        # those that lead elsewhere than when we made them come last: somebody merged contacts
        for row in sorted(part, key=lambda row: _moved(links.get(row.name), row)):
            link = links.get(row.name)
            says_made = link is None or link.how in {How.CREATED, How.SCHEMA}
            is_made = how.get(row.name) is How.CREATED and says_made
            owner = owners.setdefault(row.res_id, row) if is_made else owners.get(row.res_id)
            if owner is row:
                found.made[row.name] = row
                continue
            found.unlink.add(row.name)
            was_made = link is not None and link.how is How.CREATED
            if row.name in how and (is_made or (was_made and _moved(link, row))):
                found.merged[row.name] = owner.name if owner else ""
    return found


def _moved(link: Link | None, row: Held) -> bool:
    return link is not None and link.res_id != row.res_id


def _merged(rows: Iterable[Held], found: _Found) -> dict[str, tuple[Held, str]]:
    return {row.name: (row, found.merged[row.name]) for row in rows if row.name in found.merged}


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
