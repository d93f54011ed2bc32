"""The seal of a run: one small file that fixes everything the run holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import EvidenceError
from workbench.private import write_private
from workbench.proof import signature
from workbench.proof.balance import balance
from workbench.proof.checks import BadError
from workbench.proof.evidence import check_file_on_disk
from workbench.proof.told import Sealed, Told, replay
from workbench.state import Store, digest

SEAL = "seal.json"
FORMAT = 2
HANDOVER = "handover"
"""A kind of artefact that names the seal, and so cannot be under it."""

_MOVING = frozenset({"artefacts"})
"""Tables that the seal does not sum up, since it lists what is in them."""


def seal(
    run_folder: Path,
    store: Store,
    *,
    versions: Mapping[str, str],
    hashes: Mapping[str, str],
    key: Path | None = None,
) -> Path:
    """Seal the run as it stands and return the path of seal.json.

    The ledger gets a row "sealed" that carries the hash of what is sealed; its own hash
    is the head that the seal names, so neither can be changed without the other. Sealing
    again what has not changed adds nothing. A new seal takes the old one's signature away.

    Args:
        run_folder: the run's folder.
        store: its state.
        versions: of what made it: "workbench", "python", "odoo" and the like.
        hashes: of what it was made on: "config", "mapping", "schema".
        key: what signs it, as `signature.sign` takes it; None: it is not signed.

    Raises:
        EvidenceError: an executed notebook or report is missing or was altered: there
            would be nothing true to seal. Or it was sealed, and could not be signed.
    """
    for path, kind, sha, size in store.journey.artefacts():
        try:
            check_file_on_disk(run_folder, path, sha=sha, size=size, kind=kind)
        except BadError as bad:
            what = f"The run cannot be sealed: {bad}."
            raise EvidenceError(what) from None
    target = run_folder / SEAL
    signed = run_folder / (SEAL + signature.SUFFIX)
    with store.transaction():
        told = replay(store.ledger.entries())
        body = _body(store, told, versions=versions, hashes=hashes)
        hashed = digest(body)
        head = told.seals[-1].head if told.seals else ""
        stands = bool(told.seals) and told.seals[-1].body == hashed and _names(target, head)
        if not stands:
            head = store.ledger.append("sealed", SEAL, detail={"body": hashed})
    if not stands:
        # after the commit: a kill in between leaves a seal that is missing, never one that lies
        sealed = {**body, "ledger": {"entries": told.seq + 1, "head": head}}
        signed.unlink(missing_ok=True)
        write_private(target, json.dumps(sealed, indent=1, sort_keys=True).encode() + b"\n")
    if key is not None and not (signed.exists() and head in told.signed):
        fingerprint = signature.sign(target, key=key)
        with store.transaction():
            store.ledger.append("signed", SEAL, detail={"head": head, "key": fingerprint})
    return target


def seal_stands(run_folder: Path, store: Store) -> bool:
    """Tell whether seal.json is there as the ledger last told; one that never was is fine."""
    told = replay(store.ledger.entries())
    return not told.seals or _names(run_folder / SEAL, told.seals[-1].head)


def _body(
    store: Store, told: Told, *, versions: Mapping[str, str], hashes: Mapping[str, str]
) -> dict[str, object]:
    blobs = {"pages": told.page_hashes(), "files": told.file_hashes()}
    return {
        "format": FORMAT,
        "versions": dict(versions),
        "hashes": dict(hashes),
        "balance": balance(store).as_json(),
        "artefacts": {
            path: {"kind": kind, "sha256": sha, "size": size}
            for path, kind, sha, size in store.journey.artefacts()
            if kind != HANDOVER
        },
        "blobs": {name: {"count": len(listed), "digest": digest(listed)}
                  for name, listed in blobs.items()},
        "tables": {table: stands for table, (stands, _seq) in sorted(told.stands.items())
                   if table not in _MOVING},
    }  # fmt: skip


def read_seal(run_folder: Path) -> dict[str, object] | None:
    """Read seal.json, or give None where the run has none.

    Raises:
        BadError: it cannot be read, or is not a seal.
    """
    try:
        content = json.loads((run_folder / SEAL).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        what = f"{SEAL} cannot be read ({type(error).__name__})"
        raise BadError(what) from None
    if not isinstance(content, dict) or not isinstance(content.get("ledger"), dict):
        what = f"{SEAL} is not a seal"
        raise BadError(what)
    return content


def check_seal(run_folder: Path, told: Told) -> str:
    """See that the seal is the one the ledger tells of last.

    What stood in the tables and files then, and what rightly changed since, the ledger tells
    row by row; the other checks hold the run to that.
    """
    sealed = read_seal(run_folder)
    if sealed is None:
        if told.seals:
            what = f"the ledger tells of a seal, and {SEAL} is missing"
            raise BadError(what)
        return "not sealed yet"
    ledger = sealed.pop("ledger")
    assert isinstance(ledger, dict)  # noqa: S101 - read_seal saw to it
    last = _last_seal(told, str(ledger.get("head")))
    spelled = json.dumps({**sealed, "ledger": ledger}, indent=1, sort_keys=True).encode() + b"\n"
    as_written = (run_folder / SEAL).read_bytes() == spelled
    if ledger != {"entries": last.seq, "head": last.head} or digest(sealed) != last.body:
        what = f"{SEAL} has been altered"
        raise BadError(what)
    if not as_written:
        what = f"{SEAL} says what was sealed, and is not the file that was written"
        raise BadError(what)
    after = told.seq - last.seq
    return f"sealed at entry {last.seq}, head {last.head}; {after} entries since"


def check_signature(run_folder: Path, told: Told, *, signer: Path | None) -> str:
    """See that the seal's signature is of this seal, and whose it is.

    Args:
        run_folder: the folder.
        told: what the ledger tells.
        signer: who must have signed, as `signature.check` takes it; None: anybody or nobody.
    """
    path = run_folder / (SEAL + signature.SUFFIX)
    key = told.signed.get(told.seals[-1].head) if told.seals else None
    if not path.exists():
        if key is not None or signer is not None:
            what = f"{path.name} is missing"
            raise BadError(what)
        return "the seal is not signed"
    fingerprint = signature.check(run_folder / SEAL, signer=signer)
    whose = "by the signer who was named" if signer else "by a key that nobody vouched for here"
    return f"the seal is signed {whose}: {fingerprint}"


def _last_seal(told: Told, head: str) -> Sealed:
    for one in told.seals:
        if one.head == head:
            if one != told.seals[-1]:
                what = f"{SEAL} is an old one: the ledger tells of a later one"
                raise BadError(what)
            return one
    what = f"the head that {SEAL} names is not in the ledger: entries are missing at its end"
    raise BadError(what)


def _names(target: Path, head: str) -> bool:
    try:
        sealed = read_seal(target.parent)
    except BadError:
        return False
    ledger = sealed.get("ledger") if sealed else None
    return isinstance(ledger, dict) and ledger.get("head") == head
