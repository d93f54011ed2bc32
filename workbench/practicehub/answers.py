"""What an answer of PracticeHub says: its JSON, its errors' parameters, when to ask again. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from workbench.practicehub.pace import LONGEST_WAIT_SECONDS


class OddError(ValueError):
    """JSON that is whole, but whose meaning is not certain; says what is odd about it."""


def data(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Read a body as JSON, and refuse what Python would read without a word.

    Raises:
        OddError: one name twice in an object, NaN, Infinity.
        ValueError: not JSON, not UTF-8, cut off, nested too deeply, a number of over 4,300 digits.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_distinct,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except RecursionError:
        what = "nested too deeply"
        raise ValueError(what) from None


def named(body: bytes, params: Collection[str]) -> list[str]:
    """Find the parameters of ours that an error's body names; nothing else of it is told.

    Source:
        `errors`, keyed by parameter, is read by a public client.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return []
    errors = told.get("errors") if isinstance(told, dict) else None
    return sorted(set(errors) & set(params)) if isinstance(errors, dict) else []


def retry_after(headers: httpx.Headers) -> float | None:
    """Read `Retry-After` in seconds: a number, or a date counted from the answer's own.

    Nonsense, and a date where the answer has none, is None; ten minutes are the most.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,300}(\.[0-9]{1,300})?", text):
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        until, now = (_moment(one) for one in (text, headers.get("date", "")))
    except (ValueError, OverflowError):
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _moment(text: str) -> datetime:
    found = parsedate_to_datetime(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        what = "has an object with one name twice"
        raise OddError(what)
    return found


def _no_number(_text: str) -> float:
    what = "has a number that is none (NaN or Infinity)"
    raise OddError(what)


def _finite(text: str) -> float | str:
    """Read a number; one that no float holds (1e400) stays the text it was: it loses nothing."""
    number = float(text)
    return text if math.isinf(number) else number
