"""A helper process that forks who is to be killed, and those who give it orders.

Orders and answers are one JSON object a line. Starting Python anew for each kill would take
most of an hour; a fork has everything imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; give its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - a forked child ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(child: int) -> int:
    """Wait for a child; give its exit code, minus the signal's number where one ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def obey(do: Callable[[Json], Json]) -> None:
    """Read orders and write answers until the orders end."""
    assert threading.active_count() == 1, "only a process of one thread can be forked safely"
    for line in sys.stdin:
        sys.stdout.write(json.dumps(do(json.loads(line))) + "\n")
        sys.stdout.flush()


class Servant:
    """A helper process, seen from who gives it orders.

    Args:
        module: what it runs, with the folder as its only argument.
        folder: where it may work.
    """

    def __init__(self, module: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, order: Json) -> Json:
        """Give an order and wait for the answer.

        Raises:
            AssertionError: the helper has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the helper process has ended"
        answer: Json = json.loads(line)
        return answer

    def close(self) -> None:
        """End the helper, and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)
