"""Doing what the rollback plan says: recorded, resumable, and proven empty at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from workbench.errors import GateError, OdooOutcomeUnknownError, OdooRefusedError
from workbench.odoo._before import by_record
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import chunks, held
from workbench.odoo.rollback import plan_rollback
from workbench.odoo.rollback_plan import SCHEMA_ORDER, Keep, Removal, Restoration, RollbackPlan
from workbench.odoo.settle import PATIENCE, ROLLBACK, hold_fence, recorded, settle, unfence
from workbench.odoo.values import either, for_write, held_mark, joined, marks_of, plain
from workbench.state import How, OperationStatus, Store, canonical

PHASE = ROLLBACK
AT_ONCE = 500
"""Records a call; removing this many takes a fraction of a second."""
PASSES = 3
"""How often Odoo is looked at again before what is left is reported."""
_BLOCKED = (
    "Mend what is named above in Odoo, or leave it out of what is taken along; then plan the "
    "rollback again."
)
_SHOWN = 5
"""How many blockers an error names; the plan lists them all."""


@dataclass(slots=True)
class RollbackReport:
    """What was done, and what was not.

    `kept`: by the rules of the plan. `stuck`: Odoo refused to remove it, or to put it back.
    """

    removed: dict[str, int] = field(default_factory=dict)
    restored: int = 0
    kept: list[Keep] = field(default_factory=list)
    stuck: list[Keep] = field(default_factory=list)


def demand(plan: RollbackPlan) -> None:
    """Go on only if nothing that is known would stop the rollback half-way.

    Raises:
        GateError: names the first blockers; nothing was removed.
    """
    if plan.blockers:
        named = " ".join(map(str, plan.blockers[:_SHOWN]))
        more = len(plan.blockers) - _SHOWN
        what = f"The rollback would stop half-way. {named}" + (f" And {more} more." * (more > 0))
        raise GateError(what, do=_BLOCKED)


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
    and what a late call made is removed. Safe to repeat and to kill. Where Odoo refuses one
    record of a batch the others go, and what the refused one needs stays with it.

    Args:
        odoo: the client.
        store: the run's state.
        plan: as it was confirmed; what it keeps is kept, what it takes along goes, unless
            somebody added to it since.
        on_progress: told how many records were removed so far.
        patience: seconds that a call in flight is given; see `settle`.
        sleep: how to wait.

    Raises:
        GateError: something that is known would stop it; nothing was removed.
        DestinationError: Odoo went away; run again.
    """
    demand(plan)
    settle_all = partial(
        settle, odoo, store, module=plan.module, fence=True, patience=patience, sleep=sleep
    )
    settle_all()
    report = RollbackReport()
    work = _Work(odoo, store, report=report, settle_all=settle_all, on_progress=on_progress)
    for number in range(PASSES):
        todo = _agreed(odoo, store, plan, report)
        if not number:
            demand(todo)
        stuck = {item.external_id for item in report.stuck}
        report.kept = [item for item in todo.keep if item.external_id not in stuck]
        if todo.empty and not todo.gone:
            break
        work.run(todo)
    hold_fence(store, patience=patience, sleep=sleep)
    unfence(odoo, plan.module, store=store)
    return report


def _agreed(odoo: Odoo, store: Store, plan: RollbackPlan, report: RollbackReport) -> RollbackPlan:
    """Plan what is to go now, without records that were confirmed to stay or would not go.

    Fields, stages and views stay only while something uses them now.
    """
    staying = {item.external_id: item.reason for item in (*plan.keep, *report.stuck)
               if item.model not in SCHEMA_ORDER}  # fmt: skip
    look = partial(plan_rollback, odoo, store, module=plan.module)
    take = set(plan.take) - staying.keys()
    now = look(take=take, hold=staying)
    confirmed = {one.external_id: one for one in plan.taken}
    since = {
        one.external_id: "somebody changed or added to it since the rollback was confirmed"
        for one in now.taken
        if one.external_id not in confirmed or not confirmed[one.external_id].covers(one)
    }
    if since:
        now = look(take=take - since.keys(), hold=staying | since)
    listed = {item.external_id for item in now.keep}
    stays = [item for item in plan.keep if item.model not in SCHEMA_ORDER
             and item.external_id not in listed]  # fmt: skip
    refused = {item.external_id for item in report.stuck}
    restore = tuple(one for one in now.restore if _key(one) not in refused)
    return RollbackPlan(
        now.module, now.remove, restore, now.unlink, (*now.keep, *stays), take=now.take,
        taken=now.taken, blockers=now.blockers, gone=now.gone,
    )  # fmt: skip


class _Work:
    """One pass after another over what is to go."""

    def __init__(
        self,
        odoo: Odoo,
        store: Store,
        *,
        report: RollbackReport,
        settle_all: Callable[[], None],
        on_progress: Callable[[int], None] | None,
    ) -> None:
        self._odoo, self._store, self._report = odoo, store, report
        self._settle_all, self._on_progress = settle_all, on_progress
        self._lost = False

    def run(self, todo: RollbackPlan) -> None:
        """Do what a plan says; the schema only once all data went that was to go."""
        refused, self._lost = len(self._report.stuck), False
        self._remove_all(part for part in todo.remove if part.model not in SCHEMA_ORDER)
        # before the fields go: what was put into records of others goes back
        if not self._lost:
            self._restore_all(todo.restore)
        if self._lost:  # the next pass goes on where the answer was lost: the order is kept
            return
        self._unlink_names(todo)
        if len(self._report.stuck) == refused:  # else the next pass says what those need
            self._remove_all(part for part in todo.remove if part.model in SCHEMA_ORDER)
        self._odoo.forget()

    def _remove_all(self, parts: Iterable[Removal]) -> None:
        for part in parts:
            if self._lost:  # Odoo would take children out with their parents, untold
                return
            for pairs in chunks(zip(part.external_ids, part.ids, strict=True), AT_ONCE):
                names = [name for name, _ in pairs]
                self._remove(part.model, names=names, ids=[number for _, number in pairs])
                if self._on_progress:
                    self._on_progress(sum(self._report.removed.values()))

    def _remove(self, model: str, *, names: list[str], ids: list[int]) -> None:
        operation = self._store.destination.intend(PHASE, "unlink", model, keys=names)
        try:
            with recorded(self._store, operation):
                self._odoo.call(model, "unlink", ids=ids, context=context_for(self._odoo, model))
        except OdooOutcomeUnknownError:
            self._settle_all()
            self._lost = True
            return  # the next pass looks at what is left
        except OdooRefusedError as error:
            if len(ids) == 1:
                why = f"Odoo refused to remove it ({error.name})"
                self._report.stuck.append(Keep(names[0], model, why))
                return
            middle = len(ids) // 2
            for part in (slice(None, middle), slice(middle, None)):
                self._remove(model, names=names[part], ids=ids[part])
            return
        with self._store.transaction():
            self._store.destination.remove_links(names)
            self._store.destination.close(operation, OperationStatus.DONE)
        self._report.removed[model] = self._report.removed.get(model, 0) + len(ids)

    def _restore_all(self, parts: Iterable[Restoration]) -> None:
        """Write former values back, records that get the same in one call."""
        images = by_record(self._store.destination.before_images())
        alike: dict[str, list[Restoration]] = {}
        values: dict[str, dict[str, object]] = {}
        for one in parts:
            fields = self._odoo.fields(one.model)
            held = images[one.model, one.res_id]
            vals = {name: _back(held[name], str(fields[name]["type"])) for name in one.fields}
            spelled = canonical([one.model, vals])
            values[spelled] = vals
            alike.setdefault(spelled, []).append(one)
        for spelled, same in alike.items():
            for part in chunks(same, AT_ONCE):
                self._restore(part, values[spelled])

    def _restore(self, part: list[Restoration], values: dict[str, object]) -> None:
        model = part[0].model
        keys = [_key(one) for one in part]
        with self._store.transaction():
            operation = self._store.destination.intend(PHASE, "restore", model, keys=keys)
            # should nobody roll back to the end, the next load compares these fields anew
            self._store.destination.set_sent(self._undecided(part))
        try:
            with recorded(self._store, operation):
                self._odoo.call(
                    model, "write", ids=[one.res_id for one in part], vals=values,
                    context=context_for(self._odoo, model),
                )  # fmt: skip
        except OdooOutcomeUnknownError:
            self._settle_all()
            self._lost = True
            return  # the next pass looks at what is not back
        except OdooRefusedError as error:
            if len(part) == 1:
                why = f"Odoo refused it back ({error.name})"
                self._report.stuck.append(Keep(keys[0], model, why))
                return
            middle = len(part) // 2
            self._restore(part[:middle], values)
            self._restore(part[middle:], values)
            return
        with self._store.transaction():
            for one in part:
                self._store.destination.mark_restored(model, one.res_id)
            self._store.destination.close(operation, OperationStatus.DONE)
        self._report.restored += len(part)

    def _undecided(self, part: Sequence[Restoration]) -> dict[str, str]:
        """Give the fingerprints of linked records whose fields hold our value or the former one."""
        images = by_record(self._store.destination.before_images())
        fields = {(one.model, one.res_id): one.fields for one in part}
        known = self._odoo.fields(part[0].model)
        sent: dict[str, str] = {}
        for link in self._store.destination.links(model=part[0].model, how=How.LINKED):
            back = fields.get((link.model, link.res_id), ())
            marks = marks_of(link.sent)
            for name in back:
                if name in marks:
                    kind = str(known[name]["type"])
                    former = plain(images[link.model, link.res_id][name], kind=kind)
                    marks[name] = either(marks[name], held_mark(former, kind=kind))
            if back:
                sent[link.external_id] = joined(marks)
        return sent

    def _unlink_names(self, todo: RollbackPlan) -> None:
        rows = held(self._odoo, todo.module, todo.unlink)
        for names in chunks(sorted(rows), AT_ONCE):
            operation = self._store.destination.intend(PHASE, "unlink", "ir.model.data", keys=names)
            with recorded(self._store, operation):
                self._odoo.call("ir.model.data", "unlink", ids=[rows[name].id for name in names])
            with self._store.transaction():
                self._store.destination.remove_links(names)
                self._store.destination.close(operation, OperationStatus.DONE)
        # with a record Odoo removes every external id of it, a merged patient's too; and what
        # somebody removed by hand is not there to be taken out
        linked = self._store.destination.links_of([*todo.unlink, *todo.gone])
        gone = sorted(name for name in linked if name not in rows)
        if gone:
            self._store.destination.remove_links(gone)


def _key(part: Restoration) -> str:
    return f"{part.model} {part.res_id}"


def _back(value: object, kind: str) -> object:
    if isinstance(value, list):
        return for_write(tuple(value), kind=kind)
    return for_write(value if isinstance(value, str | int | float | bool) else None, kind=kind)
