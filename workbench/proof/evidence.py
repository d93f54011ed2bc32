"""What lies on disk, checked against its hashes, and P1 counted anew from the raw pages.

How pages are read is asked of `practicehub` inside the functions: `workbench status` needs
the sums of this room, and not the HTTP client that comes with that one.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path, PurePosixPath

from workbench.proof.balance import balance
from workbench.proof.checks import BadError
from workbench.proof.ledger import check_artefact_rows, check_file_rows, check_page_rows
from workbench.proof.told import Told
from workbench.state import FileState, HeldPage, IssueKind, Store

_CHUNK = 1 << 20
_HEADER = zlib.compress(b"", 6)[:2]
"""How every packed page begins."""


class RawPages:
    """The raw pages, each unpacked once, and what they hold counted beside the state.

    Ids and hashes go into a scratch file, so that memory holds one page however large the
    clinic is. Nothing is taken from the state but the list of pages; a page that answered 404
    (some accounts say so that there are no more) holds no rows.

    Args:
        folder: the run folder.
        store: a private copy of its state.
        scratch: a file that is not there yet, beside that copy.
    """

    def __init__(self, folder: Path, store: Store, *, scratch: Path) -> None:
        self._folder, self._store, self._scratch = folder, store, scratch
        self._nameless: dict[str, set[str]] = {}
        self._whole = False

    def check_pages(self, told: Told) -> str:
        """See that every page is on disk as it arrived, and that the ledger tells of it.

        Raises:
            BadError: names the first page that is missing, altered or told of otherwise.
        """
        from workbench.practicehub.raw import read_again  # noqa: PLC0415 - see the top

        audit = self._store.audit
        count = size = 0
        audit.begin_recount(self._scratch)
        for page in self._store.source.pages():
            body = body_of(self._folder, page)
            read = read_again(page, body)
            if len(read.records) != page.rows:
                what = (f"page {page.number} of {page.resource} has {len(read.records)} rows, "
                        f"not {page.rows}")  # fmt: skip
                raise BadError(what)
            self._nameless.setdefault(page.resource, set()).update(i.rule for i in read.issues)
            audit.take_in(page, read.records)
            size += len(body)
            count += 1
        audit.end_recount()
        self._whole = True
        check_page_rows(self._store, told)
        return f"{count} pages, {size} bytes, each as it arrived"

    def check_records(self, told: Told) -> str:
        """See that the records held are those of the raw pages: none more, less or other.

        Raises:
            BadError: names the first record or pass that the pages have otherwise.
        """
        if not self._whole:
            what = "cannot be counted anew, for a page cannot be read"
            raise BadError(what)
        fault = self._store.audit.record_fault()
        if fault is not None:
            what = "{} {} {}".format(*fault)
            raise BadError(what)
        self._check_gone(told)
        self._check_passes()
        for resource, rules in sorted(self._nameless.items()):
            issues = self._store.staging.issues(kind=IssueKind.ROW_WITHOUT_ID, resource=resource)
            if rules - {issue.rule for issue in issues}:
                what = f"{resource}: a row without an id is in a page and not listed"
                raise BadError(what)
        return f"{self._store.audit.recounted()} distinct records, counted anew from the raw pages"

    def _check_gone(self, told: Told) -> None:
        """A record is gone if the ledger told so after the newest page that has it."""
        counted = set(self._store.audit.gone())
        for key in sorted(counted | told.gone.keys()):
            page = self._store.audit.last_met(*key)
            gone = page is not None and told.gone.get(key, 0) > told.met.get(page, 0)
            if gone != (key in counted):
                what = "counts as gone" if key in counted else "does not count as gone"
                what = f"{key[0]} {key[1]} {what}, and the ledger tells otherwise"
                raise BadError(what)

    def _check_passes(self) -> None:
        counted = {(one.resource, one.generation): one for one in self._store.audit.passes()}
        for walk in self._store.audit.told_passes():
            one = counted.pop((walk.resource, walk.generation), None)
            held = one[2:] if one else (0, 0, 0)
            if held != walk[2:]:
                what = (f"{walk.resource} (pass {walk.generation}): the pages hold {held[1]} rows "
                        f"and {held[2]} records on {held[0]} pages, the state says {walk.rows}, "
                        f"{walk.found} and {walk.pages}")  # fmt: skip
                raise BadError(what)
        for resource, generation in counted:
            what = f"{resource} (pass {generation}): there are pages, and no pass over them"
            raise BadError(what)


def body_of(folder: Path, page: HeldPage) -> bytes:
    """Read one page's body and see that it is the one that was stored.

    Raises:
        BadError: it is missing, cannot be unpacked, or is not what its hash says.
    """
    from workbench.practicehub import page_path  # noqa: PLC0415 - see the top

    name = f"page {page.number} of {page.resource} ({page.sha256[:12]})"
    unpack = zlib.decompressobj()
    try:
        packed = page_path(folder, page.sha256).read_bytes()
        # no further than it should go: what somebody put there may unpack to any size
        body = unpack.decompress(packed, page.size + 1)
    except FileNotFoundError:
        what = f"{name} is missing"
        raise BadError(what) from None
    except (OSError, zlib.error) as error:
        what = f"{name} cannot be read ({type(error).__name__})"
        raise BadError(what) from None
    as_stored = hashlib.sha256(body).hexdigest() == page.sha256 and len(body) == page.size
    if not as_stored or not unpack.eof or unpack.unused_data or not _as_packed(packed):
        what = f"{name} has been altered"
        raise BadError(what)
    return body


def _as_packed(packed: bytes) -> bool:
    """See that the bits of a packed page that unpacking does not need are as they were written.

    Its first two bytes name method and effort, its last are a checksum; between them the last
    byte is filled up with zeros, whoever packed it.
    """
    last = packed[-5]
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    unpack.decompress(packed[2:-5])
    without = unpack.copy()
    highest = 1 << (last.bit_length() - 1) if last else 0
    try:
        same = without.decompress(bytes([last ^ highest])) == unpack.decompress(bytes([last]))
    except zlib.error:
        same = False
    return packed[:2] == _HEADER and not (highest and same and without.eof)


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
    artefacts = store.journey.artefacts()
    for path, kind, sha, size in artefacts:
        check_file_on_disk(folder, path, sha=sha, size=size, kind=kind)
    check_artefact_rows(store, told)
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
    fates = dict(store.audit.fates())
    if told.cleared:
        if fates:
            what = "the ledger says that all was taken back out, and outcomes are listed"
            raise BadError(what)
        return f"taken back out of Odoo{_rolled_back(told)}; nothing is claimed"
    fault = store.audit.fate_fault()
    if fault is not None:
        what = "{} {} {}".format(*fault)
        raise BadError(what)
    for resource, count in sorted(fates.items()):
        if count > told.outcomes.get(resource, 0):
            what = f"{resource}: {count} fates are listed, the ledger tells of fewer"
            raise BadError(what)
    if not store.proof.sums_hold():
        what = "the sums that are kept are not those of the records and fates listed"
        raise BadError(what)
    sums = balance(store)
    for terms in sums.every:
        if terms.unresolved < 0:
            what = f"{terms.name}: more fates than records"
            raise BadError(what)
    if final and not sums.closes:
        open_terms = [t.name for t in sums.every if not t.closes]
        what = f"the run says it is finished, and these do not close: {', '.join(open_terms)}"
        raise BadError(what)
    distinct = sum(terms.distinct for terms in sums.resources)
    return f"{distinct} distinct records, {sums.files.distinct} files, unresolved {sums.unresolved}"


def _rolled_back(told: Told) -> str:
    counts = [f"{count} {name}" for name, count in sorted(told.rolled_back.items())]
    return f" ({', '.join(counts)})" if counts else ""
