"""What Odoo holds now, read in bulk, for the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import chunks, held
from workbench.odoo.values import Plain, plain
from workbench.state import How, Link, Store

ATTACHMENT_FIELDS = ("checksum", "file_size")
"""Read with every attachment: SHA-1 in hexadecimal and bytes. The bytes themselves never are."""
AT_ONCE = 1000
"""Records a call."""


def read_back(
    odoo: Odoo,
    store: Store,
    model: str,
    fields: Sequence[str],
    *,
    only: frozenset[str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[str, dict[str, Plain] | None]]:
    """Read every record of a model that we made or filled, or the named ones of them.

    Args:
        odoo: the client.
        store: the run's state, whose links say what to read.
        model: "res.partner".
        fields: field names; those the model does not have are left out of the answer.
        only: external ids to read, which come in the order of their names; None reads all, in
            the order of loading.
        on_progress: told how many records were read, a call at a time.

    Yields:
        External id and values by field: empty is None, references are numbers, a many2many
        is a sorted tuple, times are UTC text. None in place of the values: the record is not
        there any more (or not to be seen). Merged external ids are not listed.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    known = odoo.fields(model)
    names = [name for name in dict.fromkeys(fields) if name in known and name != "datas"]
    if model == "ir.attachment":
        names += [name for name in ATTACHMENT_FIELDS if name not in names]
    found = store.destination.links(model=model) if only is None else _named(store, model, only)
    links = (link for link in found if link.how in {How.CREATED, How.LINKED})
    done = 0
    for part in chunks(links, AT_ONCE):
        ids = sorted({link.res_id for link in part})
        rows = odoo.by_id(model, ids, fields=names or ["id"])
        by_id = {row["id"]: row for row in rows}
        for link in part:
            row = by_id.get(link.res_id)
            yield (
                link.external_id,
                row and {name: plain(row[name], kind=str(known[name]["type"])) for name in names},
            )
        done += len(part)
        if on_progress:
            on_progress(done)


def vanished(odoo: Odoo, store: Store, *, module: str) -> list[str]:
    """Name the records that we made or filled and that Odoo has no longer, by external id.

    One question as long as nothing is missing: Odoo takes a record's external id out with it.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    standing = [link.external_id for link in store.destination.links()
                if link.how is not How.SCHEMA]  # fmt: skip
    models = store.destination.models()
    there = odoo.call(
        "ir.model.data", "search_count", domain=[["module", "=", module], ["model", "in", models]]
    )
    if there >= len(standing):
        return []
    found = held(odoo, module, standing)
    return [name for name in standing if name not in found]


def standing_ids(odoo: Odoo, *, module: str, names: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Give the model and number that external ids lead to in Odoo now; those it has not, left out.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    return {name: (one.model, one.res_id) for name, one in held(odoo, module, names).items()}


def _named(store: Store, model: str, names: Iterable[str]) -> Iterator[Link]:
    for part in chunks(sorted(names), AT_ONCE):
        found = store.destination.links_of(part)
        yield from (found[name] for name in part if name in found and found[name].model == model)
