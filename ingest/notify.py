"""Telling the service manager how far we are: the protocol of sd_notify(3) and sd_watchdog_enabled(3).

    manager = Notifier()
    manager.ready("polling 120 feeds")
    manager.watchdog()      # at least every `manager.watchdog_seconds / 2`
    manager.stopping()

Without `NOTIFY_SOCKET` in the environment nothing is told to anybody.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import TYPE_CHECKING

from ingest.logs import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0
"""How long a manager that reads nothing may hold us up."""


class Notifier:
    """Sends states to the service manager, if there is one. A manager that cannot be reached is told of once.

    Args:
        env: where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are looked up.
    """

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        env = os.environ if env is None else env
        self._address = _address(env.get("NOTIFY_SOCKET", ""))
        self._watchdog = _watchdog(env)
        self._lost = False

    @property
    def watchdog_seconds(self) -> float | None:
        """How long the manager waits for a `watchdog` before it ends us; None if it does not watch this process."""
        return self._watchdog if self._address else None

    def ready(self, status: str = "") -> None:
        """Tell that the start, or a reload, is complete."""
        self._send("READY=1", *_status(status))

    def reloading(self) -> None:
        """Tell that the configuration is being read again; `ready` tells that it is done."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def stopping(self, status: str = "") -> None:
        """Tell that the end has begun."""
        self._send("STOPPING=1", *_status(status))

    def status(self, text: str) -> None:
        """Tell, in one line, what `systemctl status` shows."""
        self._send(*_status(text))

    def watchdog(self) -> None:
        """Give a sign of life."""
        if self._watchdog is not None:
            self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if not self._address or not assignments:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(_PATIENCE_SECONDS)
                sock.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            if not self._lost:
                log.warning("the service manager cannot be told: %s", error, extra={"state": assignments[0]})
            self._lost = True
        else:
            self._lost = False


def _address(name: str) -> str:
    """Return the address of a socket: a path, or with a NUL in front a name that lies in no file system."""
    if name.startswith("/"):
        return name
    if name.startswith("@"):
        return f"\0{name[1:]}"
    if name:
        log.warning("NOTIFY_SOCKET is neither a path nor an abstract socket: nothing is told to the service manager")
    return ""


def _watchdog(env: Mapping[str, str]) -> float | None:
    """Return the watchdog's patience in seconds, if it is meant for this process (`WATCHDOG_PID`)."""
    microseconds = env.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1e6 if env.get("WATCHDOG_PID") in {None, str(os.getpid())} else None


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={escaped(text)}",) if text else ()  # a line break would begin another assignment
