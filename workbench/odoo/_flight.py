"""One call to Odoo under way, while this process gets on with something else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Flight:
    """A call that was recorded, is sent at once, and whose answer is fetched later.

    Its thread is nobody's to wait for when the tool is interrupted: the call then counts as
    one whose answer was lost, which the next start settles.

    Args:
        operation: what it was recorded as.
        work: the call.
    """

    def __init__(self, operation: int, work: Callable[[], dict[str, Any]]) -> None:
        self.operation = operation
        self.seconds = 0.0
        self._future: Future[dict[str, Any]] = Future()
        threading.Thread(target=self._fly, args=(work,), name="odoo call", daemon=True).start()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer, and give it; `seconds` then says how long it took.

        Raises:
            DestinationError: whatever the call raised.
        """
        return self._future.result()

    def _fly(self, work: Callable[[], dict[str, Any]]) -> None:
        began = time.monotonic()
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001  # raised again where the answer is fetched
            self._future.set_exception(error)
            return
        self.seconds = time.monotonic() - began
        self._future.set_result(answer)
