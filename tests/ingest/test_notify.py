"""What the service manager is told, over a real socket."""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from ingest.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket; its path stays short enough for AF_UNIX wherever `tmp_path` lies."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("notify")
        sock.settimeout(10)
        yield sock


@pytest.fixture
def notifier(manager: socket.socket) -> Notifier:
    # From /proc: absolute, as the protocol demands, and short.
    return Notifier({"NOTIFY_SOCKET": "/proc/self/cwd/notify", "WATCHDOG_USEC": "30000000"})


def told(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


@pytest.mark.parametrize(
    ("tell", "wanted"),
    [
        (lambda n: n.ready(), "READY=1"),
        (lambda n: n.ready("polling 3 feeds"), "READY=1\nSTATUS=polling 3 feeds"),
        (lambda n: n.stopping("draining"), "STOPPING=1\nSTATUS=draining"),
        (lambda n: n.status("nachgeführt: 3"), "STATUS=nachgeführt: 3"),
        (lambda n: n.watchdog(), "WATCHDOG=1"),
    ],
)
def test_states_are_told_as_the_protocol_has_them(manager, notifier, tell, wanted):
    tell(notifier)

    assert told(manager) == wanted


def test_a_reload_is_told_with_the_time_of_its_begin(manager, notifier):
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.reloading()

    match = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", told(manager))
    assert match is not None
    assert before <= int(match[1]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_status_cannot_forge_another_state(manager, notifier):
    notifier.status("line\nSTOPPING=1 \ud800")

    assert told(manager) == "STATUS=line\\nSTOPPING=1 \\ud800"


def test_a_socket_may_lie_in_no_file_system():
    name = f"newstap-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0{name}")
        sock.settimeout(10)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()

        assert told(sock) == "READY=1"


def test_without_a_manager_nothing_happens(caplog):
    notifier = Notifier({"WATCHDOG_USEC": "1000000"})
    notifier.ready()
    notifier.reloading()
    notifier.watchdog()
    notifier.stopping()

    assert notifier.watchdog_seconds is None
    assert caplog.records == []


def test_a_manager_that_went_away_is_told_of_once_and_is_no_error(manager, notifier, caplog):
    manager.close()

    with caplog.at_level(logging.WARNING):
        notifier.watchdog()
        notifier.watchdog()

    assert len(caplog.records) == 1
    assert "the service manager cannot be told" in caplog.text


def test_an_address_of_another_kind_is_told_of(caplog):
    with caplog.at_level(logging.WARNING):
        notifier = Notifier({"NOTIFY_SOCKET": "vsock:2:1234"})
        notifier.ready()

    assert "neither a path nor an abstract socket" in caplog.text


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_waits_so_long_if_it_watches_us(env, seconds):
    assert Notifier({"NOTIFY_SOCKET": "/run/x", **env}).watchdog_seconds == seconds


def test_signs_of_life_are_not_sent_where_nobody_watches(manager):
    notifier = Notifier({"NOTIFY_SOCKET": "/proc/self/cwd/notify"})
    notifier.watchdog()
    notifier.status("next")

    assert told(manager) == "STATUS=next"
