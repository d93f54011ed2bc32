"""Fresh addresses for files whose signed ones are too old: their records, listed once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from workbench.practicehub import envelope
from workbench.practicehub.catalogue import Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Client
from workbench.practicehub.download import Job
from workbench.practicehub.envelope import Ask
from workbench.practicehub.filefacts import batches, file_url
from workbench.state import id_text

_NO_SUCH_RECORD = HTTPStatus.NOT_FOUND
_BAD_FILTER = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_ACCEPTED = frozenset({_NO_SUCH_RECORD, *_BAD_FILTER})


class Freshly:
    """Asks for records again to learn where their files are now.

    A page of them costs one request. An account that ignores the filter, which shows in
    rows that were not asked for, is asked for its whole list instead, page by page, until
    every address is found; `filtered` says of a resource whether filters work.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._unfiltered: set[str] = set()

    def filtered(self, resource: str) -> bool:
        """Say whether one request gives a page of chosen records, as far as is known."""
        return resource not in self._unfiltered

    def addresses(self, jobs: Sequence[Job]) -> Iterator[tuple[tuple[str, str], str]]:
        """Yield resource and id of files with the address they have now; unlisted ones not."""
        for name in {job.resource: None for job in jobs}:
            wanted = [job.source_id for job in jobs if job.resource == name]
            for source_id, url in self._of(resource_named(name), wanted).items():
                yield (name, source_id), url

    def _of(self, known: Resource, wanted: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for batch in batches(wanted, self._client.page_size):
            if self.filtered(known.name):
                found |= self._chosen(known, set(batch))
        if not self.filtered(known.name):
            found |= self._from_the_list(known, set(wanted).difference(found))
        return found

    def _chosen(self, known: Resource, wanted: set[str]) -> dict[str, str]:
        """Ask for chosen records; rows that were not asked for are not looked at."""
        found: dict[str, str] = {}
        where = {"id": f"in:{','.join(sorted(wanted, key=lambda one: (len(one), one)))}"}
        for rows in self._pages(known, where):
            if rows is None or not rows.keys() <= wanted:
                self._unfiltered.add(known.name)
                return {}
            found |= {source_id: url for source_id, url in rows.items() if url is not None}
            if len(rows) == len(wanted):
                break
        return found

    def _from_the_list(self, known: Resource, wanted: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for rows in self._pages(known, {}) if wanted else ():
            found |= {
                source_id: url
                for source_id, url in (rows or {}).items()
                if source_id in wanted and url is not None
            }
            if len(found) == len(wanted):
                break
        return found

    def _pages(
        self, known: Resource, where: dict[str, str]
    ) -> Iterator[dict[str, str | None] | None]:
        """Yield each page's addresses by id; None where the account does not take the filter."""
        ask: Ask | None = Ask.first(known.path, page_size=self._client.page_size, where=where)
        while ask is not None:
            answer = self._client.get(known.path, ask.query, accept=_ACCEPTED if where else ())
            if answer.status in _BAD_FILTER:
                yield None
                return
            if answer.status == _NO_SUCH_RECORD:  # how some accounts say that there is none
                return
            page = envelope.parse(answer.data, resource=known.name)
            yield {
                source_id: file_url(known, row)
                for row in page.rows
                if isinstance(row, dict) and (source_id := id_text(row.get("id"))) is not None
            }
            ask = envelope.following(ask, page)
