"""Where an account lives: its address given, spelt out of account and region, or found."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
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
from workbench.practicehub.client import FIRST_ATTEMPTS, Client
from workbench.practicehub.envelope import parse
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
        SourceRegionError: region is `auto` and all four answered, without the account.
        SourceUnreachableError: region is `auto`, none has the account, and some did not answer.
        SourceAuthError: all four answered, none with the account, and some refuse the key.
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

    def opened(base_url: str, *, first_attempts: int = FIRST_ATTEMPTS) -> Client:
        return Client(
            base_url=base_url,
            api_key=api_key,
            app_details=config.app_details,
            pace=pace,
            on_request=on_request,
            page_size=config.page_size,
            first_attempts=first_attempts,
            transport=transport,
        )

    if config.base_url:
        return opened(_guarded(config.base_url))
    addresses = {one: f"https://{config.account}.{one}.practicehub.io/api" for one in REGIONS}
    if config.region != "auto":
        return opened(addresses[config.region])
    if known is not None and known in addresses.values():
        return opened(known)
    # once is enough here: a region that is silent is told as such
    once = functools.partial(opened, first_attempts=1)
    return opened(_found(addresses, once, account=config.account))


def _fits_a_header(text: str) -> bool:
    return all("!" <= letter <= "~" for letter in text)


def _guarded(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        what = "base_url is not https, so the key would travel in the clear."
        raise ConfigError(what)
    return base_url


def _found(addresses: Mapping[str, str], opened: Callable[[str], Client], *, account: str) -> str:
    """Ask one region after the other; the first that answers with a list of patients is it."""
    silent, refused, strange = list[str](), list[str](), list[str]()
    for region, address in addresses.items():
        with opened(address) as client:
            try:
                answer = client.get("/patients", {"page": "1", "page_size": "1"})
                parse(answer.data, resource="patients")
            except SourceAuthError:  # the account may live here, or in none
                refused.append(region)
            except SourceUnreachableError:
                silent.append(region)
            except (SourceRefusedError, SourceShapeError):  # a page for people, or nothing there
                strange.append(region)
            else:
                return address
    if silent:  # the account may live where nobody answered
        said = [f"{_listed(silent)} did not answer for the account {account}"]
        said += [f"{_listed(refused)} refused the key"] if refused else []
        said += [f"{_listed(strange)} answered without it"] if strange else []
        what = f"{'; '.join(said)}."
        raise SourceUnreachableError(what, safe=SourceRegionError.safe, do=_SILENT)
    if refused:
        what = f"PracticeHub refused the key for the account {account} ({_listed(refused)})."
        raise SourceAuthError(what)
    what = f"None of PracticeHub's regions ({', '.join(addresses)}) knows the account {account}."
    raise SourceRegionError(what)


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


_SILENT = (
    "See that the network is up and the account is spelt as in the address the clinic logs in at, "
    "or name its region in migration.toml; then run again."
)
