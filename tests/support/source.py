"""The workbench's client of a simulated PracticeHub, as fast as the machine can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.practicehub import Client, Pace
from workbench.sandbox.practicehub import PracticeHubConnection


def client(
    connection: PracticeHubConnection, folder: Path, *, per_second: float = 1000,
    **more: Any,  # noqa: ANN401 - the client's own arguments
) -> Client:  # fmt: skip
    """Open a client; its pace is kept in the run folder `folder`.

    Args:
        connection: the account.
        folder: of the run.
        per_second: requests a second.
        more: arguments of the client; they come before the account's own.
    """
    settings = {"api_key": connection.api_key, **more}
    return Client(
        base_url=connection.base_url, app_details=connection.app_details,
        pace=Pace(folder / "pace.lock", per_second=per_second), **settings,
    )  # fmt: skip
