"""Whether a service runs on the state, and what it says of itself where it listens."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from ingest import state
from ingest.status.figures import Service
from sinks.store import owner_of

if TYPE_CHECKING:
    from ingest.config import Config

_SECONDS = 2.0
_MAX_BYTES = 1_000_000
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - where to ask who listens everywhere


def service(config: Config) -> Service:
    """Ask the lock who owns the state, and that process how it is.

    Raises:
        StoreError: the lock cannot be asked for.
    """
    pid = owner_of(config.state.path / state.FILE)
    host, _, port = config.dashboard.listen.rpartition(":")
    if pid is None or not port or int(port) == 0:  # none, or where it listens cannot be known
        return Service(pid=pid)
    host = host.strip("[]")
    try:
        told = _healthz(_EVERYWHERE.get(host, host), int(port), config)
        parts = {str(name): str(one["why"]) for name, one in told["parts"].items() if one["state"] != "ok"}
        uptime = float(told["uptime_seconds"])
        return Service(pid=pid, health=told["status"], ready=told["ready"], uptime_seconds=uptime, parts=parts)
    except (OSError, HTTPException) as error:
        return Service(pid=pid, problem=f"{config.dashboard.listen}: {error}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Service(pid=pid, problem=f"{config.dashboard.listen}: not the answer of a newstap service")


def _healthz(host: str, port: int, config: Config) -> Any:  # noqa: ANN401 - any JSON value
    token = config.dashboard.token
    headers = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
    connection = HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return json.loads(connection.getresponse().read(_MAX_BYTES))
    finally:
        connection.close()
