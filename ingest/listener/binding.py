"""From `host:port` to a socket that listens."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Any

BACKLOG = 128
"""Connections that the system holds ready to be accepted."""

_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""A family or an address that this machine has not got; a name may have another one."""


_Place = tuple[Any, ...]
"""As `getaddrinfo` gives it and `bind` takes it."""


class ListenError(Exception):
    """Nobody can listen there; the message names the address, and why."""


def bound(address: str) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Args:
        address: `host:port`, an IPv6 address in brackets.

    Raises:
        ListenError: the host is unknown, the port is in use or not ours to take.
    """
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:
        raise ListenError(f"cannot listen on {address}: {error}") from error
    return _first(address, [(family, where) for family, _, _, _, where in found])


def is_loopback(sock: socket.socket) -> bool:
    """Say whether a bound socket is reached from this machine only."""
    return ipaddress.ip_address(sock.getsockname()[0]).is_loopback


def url_of(sock: socket.socket) -> str:
    """Return the address of a bound socket, for people and programs."""
    host, port, *_ = sock.getsockname()
    return f"http://[{host}]:{port}" if sock.family is socket.AF_INET6 else f"http://{host}:{port}"


def _first(address: str, places: list[tuple[socket.AddressFamily, _Place]]) -> socket.socket:
    """Listen on the first address of a name that this machine has."""
    reason: OSError | None = None
    for family, where in places:
        try:
            return _listening(family, where)
        except OSError as error:
            reason = error
            if error.errno not in _NOT_HERE:
                break
    raise ListenError(f"cannot listen on {address}: {_told(reason)}") from reason


def _listening(family: socket.AddressFamily, where: _Place) -> socket.socket:
    """Return a socket that listens; one port is one family, as in asyncio.

    Raises:
        OSError: it cannot.
    """
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for TIME_WAIT to pass
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(where)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _told(error: OSError | None) -> str:
    if error is None or error.errno is None:
        return "the name has no address"
    hint = "; end what listens there, or set another [dashboard] listen" if error.errno == errno.EADDRINUSE else ""
    return f"{os.strerror(error.errno).lower()}{hint}"
