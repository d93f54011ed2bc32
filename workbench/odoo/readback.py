"""What Odoo holds now, read in bulk, for the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import chunks
from workbench.odoo.values import Plain, plain
from workbench.state import How, Store

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
    """Read every record of a model that we made or filled, in the order it was loaded.

    Args:
        odoo: the client.
        store: the run's state, whose links say what to read.
        model: "res.partner".
        fields: field names; those the model does not have are left out of the answer.
        only: external ids to read; None reads all.
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
    links = [
        link
        for link in store.destination.links(model=model)
        if link.how in {How.CREATED, How.LINKED} and (only is None or link.external_id in only)
    ]
    done = 0
    for part in chunks(links, AT_ONCE):
        ids = sorted({link.res_id for link in part})
        rows = odoo.search_read(model, [["id", "in", ids]], fields=names or ["id"])
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
