"""Slow clients, many clients, large requests."""

from __future__ import annotations

import fcntl
import select
import struct
import termios
import time

import pytest

from tests.ingest.listener.conftest import ended
from tests.ingest.listener.test_answers import ask

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
MANY = (HEAD + b"\r\n") * 1000
"""Requests whose answers fill every buffer, if there is much to tell."""


def dripped(connection, data: bytes) -> bool:
    """Send without end, a byte of `data` again and again; return whether the other side put an end to it in time."""
    late = time.monotonic() + 60
    try:
        while time.monotonic() < late:
            connection.sendall(data)
            time.sleep(0.02)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_a_client_that_says_nothing_is_cut(listening, connected):
    connection = connected(listening(patience_seconds=0.3))

    assert ended(connection)


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"", id="request line"),
        pytest.param(HEAD + b"X: ", id="headers"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n", id="small body"),
        pytest.param(HEAD + b"Content-Length: 1000000\r\n\r\n", id="large body"),
    ],
)
def test_a_client_that_sends_a_byte_now_and_then_is_cut(listening, connected, begin):
    """Slowloris: each byte alone would renew a time limit for silence."""
    connection = connected(listening(patience_seconds=0.3))
    connection.sendall(begin)

    assert dripped(connection, b"x")


def stuffed(connection) -> None:
    """Send requests and read nothing, until the other side can write no more."""
    connection.sendall(MANY)
    before, there = -1, 0
    while there != before or there == 0:
        time.sleep(0.2)
        before = there
        (there,) = struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))


def test_a_client_that_does_not_read_is_cut(listening, connected, health):
    for number in range(2000):  # a long answer
        health.part(f"part {number}")
    connection = connected(listening(patience_seconds=2.0))
    connection.sendall(MANY)
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)

    assert poll.poll(60_000) != []


def test_a_connection_serves_several_requests_beyond_the_time_limit_of_one(listening, connected):
    connection = connected(listening(patience_seconds=3.0))
    answers = []
    for _ in range(12):
        connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answers.append(connection.recv(65_536).split(b"\r\n")[0])
        time.sleep(0.3)

    assert answers == [b"HTTP/1.1 200 OK"] * 12


def test_many_slow_clients_lock_nobody_out(listening, connected):
    """The one that has waited longest makes room."""
    listener = listening(max_connections=8, patience_seconds=1000)
    slow = []
    for _ in range(40):
        slow.append(connected(listener))
        slow[-1].sendall(HEAD)  # before the next one comes, which may cut others

    assert [ask(listener, "/healthz").status_code for _ in range(3)] == [200] * 3
    assert ended(slow[0])
    still_there = select.poll()
    still_there.register(slow[-1], select.POLLRDHUP)
    assert still_there.poll(0) == []


def test_a_body_is_not_read(listening, connected):
    connection = connected(listening())
    connection.sendall(HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 1000)

    answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert ended(connection)


def test_a_body_without_a_length_is_not_read(listening, connected):
    connection = connected(listening())
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")

    assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
    assert ended(connection)


def test_a_head_without_end_is_refused(listening, connected):
    connection = connected(listening())
    connection.sendall(HEAD + b"X-Long: " + b"x" * 20_000)

    assert connection.recv(65_536).startswith(b"HTTP/1.1 4")
    assert ended(connection)
