"""The very start of the command line, also `python -m workbench`.

What the verbs need takes a moment to import; Ctrl-C in that moment is told in the same
sentences as later, with no traceback of whatever was being imported.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from workbench.errors import INTERRUPTED, STOPPED


def main() -> None:
    """Import the verbs and run one."""
    try:
        from workbench.cli import main as run  # noqa: PLC0415 - see the top
    except KeyboardInterrupt:
        sys.stderr.write(STOPPED + "\n")
        _leave()
    try:
        run()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _leave()
        raise
    finally:  # all is said: an impatient second Ctrl-C does not change the exit code
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave() -> NoReturn:
    """End at once with the code of Ctrl-C.

    An interrupt that went through `exec`, as in the making of a dataclass, has marked Python
    to die of the signal at its end, whoever caught it; this end comes before that.
    """
    sys.stderr.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
