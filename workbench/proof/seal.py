"""The seal of a run: one small file that fixes everything the run holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path

from workbench.errors import EvidenceError
from workbench.private import write_private
from workbench.proof.balance import balance
from workbench.proof.checks import BadError
from workbench.proof.evidence import blob_digests, check_file_on_disk
from workbench.proof.told import Told, replay
from workbench.state import Entry, Store, digest, sha256

SEAL = "seal.json"
FORMAT = 1
LOOSE = ("mapping.yaml", "migration.toml")
"""Files of the run folder that are sealed whether or not they were noted as artefacts."""

CHANGED_BY = {
    "outcomes": ("outcomes", "outcomes cleared"),
    "links": ("operation done", "operation refused", "operation unknown", "removed"),
    "decisions": ("asked", "decided", "withdrawn"),
    "verdicts": ("compared",),
    "issues": ("issues listed", "issues withdrawn"),
    "balance": ("outcomes", "outcomes cleared", "page stored", "gone", "file held",
                "file missing", "file refused", "file pending", "resource absent"),
    "migration.toml": ("configured", "artefact"),
    "mapping.yaml": ("document", "artefact"),
}  # fmt: skip
"""Which events of the ledger rightly change what a seal fixed."""


def seal(
    run_folder: Path, store: Store, *, versions: Mapping[str, str], hashes: Mapping[str, str]
) -> Path:
    """Seal the run as it stands and return the path of seal.json.

    The ledger gets a row "sealed" that carries the hash of what is sealed; its own hash
    is the head that the seal names, so neither can be changed without the other. Sealing
    again what has not changed adds nothing.

    Args:
        run_folder: the run's folder.
        store: its state.
        versions: of what made it: "workbench", "python", "odoo" and the like.
        hashes: of what it was made on: "config", "mapping", "schema".

    Raises:
        EvidenceError: an executed notebook or report is missing or was altered: there
            would be nothing true to seal.
    """
    for path, kind, sha, size in store.journey.artefacts():
        try:
            check_file_on_disk(run_folder, path, sha=sha, size=size, kind=kind)
        except BadError as bad:
            what = f"The run cannot be sealed: {bad}."
            raise EvidenceError(what) from None
    target = run_folder / SEAL
    with store.transaction():
        entries = list(store.ledger.entries())
        told = replay(entries)
        body = {
            "format": FORMAT,
            "versions": dict(versions),
            "hashes": dict(hashes),
            "balance": balance(store).as_json(),
            "artefacts": {
                path: {"kind": kind, "sha256": sha, "size": size}
                for path, kind, sha, size in store.journey.artefacts()
            },
            "loose": _loose(run_folder),
            "blobs": {
                name: {"count": count, "digest": digest(listed)}
                for name, (count, listed) in blob_digests(told).items()
            },
            "state": state_digests(store, told),
        }
        hashed = digest(body)
        if told.seals and told.seals[-1][2] == hashed and _names(target, told.seals[-1][1]):
            return target
        head = store.ledger.append("sealed", SEAL, detail={"body": hashed})
        sealed = {**body, "ledger": {"entries": told.seq + 1, "head": head}}
    # after the commit: a kill in between leaves a seal that is missing, never one that lies
    write_private(target, json.dumps(sealed, indent=1, sort_keys=True).encode() + b"\n")
    return target


def state_digests(store: Store, told: Told) -> dict[str, str]:
    """Hash the parts of the state that the ledger counts but does not spell out."""
    return {
        "outcomes": digest([list(astuple(one)) for one in store.proof.outcomes()]),
        "links": digest(sorted(list(astuple(link)) for link in store.destination.links())),
        "decisions": digest([
            [one.subject, one.basis, one.choice, one.comment, one.decided_by, one.decided_at]
            for one in store.decisions.questions()
        ]),
        "verdicts": digest([
            list(astuple(one)) for scope in sorted(told.compared)
            for one in store.proof.verdicts(scope)
        ]),
        "issues": digest([list(astuple(one)) for one in store.staging.issues()]),
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


def check_seal(run_folder: Path, store: Store, told: Told, *, entries: list[Entry]) -> str:
    """See that the seal is the one the ledger tells of, and that what it fixed still stands.

    What the ledger tells of having changed after the sealing may differ, nothing else.
    """
    sealed = read_seal(run_folder)
    if sealed is None:
        if told.seals:
            what = f"the ledger tells of a seal, and {SEAL} is missing"
            raise BadError(what)
        return "not sealed yet"
    ledger = sealed.pop("ledger")
    assert isinstance(ledger, dict)  # noqa: S101 - read_seal saw to it
    seq, head, hashed = _last_seal(told, str(ledger.get("head")))
    if ledger.get("entries") != seq or digest(sealed) != hashed:
        what = f"{SEAL} has been altered"
        raise BadError(what)
    later = {entry.event for entry in entries if entry.seq > seq}
    noted_later = {e.subject for e in entries if e.seq > seq and e.event == "artefact"}
    then = replay(entries, until=seq)
    for name, (count, listed) in blob_digests(then).items():
        if _at(sealed, "blobs", name) != {"count": count, "digest": digest(listed)}:
            what = f"the {name} are not those that were sealed"
            raise BadError(what)
    _check_sealed_files(run_folder, sealed, later=later, noted_later=noted_later)
    now = {**state_digests(store, told), "balance": digest(balance(store).as_json())}
    fixed = {**_dict(sealed["state"]), "balance": digest(sealed["balance"])}
    for name, value in fixed.items():
        if now.get(name) != value and later.isdisjoint(CHANGED_BY.get(name, ())):
            what = f"the {name} are not those that were sealed"
            raise BadError(what)
    after = told.seq - seq
    return f"sealed at entry {seq}, head {head[:16]}…; {after} entries since"


def _last_seal(told: Told, head: str) -> tuple[int, str, str]:
    for seal_row in told.seals:
        if seal_row[1] == head:
            if seal_row != told.seals[-1]:
                what = f"{SEAL} is an old one: the ledger tells of a later one"
                raise BadError(what)
            return seal_row
    what = f"the head that {SEAL} names is not in the ledger: entries are missing at its end"
    raise BadError(what)


def _check_sealed_files(
    folder: Path, sealed: Mapping[str, object], *, later: set[str], noted_later: set[str]
) -> None:
    for path, noted in _dict(sealed["artefacts"]).items():
        if path in noted_later:
            continue  # written anew since; the check of artefacts holds it to its newest hash
        one = _dict(noted)
        check_file_on_disk(
            folder, path, sha=str(one["sha256"]), size=int(str(one["size"])), kind=str(one["kind"])
        )
    for path, noted in _dict(sealed["loose"]).items():
        if later.isdisjoint(CHANGED_BY.get(path, ())):
            one = _dict(noted)
            check_file_on_disk(
                folder, path, sha=str(one["sha256"]), size=int(str(one["size"])), kind="file"
            )


def _loose(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in LOOSE:
        path = folder / name
        if path.is_file():
            content = path.read_bytes()
            found[name] = {"sha256": sha256(content), "size": len(content)}
    return found


def _names(target: Path, head: str) -> bool:
    try:
        sealed = read_seal(target.parent)
    except BadError:
        return False
    return sealed is not None and _at(sealed, "ledger", "head") == head


def _at(body: Mapping[str, object], *path: str) -> object:
    value: object = body
    for name in path:
        value = _dict(value).get(name)
    return value


def _dict(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        what = "not an object"
        raise TypeError(what)
    return value
