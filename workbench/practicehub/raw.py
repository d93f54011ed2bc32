"""Raw pages, read again as they were read when they arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workbench.errors import SourceShapeError
from workbench.practicehub import answers, envelope
from workbench.practicehub.blobs import read_page
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.envelope import Envelope
from workbench.practicehub.rows import Rows, read_rows
from workbench.state import HeldPage, PageKind, Store, Walk


class RebuiltRow(NamedTuple):
    """One row of a raw page, and the hash its record must have."""

    resource: str
    source_id: str
    sha256: str


def rebuild(folder: Path, store: Store) -> Iterator[RebuiltRow]:
    """Read every record from the raw pages again: every row of every page, as it was stored.

    Rows without an id are left out (each has an issue). Repeated rows come repeatedly.
    `workbench verify` reads pages by the same function, `read_again`.

    Raises:
        StateError: a page is missing or was changed.
    """
    for page in store.source.pages():
        for record in read_again(page, read_page(folder, page.sha256)).records:
            yield RebuiltRow(page.resource, record.source_id, record.sha256)


def read_again(page: HeldPage, body: bytes) -> Rows:
    """Turn a raw page into the records, and the issues, that it was turned into at first."""
    return read_rows(resource_named(page.resource), opened(body).rows, page=page.number, phase="")


def a_page_came_twice(folder: Path, store: Store, walk: Walk) -> bool:
    """Say whether a page of a walk shows the very records of the page before it.

    That may be chance, or an answer given twice in place of the next one.
    """
    before: set[str] = set()
    for page in store.source.pages(resource=walk.resource, generation=walk.generation):
        if page.kind is PageKind.PAGE and page.rows:
            shown = opened(read_page(folder, page.sha256)).ids
            if shown == before:
                return True
            before = shown
    return False


def opened(body: bytes) -> Envelope:
    """Read a stored body's envelope; an empty one where it is the body of a 404."""
    try:
        return envelope.parse(answers.data(body), resource="a stored page")
    except (ValueError, SourceShapeError):
        return Envelope([], None, None)
