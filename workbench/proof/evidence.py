"""What lies on disk, checked against its hashes, and P1 counted anew from the raw pages.

How pages are read is asked of `practicehub` inside the functions: `workbench status` needs
the sums of this room, and not the HTTP client that comes with that one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbench.proof.balance import balance
from workbench.proof.checks import BadError, some
from workbench.proof.ledger import check_artefact_rows, check_file_rows, check_page_rows
from workbench.proof.told import Told
from workbench.state import Fate, FileState, HeldPage, IssueKind, Outcome, PageKind, Store

_CHUNK = 1 << 20


@dataclass(slots=True)
class Recount:
    """One resource, counted from the raw pages alone.

    `rows` are those of the newest pass, as its list gave them: a page of our own second look
    adds what no page had shown; `met` are the ids of that pass. `hashes` are of every copy of
    every record met in any pass, by id; `at` what stands at each place of each page.
    """

    rows: int = 0
    generation: int = 0
    met: set[str] = field(default_factory=set)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    at: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    nameless: set[tuple[int, str]] = field(default_factory=set)


def body_of(folder: Path, page: HeldPage) -> bytes:
    """Read one page's body and see that it is the one that was stored.

    Raises:
        BadError: it is missing, cannot be unpacked, or is not what its hash says.
    """
    from workbench.practicehub import page_path  # noqa: PLC0415 - see the top

    name = f"page {page.number} of {page.resource} ({page.sha256[:12]})"
    try:
        body = zlib.decompress(page_path(folder, page.sha256).read_bytes())
    except FileNotFoundError:
        what = f"{name} is missing"
        raise BadError(what) from None
    except (OSError, zlib.error) as error:
        what = f"{name} cannot be read ({type(error).__name__})"
        raise BadError(what) from None
    if hashlib.sha256(body).hexdigest() != page.sha256 or len(body) != page.size:
        what = f"{name} has been altered"
        raise BadError(what)
    return body


def recount(folder: Path, pages: Iterable[HeldPage]) -> dict[str, Recount]:
    """Count rows and distinct records from the raw pages alone, resource by resource.

    Nothing is taken from the state but the list of pages; a page that answered 404 (some
    accounts say so that there are no more) holds no rows.

    Raises:
        BadError: a page is missing, altered, or holds another number of rows than the
            table of pages says.
    """
    from workbench.practicehub.raw import read_again  # noqa: PLC0415 - see the top

    found: dict[str, Recount] = {}
    for page in pages:
        counted = found.setdefault(page.resource, Recount(generation=page.generation))
        read = read_again(page, body_of(folder, page))
        rows = [(record.source_id, record.sha256) for record in read.records]
        counted.nameless.update((page.number, issue.rule) for issue in read.issues)
        if len(rows) != page.rows:
            what = f"page {page.number} of {page.resource} has {len(rows)} rows, not {page.rows}"
            raise BadError(what)
        if page.generation > counted.generation:
            counted.generation, counted.rows, counted.met = page.generation, 0, set()
        if page.generation == counted.generation:
            ids = {source_id for source_id, _sha in rows}
            listed = page.kind is PageKind.PAGE
            counted.rows += len(rows) if listed else len(ids - counted.met)
            counted.met |= ids
        for position, (source_id, sha) in enumerate(rows):
            counted.hashes.setdefault(source_id, set()).add(sha)
            counted.at[page.id, position] = (source_id, sha)
    return found


def check_pages(folder: Path, store: Store, told: Told) -> str:
    """See that every page is on disk as it arrived, and that the ledger tells of it."""
    count = size = 0
    for page in store.source.pages():
        size += len(body_of(folder, page))
        count += 1
    check_page_rows(store, told)
    return f"{count} pages, {size} bytes, each as it arrived"


def check_records(folder: Path, store: Store, told: Told) -> str:
    """See that the records held are those of the raw pages: none more, none less, none other."""
    counted = recount(folder, store.source.pages())
    volumes = store.source.volumes()
    copies = {
        (resource, source_id) for resource, source_id, _rule in store.source.differing_copies()
    }
    distinct = 0
    for resource in sorted({*counted, *store.source.resources()}):
        raw = counted.get(resource, Recount())
        gone = _check_held(resource, store, raw)
        untold = gone - told.gone.get(resource, set())
        if untold:
            what = f"{resource} {min(untold)} counts as gone, and the ledger does not tell of it"
            raise BadError(what)
        unlisted = sorted(
            source_id
            for source_id, hashes in raw.hashes.items()
            if len(hashes) > 1 and (resource, source_id) not in copies
        )
        if unlisted:
            raise BadError(some(unlisted, of=f"copies that differ are not listed: {resource} "))
        listed = list(store.staging.issues(kind=IssueKind.ROW_WITHOUT_ID, resource=resource))
        if len(listed) < len(raw.nameless):
            what = f"{resource}: a row without an id is in a page and not listed"
            raise BadError(what)
        volume = volumes.get(resource)
        if volume is None or volume.rows != raw.rows:
            told_rows = volume.rows if volume else 0
            what = f"{resource}: the pages hold {raw.rows} rows, the state says {told_rows}"
            raise BadError(what)
        distinct += len(raw.hashes)
    return f"{distinct} distinct records, counted anew from the raw pages"


def _check_held(resource: str, store: Store, raw: Recount) -> set[str]:
    """Compare one resource's records with the pages; return the ids that count as gone."""
    gone = set(raw.hashes)
    for record in store.source.records(resource):
        name = f"{resource} {record.source_id}"
        if record.source_id not in raw.hashes:
            what = f"{name} is in no page"
            raise BadError(what)
        if raw.at.get((record.page_id, record.position)) != (record.source_id, record.sha256):
            what = f"{name} is not what its page holds"
            raise BadError(what)
        gone.discard(record.source_id)
    for source_id in sorted(gone):
        if store.source.record(resource, source_id) is None:
            what = f"{resource} {source_id} is in the pages and not among the records"
            raise BadError(what)
    return gone


def check_files(folder: Path, store: Store, told: Told) -> str:
    """See that every file held is on disk, whole and as it arrived."""
    from workbench.practicehub import file_path  # noqa: PLC0415 - see the top

    count = size = 0
    for file in store.source.files(FileState.HELD):
        name = f"file {file.resource}_{file.source_id}"
        path = file_path(folder, file.sha256 or "")
        if not file.sha256 or not path.is_file():
            what = f"{name} is missing"
            raise BadError(what)
        if _hashes(path) != (file.size, file.sha256, file.sha1):
            what = f"{name} has been altered"
            raise BadError(what)
        count += 1
        size += file.size or 0
    check_file_rows(store, told)
    return f"{count} files, {size} bytes, each as it arrived"


def check_artefacts(folder: Path, store: Store, told: Told) -> str:
    """See that executed notebooks and reports are as they were when they were noted."""
    check_artefact_rows(store, told)
    artefacts = store.journey.artefacts()
    for path, kind, sha, size in artefacts:
        check_file_on_disk(folder, path, sha=sha, size=size, kind=kind)
    return f"{len(artefacts)} notebooks, reports and documents, each as it was written"


def check_file_on_disk(folder: Path, path: str, *, sha: str, size: int, kind: str) -> None:
    """See that one file of the run folder is there and unchanged.

    Raises:
        BadError: it is outside the folder, missing, or altered.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        what = f"{kind} {path} lies outside the run folder"
        raise BadError(what)
    target = folder / pure
    if not target.is_file():
        what = f"{kind} {path} is missing"
        raise BadError(what)
    found_size, found_sha, _sha1 = _hashes(target)
    if (found_size, found_sha) != (size, sha):
        what = f"{kind} {path} has been altered"
        raise BadError(what)


def _hashes(path: Path) -> tuple[int, str, str]:
    """Give size, SHA-256 and SHA-1 (Odoo's own checksum) of a file."""
    size, sha256, sha1 = 0, hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            sha256.update(chunk)
            sha1.update(chunk)
    return size, sha256.hexdigest(), sha1.hexdigest()


def check_outcomes(store: Store, told: Told, *, final: bool) -> str:
    """Draw up P1 anew: one fate for every record, each with what it claims behind it.

    Args:
        store: the run's state.
        told: what the ledger tells.
        final: the run says that it is finished, so that nothing may be unresolved.
    """
    if told.cleared:
        if any(store.proof.outcomes()):
            what = "the ledger says that all was taken back out, and outcomes are listed"
            raise BadError(what)
        return "taken back out of Odoo; nothing is claimed"
    links = {link.external_id for link in store.destination.links()}
    files = {(file.resource, file.source_id) for file in store.source.files()}
    seen: Counter[str] = Counter()
    for outcome in store.proof.outcomes():
        _check_outcome(outcome, store, links, files)
        seen[outcome.resource] += 1
    for resource, count in sorted(seen.items()):
        if count > told.outcomes.get(resource, 0):
            what = f"{resource}: {count} fates are listed, the ledger tells of fewer"
            raise BadError(what)
    sums = balance(store)
    if final and not sums.closes:
        open_terms = [t.name for t in sums.every if not t.closes]
        what = f"the run says it is finished, and these do not close: {', '.join(open_terms)}"
        raise BadError(what)
    for terms in sums.every:
        if terms.unresolved < 0:
            what = f"{terms.name}: more fates than records"
            raise BadError(what)
    if not store.proof.sums_hold():
        what = "the sums that are kept are not those of the records and fates listed"
        raise BadError(what)
    distinct = sum(terms.distinct for terms in sums.resources)
    return f"{distinct} distinct records, {sums.files.distinct} files, unresolved {sums.unresolved}"


def _check_outcome(
    outcome: Outcome, store: Store, links: set[str], files: set[tuple[str, str]]
) -> None:
    name = f"{outcome.resource} {outcome.source_id}"
    resource = outcome.resource.removeprefix("files:")
    if resource == outcome.resource:
        record = store.source.record(resource, outcome.source_id)
        if record is None:
            what = f"{name} has a fate, and there is no such record"
            raise BadError(what)
        if record.gone:
            return
    elif (resource, outcome.source_id) not in files:
        what = f"{name} has a fate, and there is no such file"
        raise BadError(what)
    if outcome.fate in {Fate.CREATED, Fate.UPDATED}:
        if outcome.external_id not in links:
            what = f"{name} counts as {outcome.fate.value}, and no call to Odoo made it"
            raise BadError(what)
    elif not outcome.reason.strip():
        what = f"{name} counts as {outcome.fate.value} for no reason"
        raise BadError(what)


def blob_digests(told: Told) -> Mapping[str, tuple[int, list[str]]]:
    """Give count and sorted hashes of all pages and files that the ledger tells of."""
    pages, files = told.page_hashes(), told.file_hashes()
    return {"pages": (len(pages), pages), "files": (len(files), files)}
