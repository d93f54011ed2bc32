"""How to reach a simulated account, and its control port."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import httpx

from workbench.errors import SandboxError
from workbench.sandbox.practicehub.controlport import TOKEN_HEADER

CONTROL_SECONDS = 30.0


@dataclass(frozen=True, slots=True, repr=False)
class PracticeHubConnection:
    """Where a simulated account is and what opens it; secrets, so it does not show itself."""

    base_url: str
    api_key: str
    app_details: str
    control_url: str
    control_token: str

    def as_json(self) -> dict[str, str]:
        """Give the connection as `workbench sandbox up --json` prints it."""
        return asdict(self)


class Control:
    """Looks at a running simulator and changes how it behaves."""

    def __init__(self, connection: PracticeHubConnection) -> None:
        self._url = connection.control_url
        self._headers = {TOKEN_HEADER: connection.control_token}

    def state(self, *, log: bool = False) -> dict[str, object]:
        """Read counters, switches and the number of records per resource.

        Args:
            log: also give the last 5,000 requests under "log", oldest first.
        """
        return self._call("GET", "state?log=1" if log else "state")

    def switches(self, **changes: object) -> dict[str, object]:
        """Set some switches (see `Switches`); the others stay. Gives all of them."""
        return self._call("POST", "switches", changes)

    def fault(self, fault: str, **rule: object) -> None:
        """Order a fault (see `FaultKind` and `Rule`), behind the ones already in force."""
        self._call("POST", "faults", {"fault": fault, **rule})

    def clear_faults(self) -> None:
        """Withdraw every fault ordered."""
        self._call("POST", "faults", {"clear": True})

    def a_day_passes(self, days: int = 1) -> dict[str, object]:
        """Let days pass in the clinic; gives what is new, changed, deleted and re-created."""
        return self._call("POST", "a-day-passes", {"days": days})

    def reset_counters(self) -> None:
        """Set every counter to zero."""
        self._call("POST", "reset-counters", {})

    def _call(
        self, method: str, verb: str, content: dict[str, object] | None = None
    ) -> dict[str, object]:
        try:
            # Loopback never goes through a proxy, whatever the environment says.
            answer = httpx.request(
                method,
                f"{self._url}/{verb}",
                headers=self._headers,
                json=content,
                timeout=CONTROL_SECONDS,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            what = f"The simulator's control port does not answer ({type(error).__name__})."
            raise SandboxError(what) from None
        if answer.is_server_error:
            what = "The simulator's control port failed; the simulator's log says why."
            raise SandboxError(what)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            what = "What answers at the simulator's control port is not the simulator."
            raise SandboxError(what)
        if answer.is_error:
            what = f"The simulator's control port refused: {told.get('message')}."
            raise SandboxError(what)
        return told
