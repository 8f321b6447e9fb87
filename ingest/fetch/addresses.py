"""Which addresses and ports may be reached. Pure: judged is what a name resolved to, never how it was spelled.

`ipaddress.is_global` is no help: Python 3.11 says True for ::127.0.0.1, NAT64, 6to4 and multicast addresses, and its
answer changes between versions. The tables follow the IANA special-purpose registries (RFC 6890).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = frozenset({80, 443, 8080, 8443})
"""Other ports are reached within allowed networks only: the web is rarely there, other services are."""

_V4 = {
    "0.0.0.0/8": "this host",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared (carrier-grade NAT)",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "cloud metadata",  # Azure's; public by number, but answered within its network
    "169.254.0.0/16": "link-local (cloud metadata)",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "reserved",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_V6 = {
    "::/128": "this host",
    "::1/128": "loopback",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
    "2001::/23": "reserved",
    "2001:db8::/32": "documentation",
    "3fff::/20": "documentation",
}
_SPECIAL: dict[int, tuple[tuple[Network, str], ...]] = {
    version: tuple((ipaddress.ip_network(network), name) for network, name in table.items())
    for version, table in ((4, _V4), (6, _V6))
}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def refused(ip: Address, allowed: Iterable[Network]) -> str | None:
    """Say why an address must not be reached; None where it may.

    An IPv6 address that carries an IPv4 address is judged by both. A zone (`fe80::1%eth0`) changes nothing.
    """
    allowed = tuple(allowed)
    if any(ip in network for network in allowed):
        return None
    inner = _embedded(ip)
    for each in inner:
        if (reason := refused(each, allowed)) is not None:
            return f"{reason}, within {ip}"
    if isinstance(ip, ipaddress.IPv6Address) and inner and ip not in _COMPATIBLE:
        return None
    return _special(ip)


def refused_port(port: int, ip: Address, allowed: Iterable[Network]) -> str | None:
    """Say why a port must not be reached; within an allowed network, any may."""
    if port in PORTS or any(each in network for network in allowed for each in (ip, *_embedded(ip))):
        return None
    return f"port {port} is none of {', '.join(map(str, sorted(PORTS)))}"


def _special(ip: Address) -> str | None:
    for network, name in _SPECIAL[ip.version]:
        if ip in network:
            return f"{ip} is {name}"
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return f"{ip} is no global unicast address"
    return None


def _embedded(ip: Address) -> Sequence[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that packets to an IPv6 address may end up at."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    if ip.ipv4_mapped is not None:
        return (ip.ipv4_mapped,)
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return (ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF),)
    if ip.sixtofour is not None:
        return (ip.sixtofour,)
    return ip.teredo or ()
