"""P4, signed: who sealed a run can be told from who could have."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import small_run as made
from tests.support.forging import alter, bad, retell
from workbench.errors import EvidenceError, UsageError
from workbench.proof import read_signer, seal, verify
from workbench.proof.signature import NAMESPACE
from workbench.state import Store


def key_of(folder: Path, name: str) -> Path:
    """Make a key as a person would, without a passphrase."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example.org",
                    "-f", key], check=True)  # fmt: skip
    return key


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder outside the run with the keys of two people."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("noor", "else"):
        key_of(folder, name)
    return folder


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Path:
    """Give a run that Noor's key sealed; nobody writes to it."""
    folder = tmp_path_factory.mktemp("sealed") / "run"
    folder.mkdir()
    store = made.small_run(folder)
    seal(folder, store, versions=made.VERSIONS, hashes=made.HASHES, key=keys / "noor")
    store.close()
    return folder


@pytest.fixture
def signed(tmp_path: Path, sealed: Path) -> Path:
    """Give a copy of that run."""
    return shutil.copytree(sealed, tmp_path / "run")


def line(folder: Path, *, signer: Path | None = None) -> str:
    """Give what verifying says of the signature."""
    return next(one for one in verify(folder, signer=signer).lines() if "signature" in one)


def test_a_signed_seal_verifies_and_says_which_key(signed: Path, keys: Path) -> None:
    """The signature is checked without being asked for, and against the key that is named."""
    found = verify(signed)
    named = verify(signed, signer=keys / "noor.pub")

    assert found.ok, found.lines()
    assert named.ok, named.lines()
    assert "a key that nobody vouched for here: SHA256:" in line(signed)
    assert "by the signer who was named: SHA256:" in line(signed, signer=keys / "noor.pub")
    assert (signed / "seal.json.sig").stat().st_mode & 0o777 == 0o600


def test_allowed_signers_are_read_as_openssh_has_them(signed: Path, keys: Path) -> None:
    """A clinic that keeps a list of who may sign checks against its list."""
    noor, other = ((keys / f"{name}.pub").read_text() for name in ("noor", "else"))
    good, bad_list = keys / "good", keys / "bad"
    good.write_text(f'else@example.org {other}noor@example.org namespaces="{NAMESPACE}" {noor}')
    bad_list.write_text(f'noor@example.org namespaces="git" {noor}else@example.org {other}')

    assert verify(signed, signer=good).ok
    assert "was not made by the signer" in bad(verify(signed, signer=bad_list))


def test_another_persons_key_is_refused(signed: Path, keys: Path) -> None:
    """A seal that somebody else signed is not the one that was waited for."""
    assert bad(verify(signed, signer=keys / "else.pub")) == (
        "signature: seal.json.sig was not made by the signer who was named"
    )


def test_a_signature_made_by_hand_counts_as_well(signed: Path, keys: Path) -> None:
    """A second person signs with OpenSSH alone, as the documentation says."""
    (signed / "seal.json.sig").unlink()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", keys / "else",
                    signed / "seal.json"], check=True, capture_output=True)  # fmt: skip

    assert verify(signed, signer=keys / "else.pub").ok


def test_a_signature_for_another_purpose_does_not_count(signed: Path, keys: Path) -> None:
    """What somebody signed for something else cannot be put beside a seal."""
    (signed / "seal.json.sig").unlink()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", keys / "noor",
                    signed / "seal.json"], check=True, capture_output=True)  # fmt: skip

    assert bad(verify(signed)) == "signature: seal.json.sig is not a signature of seal.json"


def test_a_chain_and_a_seal_made_anew_are_found_by_the_signature(signed: Path, keys: Path) -> None:
    """Whoever forges everything consistently, down to the seal, cannot sign it."""
    signature = (signed / "seal.json.sig").read_bytes()
    alter(signed, "DELETE FROM ledger WHERE event IN ('sealed', 'signed')",
          "UPDATE ledger SET actor='Else Dorn' WHERE event='decided'",
          "UPDATE decisions SET decided_by='Else Dorn'")  # fmt: skip
    retell(signed)
    store = Store(signed / "state.sqlite")
    seal(signed, store, versions=made.VERSIONS, hashes=made.HASHES)
    store.close()
    assert verify(signed).ok, verify(signed).lines()
    (signed / "seal.json.sig").write_bytes(signature)

    assert bad(verify(signed)) == "signature: seal.json.sig is not a signature of seal.json"
    assert not verify(signed, signer=keys / "noor.pub").ok


def test_a_signature_taken_away_is_missed(signed: Path, keys: Path) -> None:
    """The ledger tells that the seal was signed; a signer who is named is waited for."""
    (signed / "seal.json.sig").unlink()

    assert bad(verify(signed)) == "signature: seal.json.sig is missing"
    assert bad(verify(signed, signer=keys / "noor.pub")) == "signature: seal.json.sig is missing"


def test_a_new_seal_takes_the_old_signature_away(signed: Path) -> None:
    """What was signed is no more; nobody signed what is there now."""
    store = Store(signed / "state.sqlite")
    store.journey.set_document("mapping", {"rows": 2})
    seal(signed, store, versions=made.VERSIONS, hashes=made.HASHES)
    store.close()

    assert not (signed / "seal.json.sig").exists()
    assert verify(signed).ok


def test_signing_again_what_has_not_changed_adds_nothing(signed: Path, keys: Path) -> None:
    """Sealing is safe to repeat with a key too."""
    store = Store(signed / "state.sqlite")
    before, head = (signed / "seal.json.sig").read_bytes(), store.ledger.head()

    seal(signed, store, versions=made.VERSIONS, hashes=made.HASHES, key=keys / "noor")

    assert (signed / "seal.json.sig").read_bytes() == before
    assert store.ledger.head() == head
    store.close()


def test_no_private_key_is_kept_in_the_run(signed: Path, keys: Path) -> None:
    """The folder has the signature, which carries the public key, and nothing else of it."""
    secret = (keys / "noor").read_text().splitlines()[1:-1]

    for path in signed.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(part.encode() in content for part in secret)


def test_a_key_that_cannot_sign_is_named_and_the_seal_stands(tmp_path: Path, keys: Path) -> None:
    """A missing key, or one with a passphrase, is said; the run is sealed, and not signed."""
    locked = keys / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a secret", "-f", locked],
                   check=True)  # fmt: skip
    store = made.small_run(tmp_path, sealed=False)
    for key, named in ((keys / "nobody", "is not there"), (locked, "could not be signed")):
        with pytest.raises(EvidenceError, match=named):
            seal(tmp_path, store, versions=made.VERSIONS, hashes=made.HASHES, key=key)
    store.close()

    assert (tmp_path / "seal.json").exists()
    assert not (tmp_path / "seal.json.sig").exists()


def test_without_openssh_a_signature_is_not_taken_on_trust(
    signed: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be checked is not said to hold; nothing else is the worse for it."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    found = verify(signed)

    assert bad(found) == "signature: ssh-keygen is not installed"
    assert [check.name for check in found.checks if not check.ok] == ["signature"]
    store = Store(signed / "state.sqlite")
    store.journey.set_document("mapping", {"rows": 3})
    with pytest.raises(EvidenceError, match="ssh-keygen is not installed"):
        seal(signed, store, versions=made.VERSIONS, hashes=made.HASHES, key=keys / "noor")
    store.close()


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN OPENSSH PRIVATE KEY-----\nssh-\n"])
def test_a_signer_must_be_a_public_key(tmp_path: Path, text: str) -> None:
    """What names nobody is a mistake of usage, not of the evidence."""
    path = tmp_path / "signer.pub"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match="holds no public key"):
        read_signer(path)
    with pytest.raises(UsageError):
        read_signer(tmp_path / "nowhere.pub")
