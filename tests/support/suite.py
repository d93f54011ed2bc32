"""Runs the suite on two workers, and takes down what the suite brought up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.support.odoo import INSTANCE, KEPT
from workbench.sandbox import control


def main(arguments: list[str]) -> int:
    """Run pytest with the arguments given.

    Returns:
        pytest's exit code. A test that was skipped in CI counts as failed.
    """
    os.environ["WORKBENCH_SANDBOX_INSTANCE"] = INSTANCE  # never anybody else's sandbox
    # a job in the background is born deaf to Ctrl-C, and would hand that on to every test
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environment = {**os.environ, KEPT: "1"}
    command = [sys.executable, "-m", "pytest", "--numprocesses=2", "--dist=loadgroup", *arguments]
    try:
        return subprocess.call(command, env=environment)
    finally:
        control.down("")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
