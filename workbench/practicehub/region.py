"""Where an account lives: its address given, spelt out of account and region, or found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from workbench.config import REGIONS, PracticeHubConfig
from workbench.errors import (
    ConfigError,
    SecretError,
    SourceAuthError,
    SourceRefusedError,
    SourceRegionError,
    SourceShapeError,
    SourceUnreachableError,
)
from workbench.practicehub.client import Client
from workbench.practicehub.pace import Pace

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def open_client(
    config: PracticeHubConfig,
    *,
    api_key: str,
    folder: Path,
    on_request: Callable[[float], None] = lambda _seconds: None,
    known: str | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """Open the client for a run's account, finding its region where it is `auto`.

    `Client.base_url` tells where it went; handed back as `known` on a later opening it
    saves the four requests that finding a region takes. The key is sent to a host below
    practicehub.io, or to the `base_url` a person wrote, and to nothing else.

    Args:
        config: the `[practicehub]` section.
        api_key: the key itself.
        folder: the run folder; its `pace.lock` is what all processes share.
        on_request: see `Client`.
        known: the address found earlier; used only where region is `auto`.
        transport: in place of the network, for tests.

    Raises:
        SourceRegionError: region is `auto` and none of the four knows the account.
        SourceAuthError: a region knows the account and refuses the key.
        SecretError: the key holds what no header can: it was not copied as it is.
        ConfigError: `base_url` would send the key in the clear, or `app_details` is no ASCII.
    """
    if not _fits_a_header(api_key):
        what = "The PracticeHub key holds a letter, a space or a line break that no key has."
        raise SecretError(what, do="Copy the key anew from PracticeHub, and nothing around it.")
    if not _fits_a_header(config.app_details.replace(" ", "")):
        what = "app_details holds a letter beyond plain ASCII, which no request can carry."
        raise ConfigError(what)
    pace = Pace(folder / "pace.lock", per_second=config.requests_per_second)

    def opened(base_url: str, *, attempts: int = 8) -> Client:
        return Client(
            base_url=base_url,
            api_key=api_key,
            app_details=config.app_details,
            pace=pace,
            on_request=on_request,
            page_size=config.page_size,
            attempts=attempts,
            transport=transport,
        )

    if config.base_url:
        return opened(_guarded(config.base_url))
    addresses = [f"https://{config.account}.{region}.practicehub.io/api" for region in REGIONS]
    if config.region != "auto":
        return opened(addresses[REGIONS.index(config.region)])
    if known in addresses:
        return opened(known)
    return opened(_found(addresses, lambda address: opened(address, attempts=1)))


def _fits_a_header(text: str) -> bool:
    return all("!" <= letter <= "~" for letter in text)


def _guarded(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        what = "base_url is not https, so the key would travel in the clear."
        raise ConfigError(what)
    return base_url


def _found(addresses: list[str], opened: Callable[[str], Client]) -> str:
    refused: SourceAuthError | None = None
    for address in addresses:
        with opened(address) as client:
            try:
                client.get("/patients", {"page": "1", "page_size": "1"})
            except SourceAuthError as error:  # the account may live here, or in none
                refused = error
            except (SourceRefusedError, SourceUnreachableError, SourceShapeError):
                continue
            else:
                return address
    if refused is not None:
        raise refused
    what = f"None of PracticeHub's regions ({', '.join(REGIONS)}) answered for the account."
    raise SourceRegionError(what)
