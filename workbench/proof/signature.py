"""The signature of a seal: made and checked by OpenSSH, which every clinic's machine has.

The file is what `ssh-keygen -Y sign -n practicehub-odoo-workbench -f KEY seal.json` leaves, so a
second person can sign by that alone. It carries the public key; a private key is never read here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from workbench.errors import EvidenceError, UsageError
from workbench.proof.checks import BadError

NAMESPACE = "practicehub-odoo-workbench"
"""What the signature is for: one made for anything else does not count."""

SUFFIX = ".sig"
_PATIENCE = 60
"""Seconds that ssh-keygen may take: a key on a token waits for a finger."""
_KEY_WORDS = ("ssh-", "ecdsa-", "sk-")
_SIGNED_BY = "signer"


class _Answer(NamedTuple):
    ok: bool
    words: str


def sign(file: Path, *, key: Path) -> str:
    """Sign a file; the signature lies beside it. Returns the key's fingerprint.

    Args:
        file: what is signed.
        key: a private key without a passphrase, or a public one whose private half an SSH
            agent holds.

    Raises:
        EvidenceError: there is no ssh-keygen or no such key, or it could not sign. The file
            stays, and has no signature.
    """
    target = file.with_name(file.name + SUFFIX)
    target.unlink(missing_ok=True)
    if not key.is_file():
        what = f"The key that is to sign, {key}, is not there."
        raise EvidenceError(what, do="Correct evidence.signing_key, or make it empty.")
    try:
        told = _run("sign", "-n", NAMESPACE, "-f", str(key), str(file))
        if told.ok and target.is_file():
            target.chmod(0o600)
            return check(file, signer=None)
    except BadError as bad:
        what = f"{file.name} could not be signed: {bad}."
        raise EvidenceError(what, do=_DO) from None
    what = f"{file.name} could not be signed with {key.name}."
    raise EvidenceError(what, do=_DO)


_DO = (
    "See that OpenSSH is installed, and that the key has no passphrase or is held by the SSH "
    "agent; then run again."
)


def check(file: Path, *, signer: Path | None) -> str:
    """Check a file's signature; returns the fingerprint of the key that made it.

    Args:
        file: what was signed.
        signer: whose signature it must be: a public key, or a file of allowed signers as
            OpenSSH has it. None: any, so only that the file is what was signed.

    Raises:
        BadError: it cannot be checked, is not of this file, or is not the signer's.
    """
    signature = file.with_name(file.name + SUFFIX)
    with tempfile.TemporaryDirectory(prefix="workbench-signer-") as place:
        found = _run("check-novalidate", "-n", NAMESPACE, "-s", str(signature), signed=file)
        if not found.ok:
            what = f"{signature.name} is not a signature of {file.name}"
            raise BadError(what)
        if signer is not None:
            allowed = _allowed(signer, Path(place))
            _demand_signer(file, signature, allowed)
    # "Good "…" signature with ED25519 key SHA256:…"
    words = found.words.split()
    return words[-1] if words else "an unnamed key"


def read_signer(signer: Path) -> None:
    """See that a file can say who may sign.

    Raises:
        UsageError: it is not there or holds no public key.
    """
    try:
        text = signer.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if not any(word in text for word in _KEY_WORDS) or "PRIVATE KEY" in text:
        what = f"{signer} holds no public key."
        raise UsageError(what, do="Name a public key (….pub) or a file of allowed signers.")


def _allowed(signer: Path, place: Path) -> Path:
    """Give a file of allowed signers; a plain public key becomes one."""
    text = signer.read_text(encoding="utf-8")
    if not text.startswith(_KEY_WORDS):
        return signer
    made = place / "allowed_signers"
    made.write_text("".join(f"{_SIGNED_BY} {line}\n" for line in text.splitlines() if line.strip()),
                    encoding="utf-8")  # fmt: skip
    return made


def _demand_signer(file: Path, signature: Path, allowed: Path) -> None:
    who = _run("find-principals", "-s", str(signature), "-f", str(allowed))
    names = who.words.split("\n")[0].strip()
    for name in filter(None, names.split(",")):
        told = _run("verify", "-f", str(allowed), "-I", name, "-n", NAMESPACE,
                    "-s", str(signature), signed=file)  # fmt: skip
        if told.ok:
            return
    what = f"{signature.name} was not made by the signer who was named"
    raise BadError(what)


def _run(verb: str, *arguments: str, signed: Path | None = None) -> _Answer:
    program = shutil.which("ssh-keygen")
    if program is None:
        what = "ssh-keygen is not installed"
        raise BadError(what)
    try:
        told = subprocess.run(
            [program, "-Y", verb, *arguments], input=signed.read_bytes() if signed else b"",
            capture_output=True, timeout=_PATIENCE, check=False, start_new_session=True,
            # nobody sits in front of a notebook that is run headless
            env={**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        what = "ssh-keygen did not answer"
        raise BadError(what) from None
    return _Answer(told.returncode == 0, told.stdout.decode("utf-8", "replace"))
