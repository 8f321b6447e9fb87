"""A listener to ask, and connections to ask it over."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from ingest.health import Health
from ingest.listener import Listener
from ingest.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="1.2.3")


@pytest.fixture
def listening(health: Health, metrics: Metrics) -> Iterator[Callable[..., Listener]]:
    """Start listeners that end with the test."""
    started: list[Listener] = []

    def listening(address: str = "127.0.0.1:0", **options: Any) -> Listener:
        listener = Listener(address, health, metrics, **options)
        listener.start()
        started.append(listener)
        return listener

    yield listening
    for listener in started:
        listener.stop()
    assert [listener.url for listener in started if not dead(listener)] == []


@pytest.fixture
def connected() -> Iterator[Callable[[Listener], socket.socket]]:
    """Open connections that end with the test."""
    with contextlib.ExitStack() as stack:

        def connected(listener: Listener) -> socket.socket:
            host, _, port = listener.url.removeprefix("http://").rpartition(":")
            return stack.enter_context(socket.create_connection((host, int(port)), timeout=60))

        yield connected


def dead(listener: Listener, seconds: float = 60.0) -> bool:
    """Whether the thread of a stopped listener ends; `stop` itself waits for two seconds, which may be too few."""
    until = time.monotonic() + seconds
    while listener.is_alive and time.monotonic() < until:
        time.sleep(0.01)
    return not listener.is_alive


def ended(connection: socket.socket) -> bool:
    """Read to the end of a connection; False where it does not end within its time."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
