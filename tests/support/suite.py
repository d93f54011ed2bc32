"""Runs the suite on two workers, and takes down what the suite brought up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from workbench.sandbox import control

_NO_TESTS = 5


def main(arguments: list[str]) -> int:
    """Run pytest; in CI, and with --all, a skipped test is a failure.

    Returns:
        pytest's exit code, or 1 where tests were skipped in CI.
    """
    everything = "--all" in arguments
    environment = {**os.environ, "WORKBENCH_TEST_ALL": "1" if everything else ""}
    report = Path(".pytest_cache") / "suite.xml"
    command = [sys.executable, "-m", "pytest", "--numprocesses=2", "--dist=loadgroup",
               f"--junitxml={report}", *(a for a in arguments if a != "--all")]  # fmt: skip
    try:
        code = subprocess.call(command, env=environment)
    finally:
        control.down("")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
