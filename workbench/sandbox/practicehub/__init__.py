"""A simulator of the PracticeHub REST API, in a process of its own, over a synthetic clinic."""

from __future__ import annotations

from workbench.sandbox.practicehub.connection import Control, PracticeHubConnection
from workbench.sandbox.practicehub.process import down, running, status, up
from workbench.sandbox.practicehub.switches import Switches

__all__ = [
    "Control",
    "PracticeHubConnection",
    "Switches",
    "down",
    "running",
    "status",
    "up",
]
