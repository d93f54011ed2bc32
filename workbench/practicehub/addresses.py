"""Where files may come from: which addresses may be asked, and which machines behind them.

An address comes from the data, so it must not lead into the clinic's own network, whatever
it looks like and whatever the name service says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import httpx

from workbench.practicehub.region import LOOPBACK

HTTPS_PORT = 443

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 that is given out; Python calls more of it global."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Holds an IPv4 address in its last 32 bits; a network without IPv4 asks all of it so."""

_IPv4 = ipaddress.IPv4Address


def refusal(url: str, *, hosts: Sequence[str], allow_loopback: bool) -> str | None:
    """Say why an address must not be asked, or None where it may be.

    The address is read by the library that would ask it: another reader could see another
    host in it.

    Args:
        url: the address.
        hosts: allowed hosts; a host below one of them is allowed too.
        allow_loopback: True in the sandbox: this machine itself may be asked, at any port and
            without TLS.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "its address is not an address"
    host = parts.raw_host.decode("ascii").lower().rstrip(".")
    allowed = [one.lower().strip(".") for one in hosts]
    here = allow_loopback and host in LOOPBACK and parts.scheme in {"http", "https"}
    reason = None
    if parts.userinfo:
        reason = "its address names a user"
    elif here:
        pass
    elif parts.scheme != "https":
        reason = "its address is not https"
    elif parts.port not in {None, HTTPS_PORT}:
        reason = "its address names a port that is not the one of https"
    elif not any(host == one or host.endswith(f".{one}") for one in allowed if one):
        reason = "its host is not among the allowed file hosts"
    return reason


def peer_refusal(peer: str, *, allow_loopback: bool) -> str | None:
    """Say why a machine, given by its IP address, must not be asked, or None where it may be."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return "its host has no address to check"
    if isinstance(address, ipaddress.IPv6Address):
        address = _inner(address) or address
    if address.is_loopback and allow_loopback:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return "its host is on a private network"
    if not address.is_global or address.is_multicast:
        return "its host is on a private network"
    return None


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 one only wraps: mapped, through NAT64, or 6to4."""
    if address in _NAT64:
        return _IPv4(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
