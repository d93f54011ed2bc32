"""One spelling of a JSON value, so that equal things have equal hashes."""

from __future__ import annotations

import hashlib
import json

_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> str:
    """Write a JSON value with sorted keys and no spaces; numbers stay as they are.

    Raises:
        TypeError: the value is not JSON (the caller's mistake, never a clinic's).
    """
    return _PLAIN.encode(value)


def digest(value: object) -> str:
    """Hash a JSON value: SHA-256 of its canonical spelling, hexadecimal."""
    return sha256(canonical(value).encode("utf-8", "surrogatepass"))


def sha256(data: bytes) -> str:
    """Hash bytes: SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()
