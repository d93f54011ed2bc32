"""Whether the database is still as it was when the schema was planned."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from workbench.errors import GateError
from workbench.odoo.schema import ItemKind, ItemState, SchemaItem, SchemaPlan

_CALLED = {"string": "label", "is_won": "won", "arch_db": "content", "active": "archived"}
_Key = tuple[ItemKind, str, str]


def refuse_drift(plan: SchemaPlan, now: Sequence[SchemaItem], *, ours: Collection[str]) -> None:
    """Refuse a plan that was made for another database than the one that is there now.

    What an apply that was killed has made of this plan is no change: it is `ours`.

    Args:
        plan: as it was shown.
        now: the same items as the database has them now.
        ours: external ids of the plan that are there now.

    Raises:
        GateError: somebody changed, made or removed something since; names each.
    """
    drifted = list(_drifted(plan, now, ours))
    if drifted:
        what = f"Odoo changed since the schema was planned: {'; '.join(drifted)}."
        raise GateError(what, do="Plan again, look at the plan, and confirm it.")


def _drifted(
    plan: SchemaPlan, now: Sequence[SchemaItem], ours: Collection[str]
) -> Iterator[str]:  # fmt: skip
    before = {_key(item): item for item in plan.items}
    seen = {_key(item) for item in now}
    added = {key for key, item in before.items()
             if item.kind is ItemKind.SELECTION and item.external_id in ours}  # fmt: skip
    for item in now:
        planned = before.get(_key(item))
        what = _since(planned, item, ours, added) if planned else "is needed now"
        if what:
            yield f"{item.title} {what}"
    for key, item in before.items():
        if key in seen or item.external_id in ours:
            continue
        if item.kind is not ItemKind.SELECTION:
            yield f"{item.title} can no longer be placed"
        elif (ItemKind.FIELD, item.model, item.detail["field"]) in seen:
            yield f"{item.title} was made by somebody else"


def _since(
    planned: SchemaItem, item: SchemaItem, ours: Collection[str], added: Collection[_Key]
) -> str:
    """Say what became of an item since it was planned; "" for nothing."""
    if item.state is ItemState.CONFLICT:
        return f"no longer fits: {item.why.rstrip('.')}"
    if planned.state is ItemState.EXISTS:
        if item.state is ItemState.MAKE:
            return "is no longer there"
        changed = _changed(planned, item, added)
        return f"has another {', '.join(changed)}" if changed else ""
    stays = item.state is ItemState.MAKE and item.found == planned.found
    return "" if stays or item.external_id in ours else "was made by somebody else"


def _key(item: SchemaItem) -> _Key:
    return item.kind, item.model, item.name


def _changed(
    planned: SchemaItem, item: SchemaItem, added: Collection[_Key]
) -> list[str]:  # fmt: skip
    """Name what is not as it was; values that an apply of this plan has added do not count."""
    now = dict(item.found)
    if item.kind is ItemKind.FIELD:
        now["selection"] = [
            [value, label] for value, label in now.get("selection") or ()
            if (ItemKind.SELECTION, item.model, f"{item.name}={value}") not in added
        ]  # fmt: skip
    return [_CALLED.get(name, name) for name, held in planned.found.items()
            if _plain(held) != _plain(now.get(name))]  # fmt: skip


def _plain(held: Any) -> Any:  # noqa: ANN401 - a value of JSON
    """Make what was kept as JSON alike to what was just read."""
    if isinstance(held, Mapping):
        return dict(held)
    return [list(one) for one in held] if isinstance(held, list) and held else held or None
