"""What the library leaves open after a connection that did not come about: nothing, and no wait without an end."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from sinks.kafka_client import AwayError, Connection, connected
from sinks.kafka_sockets import NetworkClient
from tests.sinks.descriptors import nothing_left_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAKERS = [KafkaAdminClient, KafkaConsumer, KafkaProducer]


@contextmanager
def server(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """Run a server on a thread, and return its port; its listening socket is closed when `serve` returns."""

    def run() -> None:
        with listening:
            serve(listening)

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield port
    finally:
        with socket.socket() as last:  # so that a blocking `accept` comes back
            last.connect_ex(("127.0.0.1", port))
        thread.join()


def once(listening: socket.socket) -> None:
    """Take the first connection, which only looks whether the port is open; refuse all others."""
    listening.accept()[0].close()


def shouting(stop: threading.Event) -> Callable[[socket.socket], None]:
    """Answer whatever comes with something that is neither TLS nor Kafka."""

    def serve(listening: socket.socket) -> None:
        while not stop.is_set():
            with listening.accept()[0] as link, suppress(OSError):
                link.sendall(b"220 mail.example ESMTP\r\n" * 4)

    return serve


def failing(make: Callable[..., Any], port: int, seconds: float, **security: object) -> None:
    with pytest.raises(AwayError, match="no broker answers"):
        connected(make, Connection(f"127.0.0.1:{port}", security, patience_seconds=seconds), "test")


@pytest.mark.parametrize("make", MAKERS)
def test_refused_connections_leave_nothing_open(make: Callable[..., Any]) -> None:
    with nothing_left_open(), server(once) as port:
        failing(make, port, 0.7)


@pytest.mark.parametrize("make", MAKERS)
def test_failed_handshakes_leave_nothing_open(make: Callable[..., Any]) -> None:
    stop = threading.Event()
    with nothing_left_open(), server(shouting(stop)) as port:
        failing(make, port, 0.7, security_protocol="SSL")
        stop.set()


@pytest.mark.parametrize("make", MAKERS)
def test_a_silent_server_is_not_waited_for_without_end(make: Callable[..., Any]) -> None:
    """With TLS the library has no limit on the handshake."""
    with nothing_left_open(), socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        failing(make, silent.getsockname()[1], 0.5, security_protocol="SSL")

    assert time.monotonic() - began < 60


def test_a_client_closed_with_more_to_write_leaves_nothing_open() -> None:
    """As a producer given up while its broker stands still; the library waits for the rest to be written."""
    with nothing_left_open(), socket.create_server(("127.0.0.1", 0)) as silent:
        client = NetworkClient(bootstrap_servers=[f"127.0.0.1:{silent.getsockname()[1]}"])
        (broker,) = client.cluster.bootstrap_brokers()
        transport = client._net.run(client._manager._build_transport, broker)
        transport.write(b"x" * 50_000_000)
        client.poll(timeout_ms=200)
        transport.close()
        client.close()
