"""Where it listens, and how it begins and ends."""

from __future__ import annotations

import re
import socket
import threading
import time

import pytest

from ingest.listener import Listener, ListenError
from ingest.secret import Secret
from tests.ingest.listener.conftest import dead, ended
from tests.ingest.listener.test_answers import ask
from tests.ingest.listener.test_limits import HEAD, stuffed


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_it_says_where_on_standard_error(listening, capsys):
    listener = listening()

    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", listener.url)
    assert capsys.readouterr() == ("", f"listening on {listener.url}\n")


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6(listening):
    listener = listening("[::1]:0")

    assert re.fullmatch(r"http://\[::1\]:\d+", listener.url)
    assert ask(listener, "/healthz").status_code == 200


def test_a_port_in_use_is_told_with_its_address(listening, health, metrics, capsys):
    address = listening().url.removeprefix("http://")
    capsys.readouterr()
    second = Listener(address, health, metrics)

    with pytest.raises(
        ListenError, match=f"cannot listen on {address}: address already in use; end what listens there"
    ):
        second.start()

    assert capsys.readouterr().err == ""
    second.stop()


def test_an_address_of_another_machine_is_told(health, metrics):
    listener = Listener("192.0.2.1:0", health, metrics, token=Secret("t"))

    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1:0: cannot assign requested address"):
        listener.start()


def test_a_name_without_an_address_is_told(health, metrics):
    listener = Listener(f"{'x' * 64}.invalid:0", health, metrics)  # a label too long: no server is asked

    with pytest.raises(ListenError, match="cannot listen on xxx"):
        listener.start()


def test_another_address_needs_a_token(health, metrics):
    listener = Listener("0.0.0.0:0", health, metrics)

    with pytest.raises(ListenError, match=r"cannot listen on 0\.0\.0\.0:0: .* needs a token"):
        listener.start()

    assert not listener.is_alive


def test_it_ends_with_all_its_connections_and_frees_its_port(listening, connected):
    listener = listening(patience_seconds=1000)
    silent, slow, kept = (connected(listener) for _ in range(3))
    slow.sendall(HEAD)
    kept.sendall(HEAD + b"\r\n")
    kept.recv(65_536)

    begin = time.monotonic()
    listener.stop()
    took = time.monotonic() - begin

    assert dead(listener)
    assert took < 60  # two seconds and no hurry: this machine may be busy, but it does not wait for clients
    assert [ended(connection) for connection in (silent, slow, kept)] == [True] * 3
    again = listening(listener.url.removeprefix("http://"))
    assert ask(again, "/healthz").status_code == 200


def test_it_ends_though_a_client_does_not_read(listening, connected, health, caplog):
    for number in range(2000):  # a long answer
        health.part(f"part {number}")
    listener = listening()
    connection = connected(listener)
    stuffed(connection)

    listener.stop()

    assert dead(listener)
    assert caplog.messages == []  # uvicorn would wait for it, and complain


def test_no_thread_is_left(listening):
    before = set(threading.enumerate())
    listener = listening()
    ask(listener, "/metrics")
    listener.stop()

    assert dead(listener)
    assert set(threading.enumerate()) <= before


def test_stopping_twice_or_before_the_start_is_no_error(listening, health, metrics):
    Listener("127.0.0.1:0", health, metrics).stop()
    listener = listening()
    listener.stop()
    listener.stop()

    assert dead(listener)


def test_stopping_at_once_is_no_error(listening):
    for _ in range(5):
        listener = listening()
        listener.stop()

        assert dead(listener)
