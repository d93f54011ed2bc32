"""Signed links to file bytes, as an object store makes them: whoever holds one may read."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlencode

ACCOUNT = "4711"
_FORMAT = "%Y%m%dT%H%M%S.%fZ"


class Verdict(StrEnum):
    """What the file host thinks of a link."""

    GOOD = "good"
    EXPIRED = "expired"
    FORGED = "forged"


class Signer:
    """Makes and checks links with a secret that lives as long as the process."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self._secret = secrets.token_bytes(32)

    def link(self, key: str, *, seconds: float, now: datetime | None = None) -> str:
        """Make a link to the object `key` (`entity/object`) that lives for `seconds`."""
        path = f"/{ACCOUNT}/{key}"
        made = (now or datetime.now(UTC)).strftime(_FORMAT)
        life = f"{seconds:g}"
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Date": made,
                "X-Amz-Expires": life,
                "X-Amz-Signature": self._sign(path, made, life),
            }
        )
        return f"{self.base}{path}?{query}"

    def check(self, path: str, query: Mapping[str, str], *, at_most: float) -> Verdict:
        """Judge a request for `path`; no link lives longer than `at_most` seconds."""
        made, life = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
        wanted = self._sign(path, made, life)
        shown = query.get("X-Amz-Signature", "")
        if not hmac.compare_digest(wanted.encode(), shown.encode()):  # text must be ASCII there
            return Verdict.FORGED
        age = datetime.now(UTC) - datetime.strptime(made, _FORMAT).replace(tzinfo=UTC)
        if age.total_seconds() >= min(float(life), at_most):
            return Verdict.EXPIRED
        return Verdict.GOOD

    def _sign(self, path: str, made: str, life: str) -> str:
        text = f"{path}\n{made}\n{life}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
