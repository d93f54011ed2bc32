"""How a person looks on a screen that may be saved.

A masked value keeps its kind and rough shape, never its content. Equal values of one run
look the same, so that a reader still sees that two cells agree; the mark is keyed with a
secret of the run, so that nobody can find a name by trying names.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from workbench.state import Store

_META = "masking_key"


class Masker:
    """Masks values of one run, the same value always the same way."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, store: Store) -> Masker:
        """Use the run's key; the first call makes it (it stays in the state file)."""
        held = store.journey.meta(_META)
        if held is None:
            with store.transaction():
                held = store.journey.meta(_META)  # another process may have been faster
                if held is None:
                    held = secrets.token_hex(16)
                    store.journey.set_meta(_META, held)
        return cls(bytes.fromhex(held))

    def __call__(self, value: object) -> str:
        """Mask a value: its length in characters and a mark of four hexadecimal digits."""
        if value is None or value is False or value == "":
            return "empty"
        if isinstance(value, bool):
            return "yes"
        text = str(value)
        mark = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"{len(text)} characters ·{mark.hexdigest()[:4]}"


def plain(value: object) -> str:
    """Show a value as it is: only where a person asked for patient data on the screen."""
    return "empty" if value is None or value is False or value == "" else str(value)
