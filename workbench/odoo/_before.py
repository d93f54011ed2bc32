"""What goes back into records that were there before us, and what somebody changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import chunks
from workbench.odoo.rollback_plan import Keep, Restoration, Taken
from workbench.odoo.values import TELLABLE, TO_MANY, edited, marks_of, plain
from workbench.state import BeforeImage, How, Store

Images = dict[tuple[str, int], dict[str, object]]
"""Model and number of a record → field → what it held before us."""


@dataclass(slots=True)
class Before:
    """What goes back and what does not.

    `keep`: values that stay, `edited`: their fields, as model and name. `taken`: values that
    somebody changed and that go back nevertheless, as chosen.
    """

    restore: list[Restoration] = field(default_factory=list)
    keep: list[Keep] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    edited: set[tuple[str, str]] = field(default_factory=set)


def by_record(images: Iterable[BeforeImage]) -> Images:
    """Group before-images by their record."""
    found: Images = {}
    for image in images:
        found.setdefault((image.model, image.res_id), {})[image.field] = image.value
    return found


def restorations(
    odoo: Odoo,
    store: Store,
    *,
    people: frozenset[int],
    models: Collection[str],
    take: Collection[str],
) -> Before:
    """List what goes back; a value that somebody else changed since we wrote it stays.

    What is as it was is not written: where Odoo tells no empty number from a 0, that would
    put a 0 into its table. A field or a model that is gone has nothing to be put back.

    Args:
        odoo: the client.
        store: the run's state.
        people: numbers of users that are people.
        models: the models that Odoo has.
        take: external ids whose contacts get their values back whoever changed them since.
    """
    images = by_record(store.destination.before_images())
    links = {(link.model, link.res_id): link for link in store.destination.links(how=How.LINKED)}
    result = Before()
    for model in dict.fromkeys(model for model, _ in images if model in models):
        known = odoo.fields(model)
        ids = [number for name, number in images if name == model]
        names = sorted({name for key in images if key[0] == model for name in images[key]})
        names = [name for name in names if name in known]
        for part in chunks(ids, 1000):
            rows = odoo.search_read(model, [["id", "in", part]], fields=[*names, "write_uid"])
            for row in rows:
                held = {name: value for name, value in images[model, row["id"]].items()
                        if name in known}  # fmt: skip
                kinds = {name: str(known[name]["type"]) for name in held}
                link = links.get((model, row["id"]))
                who = link.external_id if link else f"{model} {row['id']}"
                touched = bool(row["write_uid"]) and row["write_uid"][0] in people
                sent = marks_of(link.sent) if link else {}
                back, changed = _of_record(row, held, kinds, sent=sent, touched=touched)
                for name in changed:
                    why = f"{name} was changed in Odoo since we wrote it"
                    if who in take:
                        back.append(name)
                        result.taken.append(Taken(who, model, why))
                    else:
                        result.keep.append(Keep(who, model, why, takes=True))
                        result.edited.add((model, name))
                if back:
                    result.restore.append(Restoration(model, row["id"], tuple(back)))
    return result


def _of_record(
    row: Mapping[str, Any],
    held: Mapping[str, object],
    kinds: Mapping[str, str],
    *,
    sent: Mapping[str, str],
    touched: bool,
) -> tuple[list[str], list[str]]:
    """Part a record's fields into those that go back and those that somebody changed since.

    Args:
        row: the record as it is.
        held: field to what it held before us.
        kinds: field to Odoo's type.
        sent: field to the hash of what we wrote.
        touched: whether it was somebody else who wrote the record last.
    """
    back: list[str] = []
    changed: list[str] = []
    for name, value in held.items():
        now = plain(row[name], kind=kinds[name])
        if (list(now) if isinstance(now, tuple) else now) == value:
            continue
        if kinds[name] in TO_MANY and touched:
            continue  # a person may have added a tag: only our own goes, when the tag goes
        told = sent.get(name)
        unknown = told is None and touched and kinds[name] in TELLABLE
        if unknown or edited(told, now, kind=kinds[name]):
            changed.append(name)
        else:
            back.append(name)
    return back, changed
