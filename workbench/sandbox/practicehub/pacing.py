"""The account's rate limit, enforced when a request arrives."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Gate:
    """Lets requests in at a rate, measured from start to start.

    A request may come `jitter` seconds early, because arrival is noticed a little after the
    fact; what it was early by is owed by the next one, so that the long-run rate is exact.
    """

    due: float = -math.inf

    def arrive(self, now: float, *, rate: float, jitter: float, refused_counts: bool) -> float:
        """Let a request in, or say how many seconds too early it came.

        Args:
            now: seconds of a clock that only goes forward.
            rate: requests a second; 0: no limit.
            jitter: seconds forgiven.
            refused_counts: a refused request starts the waiting time anew.

        Returns:
            0.0 when let in, else the seconds until the next one may come.
        """
        if rate == 0:
            return 0.0
        gap = 1 / rate
        if now < self.due - jitter:
            if refused_counts:
                self.due = max(self.due, now + gap)
            return self.due - now
        self.due = max(self.due, now) + gap
        return 0.0
