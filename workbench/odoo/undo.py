"""Doing what the rollback plan says: recorded, resumable, and proven empty at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from workbench.errors import OdooOutcomeUnknownError, OdooRefusedError
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import chunks, held
from workbench.odoo.rollback import (
    SCHEMA_ORDER,
    Keep,
    Removal,
    Restoration,
    RollbackPlan,
    plan_rollback,
)
from workbench.odoo.settle import PATIENCE, hold_fence, recorded, settle, unfence
from workbench.odoo.values import for_write
from workbench.state import OperationStatus, Store

PHASE = "rollback"
AT_ONCE = 500
"""Records a call; removing this many takes a fraction of a second."""
PASSES = 3
"""How often Odoo is looked at again before what is left is reported."""


@dataclass(slots=True)
class RollbackReport:
    """What was done, and what was not.

    `kept`: by the rules of the plan. `stuck`: Odoo refused to remove it, or to put it back.
    """

    removed: dict[str, int] = field(default_factory=dict)
    restored: int = 0
    kept: list[Keep] = field(default_factory=list)
    stuck: list[Keep] = field(default_factory=list)


def apply_rollback(
    odoo: Odoo,
    store: Store,
    plan: RollbackPlan,
    *,
    on_progress: Callable[[int], None] | None = None,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> RollbackReport:
    """Remove what we made, put back what we changed, keep what people touched.

    First every open operation is settled, with calls that may still run in Odoo fenced off;
    then Odoo is looked at again, so that what changed since the plan was confirmed is kept,
    and what a late call made is removed. Safe to repeat and to kill.

    Args:
        odoo: the client.
        store: the run's state.
        plan: as it was confirmed; what it keeps is kept.
        on_progress: told how many records were removed so far.
        patience: seconds that a call in flight is given; see `settle`.
        sleep: how to wait.

    Raises:
        DestinationError: Odoo went away; run again.
    """
    settle_all = partial(
        settle, odoo, store, module=plan.module, fence=True, patience=patience, sleep=sleep
    )
    settle_all()
    report = RollbackReport()
    for _ in range(PASSES):
        todo = _agreed(plan_rollback(odoo, store, module=plan.module), plan, report)
        report.kept = list(todo.keep)
        if not (todo.remove or todo.restore or todo.unlink):
            break
        _run(odoo, store, todo, report=report, settle_all=settle_all, on_progress=on_progress)
    hold_fence(store, patience=patience, sleep=sleep)
    unfence(odoo, plan.module, store=store)
    return report


def _agreed(now: RollbackPlan, plan: RollbackPlan, report: RollbackReport) -> RollbackPlan:
    """Take what is to go now, without records that were confirmed to stay or would not go.

    Fields, stages and views stay only while something uses them now.
    """
    confirmed = [item for item in plan.keep if item.model not in SCHEMA_ORDER]
    staying = {item.external_id for item in (*confirmed, *report.stuck)}
    remove = []
    for part in now.remove:
        pairs = [
            (name, number)
            for name, number in zip(part.external_ids, part.ids, strict=True)
            if name not in staying
        ]
        if pairs:
            names, numbers = zip(*pairs, strict=True)
            remove.append(Removal(part.model, names, numbers))
    listed = {item.external_id for item in now.keep}
    keep = [*now.keep, *(item for item in confirmed if item.external_id not in listed)]
    restore = tuple(one for one in now.restore if _key(one) not in staying)
    return RollbackPlan(now.module, tuple(remove), restore, now.unlink, tuple(keep))


def _run(
    odoo: Odoo,
    store: Store,
    todo: RollbackPlan,
    *,
    report: RollbackReport,
    settle_all: Callable[[], None],
    on_progress: Callable[[int], None] | None,
) -> None:
    def remove(parts: list[Removal]) -> None:
        for part in parts:
            for pairs in chunks(zip(part.external_ids, part.ids, strict=True), AT_ONCE):
                names = [name for name, _ in pairs]
                ids = [number for _, number in pairs]
                _remove(odoo, store, part.model, names=names, ids=ids, report=report,
                        settle_all=settle_all)  # fmt: skip
                if on_progress:
                    on_progress(sum(report.removed.values()))

    remove([part for part in todo.remove if part.model not in SCHEMA_ORDER])
    # before the fields go: what was put into records of others goes back
    _restore(odoo, store, todo, report)
    _unlink_names(odoo, store, todo)
    remove([part for part in todo.remove if part.model in SCHEMA_ORDER])
    odoo.forget()


def _remove(
    odoo: Odoo,
    store: Store,
    model: str,
    *,
    names: list[str],
    ids: list[int],
    report: RollbackReport,
    settle_all: Callable[[], None],
) -> None:
    operation = store.destination.intend(PHASE, "unlink", model, keys=names)
    try:
        with recorded(store, operation):
            odoo.call(model, "unlink", ids=ids, context=context_for(odoo, model))
    except OdooOutcomeUnknownError:
        settle_all()
        return  # the next pass looks at what is left
    except OdooRefusedError as error:
        if len(ids) == 1:
            report.stuck.append(Keep(names[0], model, f"Odoo refused to remove it ({error.name})"))
            return
        middle = len(ids) // 2
        for part in (slice(None, middle), slice(middle, None)):
            _remove(odoo, store, model, names=names[part], ids=ids[part], report=report,
                    settle_all=settle_all)  # fmt: skip
        return
    with store.transaction():
        store.destination.remove_links(names)
        store.destination.close(operation, OperationStatus.DONE)
    report.removed[model] = report.removed.get(model, 0) + len(ids)


def _restore(odoo: Odoo, store: Store, todo: RollbackPlan, report: RollbackReport) -> None:
    images = {
        (image.model, image.res_id, image.field): image.value
        for image in store.destination.before_images()
    }
    for part in todo.restore:
        fields = odoo.fields(part.model)
        values = {
            name: _back(images[part.model, part.res_id, name], str(fields[name]["type"]))
            for name in part.fields
        }
        key = _key(part)
        operation = store.destination.intend(PHASE, "restore", part.model, keys=[key])
        try:
            odoo.call(
                part.model, "write", ids=[part.res_id], vals=values,
                context=context_for(odoo, part.model),
            )  # fmt: skip
        except OdooRefusedError as error:
            store.destination.close(operation, OperationStatus.REFUSED, note=error.name)
            report.stuck.append(Keep(key, part.model, f"Odoo refused it back ({error.name})"))
            continue
        with store.transaction():
            store.destination.mark_restored(part.model, part.res_id)
            store.destination.close(operation, OperationStatus.DONE)
        report.restored += 1


def _key(part: Restoration) -> str:
    return f"{part.model} {part.res_id}"


def _back(value: object, kind: str) -> object:
    if isinstance(value, list):
        return for_write(tuple(value), kind=kind)
    return for_write(value if isinstance(value, str | int | float | bool) else None, kind=kind)


def _unlink_names(odoo: Odoo, store: Store, todo: RollbackPlan) -> None:
    rows = held(odoo, todo.module, todo.unlink)
    for names in chunks(sorted(rows), AT_ONCE):
        operation = store.destination.intend(PHASE, "unlink", "ir.model.data", keys=names)
        odoo.call("ir.model.data", "unlink", ids=[rows[name].id for name in names])
        with store.transaction():
            store.destination.remove_links(names)
            store.destination.close(operation, OperationStatus.DONE)
    # with a record Odoo removes every external id of it, a merged patient's too
    gone = [name for name in todo.unlink if name not in rows and store.destination.link(name)]
    if gone:
        store.destination.remove_links(gone)
