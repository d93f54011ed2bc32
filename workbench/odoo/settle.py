"""What became of calls whose outcome nobody saw: asked of Odoo, never guessed.

The rule. Every write that makes records is one `load()` call, and one call is one transaction
that writes the records together with their external ids, which PostgreSQL keeps unique. So:

* external ids that Odoo has: the call happened; their links are written down.
* external ids that Odoo does not have: it did not happen, or it is still running, because
  killing the tool does not stop a call inside Odoo.

Before a *load* the second case needs no wait: if the old call is still running and the rows
are sent again, whichever commits second meets the other's external ids and is refused by the
unique index; nothing is made twice, and the loader asks again before it believes a refusal.

Before a *rollback* it does: a call that commits after the removal would leave records behind.
There the missing external ids are **fenced**: they are created, pointing at something harmless.
Making the fence waits inside PostgreSQL for a call that has written its external ids and not
yet committed, and makes any call that comes to write them later fail as a whole. The fence stays
until the rollback is over, at least `PATIENCE` seconds after the old call was sent. What is left
uncovered: a creation that was sent, then lay somewhere for longer than that before Odoo even
began it. An update of an existing record cannot be fenced; it is waited out for `PATIENCE`.

Before a load a removal is waited out as well: a call of a rollback that was cut short would
else take records out after the load found them there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from workbench.errors import DestinationError, OdooOutcomeUnknownError, OdooRefusedError
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, all_held, chunks, held, how_made
from workbench.state import How, Link, Operation, OperationStatus, Store

PATIENCE = 20.0
"""Seconds within which a call that was sent has ended; our calls are steered to take 2."""
FENCE = "res.lang"
"""The model that fences point at: present everywhere, never loaded by us."""

ROLLBACK = "rollback"
"""The phase whose calls take out and put back: none of them may end after a load has looked."""
CREATES = frozenset({"load", "schema", "link"})
"""Kinds of operation that write external ids."""


@contextmanager
def recorded(store: Store, operation: int) -> Iterator[None]:
    """Close an operation whose call fails: unknown where its answer was lost, else refused.

    The error goes on; closing an operation whose call ended well is left to the caller.
    """
    try:
        yield
    except OdooOutcomeUnknownError as error:
        store.destination.close(operation, OperationStatus.UNKNOWN, note=error.what)
        raise
    except DestinationError as error:
        note = error.name if isinstance(error, OdooRefusedError) else type(error).__name__
        store.destination.close(operation, OperationStatus.REFUSED, note=note)
        raise


def settle(
    odoo: Odoo,
    store: Store,
    *,
    module: str,
    fence: bool = False,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Close every operation that is open.

    Safe to repeat, and costs no call while nothing is open. A created record found this way
    is linked without a fingerprint, so the next load compares it once. An update is closed as
    not known to have happened, and compared again.

    Args:
        odoo: the client.
        store: the run's state.
        module: our external ids' module.
        fence: before a rollback: keep late calls from committing; see the module's text.
            Call `unfence()` when the rollback is over.
        patience: seconds; see the module's text.
        sleep: how to wait.

    Raises:
        DestinationError: Odoo cannot be asked; operations stay open.
    """
    if not fence:
        unfence(odoo, module, store=store)
    waiting = [*store.destination.unsettled(), *(_young(store, patience) if fence else ())]
    for operation in waiting:
        if operation.kind in CREATES:
            if fence and operation.note == _UNDONE:
                # sent again since, it has no external id left to be fenced off by
                _wait_out([operation], patience=patience, sleep=sleep)
            _settle_creation(odoo, store, operation, module=module, fence=fence)
        else:
            if fence or operation.phase == ROLLBACK:
                _wait_out([operation], patience=patience, sleep=sleep)
            _settle_change(odoo, store, operation, module=module)


def unfence(odoo: Odoo, module: str, *, store: Store) -> None:
    """Take fences down, if any stand. A rollback that was killed leaves them."""
    if store.journey.meta(_FENCED) != "yes":
        return
    fences = [row.id for row in all_held(odoo, module).values() if row.model == FENCE]
    if fences:
        with store.transaction():  # told before it is sent, as every call is
            store.ledger.append("unfenced", FENCE, detail={"count": len(fences)})
        odoo.call("ir.model.data", "unlink", ids=fences)
    store.journey.set_meta(_FENCED, "no")


def hold_fence(
    store: Store, *, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until every call that was fenced off has had its time."""
    fenced = [
        operation for operation in store.destination.operations()
        if operation.note == _FENCED_NOTE
    ]  # fmt: skip
    _wait_out(fenced, patience=patience, sleep=sleep)


_FENCED = "odoo fences"
_FENCED_NOTE = "did not happen; fenced"
_UNDONE = "did not happen"
_UNCLEAR = "not known; compared again"


def _young(store: Store, patience: float) -> list[Operation]:
    """List calls that nobody saw end, closed since, that may still be running in Odoo."""
    return [
        operation
        for operation in store.destination.operations()
        # where the clock went backwards, its age is below zero and says nothing
        if operation.note in {_UNDONE, _UNCLEAR} and _age(operation) < patience
    ]


def _age(operation: Operation) -> float:
    sent = datetime.fromisoformat(operation.intended_at)
    return (datetime.now(UTC) - sent).total_seconds()


def _settle_creation(
    odoo: Odoo, store: Store, operation: Operation, *, module: str, fence: bool
) -> None:
    found = held(odoo, module, operation.keys)
    missing = [key for key in operation.keys if key not in found]
    if fence and missing:
        with store.transaction():
            store.journey.set_meta(_FENCED, "yes")
            store.ledger.append("fenced", FENCE, detail={"count": len(missing)})
        _raise_fence(odoo, module, missing)
        found = held(odoo, module, operation.keys)
    real = {key: row for key, row in found.items() if row.model != FENCE}
    # where a later call made them, or linked them, their links say more than can be asked now
    known = store.destination.links_of(real)
    fresh = [row for row in real.values() if not _stands(known.get(row.name), row)]
    links = links_of(odoo, fresh, operation=operation.id, schema=operation.kind == "schema")
    happened = bool(real)
    note = "" if happened else (_FENCED_NOTE if fence else _UNDONE)
    status = OperationStatus.DONE if happened else OperationStatus.REFUSED
    store.destination.close(operation.id, status, links=links, note=note)


def _stands(link: Link | None, row: Held) -> bool:
    return link is not None and (link.model, link.res_id) == (row.model, row.res_id)


def links_of(
    odoo: Odoo, rows: Iterable[Held], *, operation: int, schema: bool = False
) -> list[Link]:
    """Make links for external ids that Odoo has and this run has no link of.

    Whether a record was made by us or was there before is read from Odoo (`how_made`).
    Resource and source id stay empty, the fingerprint too: the next load fills them in.
    """
    by_model: dict[str, list[Held]] = {}
    for row in rows:
        by_model.setdefault(row.model, []).append(row)
    links: list[Link] = []
    for model, part in by_model.items():
        made = dict.fromkeys((row.name for row in part), How.SCHEMA) if schema else how_made(
            odoo, model, part
        )  # fmt: skip
        links += [
            Link(row.name, model, row.res_id, "", "", made[row.name], operation, "")
            for row in part
            if row.name in made
        ]
    return links


def _settle_change(odoo: Odoo, store: Store, operation: Operation, *, module: str) -> None:
    """An update, a removal or a restoration: all are compared with Odoo again before a repeat."""
    if operation.kind == "unlink":
        there = held(odoo, module, operation.keys)
        gone = [key for key in operation.keys if key not in there]
        store.destination.remove_links(gone)
        status = OperationStatus.DONE if not there else OperationStatus.REFUSED
        store.destination.close(operation.id, status, note=f"{len(gone)} gone")
        return
    # the links of an update say already that their records hold the old or the new
    store.destination.close(operation.id, OperationStatus.REFUSED, note=_UNCLEAR)


def _raise_fence(odoo: Odoo, module: str, names: Sequence[str]) -> None:
    lang = odoo.call("res.lang", "search", domain=[], limit=1)[0]
    for part in chunks(names, 500):
        missing = list(part)
        for _ in range(3):
            rows = [
                {"module": module, "name": name, "model": FENCE, "res_id": lang, "noupdate": True}
                for name in missing
            ]
            try:
                odoo.call("ir.model.data", "create", vals_list=rows)
                break
            except OdooRefusedError:
                # the call in flight committed while we waited for it: fence only the rest
                there = held(odoo, module, missing)
                missing = [name for name in missing if name not in there]
                if not missing:
                    break
        else:
            what = "Odoo does not let a call that is still running be fenced off."
            raise DestinationError(what, do="Wait a minute, then run again.")


def _wait_out(
    operations: Iterable[Operation], *, patience: float, sleep: Callable[[float], None]
) -> None:
    left = [patience - _age(operation) for operation in operations]
    # a clock that went backwards makes nobody wait longer than it takes
    wait = min(max(left, default=0.0), patience)
    if wait > 0:
        sleep(wait)
