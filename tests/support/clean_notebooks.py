"""Refuses notebooks that are committed with outputs, counts or widget state."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_EXTRA = "metadata.papermill cell.metadata.papermill metadata.language_info metadata.widgets"


def main() -> int:
    """Verify every notebook; exit 1 and name those that are not clean."""
    found = sorted(str(path) for path in Path("notebooks").glob("*.ipynb"))
    command = [sys.executable, "-m", "nbstripout", "--verify", "--keep-id",
               "--extra-keys", _EXTRA, *found]  # fmt: skip
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
