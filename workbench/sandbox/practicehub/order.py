"""What a simulator process is told when it starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.sandbox.cache import write_private
from workbench.sandbox.clinic import Vocabulary


@dataclass(frozen=True, slots=True)
class Parameters:
    """Which clinic to simulate, and how fast it answers; equal ones need no restart.

    Attributes:
        vocabulary: which field names the records use.
        patients: how many patients.
        seed: what the clinic is drawn from.
        rate: requests a second allowed; 0: no limit.
        files: documents, files and PDFs exist.
        latency: seconds an answer of the API takes; see `Switches`.
        code: fingerprint of the simulator's own source.
    """

    vocabulary: Vocabulary
    patients: int
    seed: int
    rate: float
    files: bool
    latency: float
    code: str

    def as_json(self) -> dict[str, object]:
        """Give the parameters as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """A clinic, its secrets and its ports (API, file host, control; 0: any free one).

    `parent` is the process with which the simulator ends; 0: it outlives who started it.
    """

    parameters: Parameters
    api_key: str
    control_token: str
    ports: tuple[int, int, int]
    parent: int

    def write(self, path: Path) -> None:
        """Write the order for the process to read; only its owner may."""
        write_private(path, json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Order:
        """Read an order."""
        told = json.loads(path.read_text(encoding="utf-8"))
        first, second, third = told["ports"]
        return cls(
            parameters=Parameters(**told["parameters"]),
            api_key=told["api_key"],
            control_token=told["control_token"],
            ports=(first, second, third),
            parent=told["parent"],
        )
