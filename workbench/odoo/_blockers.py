"""What would stop a rollback half-way, asked before anything is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import chunks
from workbench.odoo.preflight.finding import may
from workbench.odoo.rollback_plan import Blocker, Removal, Restoration

DATA = "ir.model.data"
WORDS = {"unlink": "remove", "write": "change", "create": "make"}
_RULES_SINCE = 18
"""The version whose `has_access` asks record rules too."""


def blockers(
    odoo: Odoo, *, remove: Sequence[Removal], restore: Sequence[Restoration], unlink: Sequence[str]
) -> Iterator[Blocker]:
    """Give what Odoo's user may not do of all that a rollback does, model by model.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    if remove or restore or unlink:
        for operation in ("create", "unlink"):  # fences are made, external ids are removed
            if not may(odoo, DATA, operation):
                yield _missing(DATA, operation)
    wanted: dict[tuple[str, str], list[int]] = {}
    for part in remove:
        wanted.setdefault((part.model, "unlink"), []).extend(part.ids)
    for one in restore:
        wanted.setdefault((one.model, "write"), []).append(one.res_id)
    for (model, operation), ids in wanted.items():
        if not may(odoo, model, operation):
            yield _missing(model, operation)
        elif not _all_allowed(odoo, model, operation, ids):
            what = f"a record rule does not let Odoo's user {WORDS[operation]} all of its records"
            yield Blocker(model, what)


def unseen(odoo: Odoo, model: str, ids: Iterable[int]) -> bool:
    """Whether records that a search does not find are there all the same, behind a rule.

    Odoo answers a read of a record that is gone with nothing, and of a hidden one with a
    refusal (measured on Odoo 19).
    """
    for part in chunks(ids):
        try:
            odoo.call(model, "read", ids=part, fields=["create_date"])
        except OdooRightsError:
            return True
        except OdooRefusedError:  # one that is gone, in older versions
            continue
    return False


def hidden(model: str) -> Blocker:
    """Say that records of ours cannot be seen."""
    return Blocker(model, "Odoo's user cannot see all of this run's records of it")


def _missing(model: str, operation: str) -> Blocker:
    return Blocker(model, f"Odoo's user may not {WORDS[operation]} its records")


def _all_allowed(odoo: Odoo, model: str, operation: str, ids: list[int]) -> bool:
    if odoo.version().major < _RULES_SINCE:
        return True
    for part in chunks(ids):
        try:
            if not odoo.call(model, "has_access", ids=part, operation=operation):
                return False
        except OdooRefusedError:  # one went meanwhile: the removal looks again
            continue
    return True
