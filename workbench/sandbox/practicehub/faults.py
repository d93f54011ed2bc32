"""Faults on order: rules that spoil some of the answers, once or several times."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What can go wrong with an answer."""

    STATUS = "status"  # the status of the rule, 500 by default
    RATE = "429"  # refused although the pace was kept
    RESET = "reset"  # the connection is reset before any byte
    RESET_MIDWAY = "reset-midway"  # ... after half the body
    TRUNCATE = "truncate"  # the connection closes before the promised length is reached
    HALF_JSON = "half-json"  # a complete answer whose body breaks off
    NOT_JSON = "not-json"  # 200 with a page of HTML
    EMPTY = "empty"  # 200 with nothing
    SLOW = "slow"  # the right answer, `seconds` late
    IGNORE_FILTERS = "ignore-filters"  # the right form, the whole list
    WRONG_BYTES = "wrong-bytes"  # file host: as many bytes, but others


class Rule(BaseModel):
    """When to spoil an answer, and how.

    Attributes:
        fault: what goes wrong.
        where: at the API or at the file host.
        path: resource path such as "/patients" (file host: any part of the path); None: all.
        page: only this page of a list; None: all.
        request: only the request with this number since the counters were reset, from 1.
        after: matching requests to let pass first.
        every: spoil each n-th match only.
        times: how often; None: until cleared.
        status: for the fault "status".
        seconds: for the fault "slow".
        retry_after: value of `Retry-After`; None: none is sent.
    """

    model_config = ConfigDict(extra="forbid")

    fault: FaultKind
    where: Literal["api", "files"] = "api"
    path: str | None = None
    page: int | None = None
    request: int | None = None
    after: int = Field(default=0, ge=0)
    every: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int = Field(default=500, ge=400, le=599)
    seconds: float = Field(default=2.0, ge=0)
    retry_after: str | None = None
    matched: int = 0
    done: int = 0

    def strikes(self, *, where: str, path: str, page: int | None, request: int) -> bool:
        """Say whether this request is to be spoiled, and count it."""
        here = self.where == where and (
            self.path is None or (path == self.path if where == "api" else self.path in path)
        )
        if not here or (self.page is not None and page != self.page):
            return False
        if self.request is not None and request != self.request:
            return False
        if self.times is not None and self.done >= self.times:
            return False
        self.matched += 1
        if self.matched <= self.after or (self.matched - self.after - 1) % self.every:
            return False
        self.done += 1
        return True


class Faults:
    """The rules in force, first match first."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Put a rule after the ones in force."""
        self.rules.append(rule)

    def clear(self) -> None:
        """Forget every rule."""
        self.rules.clear()

    def strike(self, *, where: str, path: str, page: int | None, request: int) -> Rule | None:
        """Find the rule that spoils this request, if one does."""
        for rule in self.rules:
            if rule.strikes(where=where, path=path, page=page, request=request):
                return rule
        return None
