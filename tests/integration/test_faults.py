"""What breaks under a running chain: broker, topic, disks. Nothing lost, nothing twice, all in order.

The short form shrinks the times; NEWSTAP_LONG=1 (`make torture`) has those that are promised.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.broker import BrokerMissingError, OwnBroker, start
from tests.integration.chain import Chain
from tests.kafka_fixtures import committed
from tests.sinks.disks import mounted
from tests.sinks.kafka_driver import noise, set_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.broker import Broker

LONG = os.environ.get("NEWSTAP_LONG") == "1"
KILLED, AWAY, STOPPED, FULL = (20, 150, 45, 20) if LONG else (3, 8, 5, 2)
"""Seconds."""
PACE = 200

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(600 if LONG else 150)]


@pytest.fixture(scope="module")
def own_broker() -> Iterator[OwnBroker]:
    """A broker for these tests alone; each leaves it running."""
    try:
        mine = start()
    except BrokerMissingError as missing:
        pytest.exit(str(missing), returncode=2)
    yield mine
    mine.stop()


@pytest.fixture
def chain(tmp_path: Path, topic_prefix: str) -> Callable[..., Chain]:
    """`chain(broker, **options)`: a chain in this test's folder."""

    def make(broker: Broker, **options: object) -> Chain:
        given = {"state": tmp_path / "state", "out": tmp_path / "out", "pace": PACE} | options
        return Chain(**given, bootstrap=broker.bootstrap, prefix=topic_prefix)

    return make


@pytest.mark.parametrize(
    ("fault", "seconds"), [("broker killed (kill -9)", KILLED), ("broker away, longer than it is waited for", AWAY)]
)
def test_a_broker_that_is_killed_and_started_again(own_broker, chain, fault_row, fault: str, seconds: int) -> None:
    """150 s is longer than the library's own limit for a delivery, after which it goes silent for good."""
    with chain(own_broker) as running:
        running.until_delivering()
        own_broker.kill()
        time.sleep(seconds)
        own_broker.start()
        behind = running.caught_up()

    fault_row(f"{fault}, {seconds} s", *running.places(), seconds=behind)


def test_a_broker_that_stands_still(own_broker, chain, fault_row) -> None:
    """Its port takes connections all the time, so that only the watch can tell."""
    with chain(own_broker, **({} if LONG else {"stall_seconds": 1.5})) as running:
        running.until_delivering()
        own_broker.pause()
        time.sleep(STOPPED)
        down = [state.name for state in running.delivery.states() if not state.up]
        own_broker.resume()
        behind = running.caught_up()

    assert down == ["kafka"]
    fault_row(f"broker stopped (SIGSTOP), {STOPPED} s", *running.places(), seconds=behind)


def test_a_limit_lowered_under_what_comes(broker, chain, topic_prefix, fault_row) -> None:
    """What is too large becomes a dead letter with its input; all else goes on, before and after it."""
    with chain(broker) as running:
        running.until_delivering()
        set_limit(broker.bootstrap, f"{topic_prefix}.articles.v1", 10_000)
        large = frozenset(running.accept(*[noise(40_000 + extra).decode() for extra in range(5)]))
        running.until_delivering()
        behind = running.caught_up()

    letters = [json.loads(one.value) for one in committed(broker.bootstrap, f"{topic_prefix}.dead-letters.v1")]
    assert len(letters) == len(large)
    assert all("more than max.message.bytes of topic" in letter["error"] for letter in letters)
    assert {json.loads(letter["input"]["body"])["id"] for letter in letters} == {one.id for one in large}
    fault_row("max.message.bytes lowered", *running.places(refused=large), seconds=behind)


@contextmanager
def full_disk(running: Chain, disk) -> Iterator[None]:
    """Within it the disk is full, after something was delivered."""
    running.until_delivering()
    with disk.full():
        yield


def test_a_full_disk_under_the_files(broker, chain, fault_row) -> None:
    with mounted("16m") as disk:
        with chain(broker, out=disk.path) as running:
            with full_disk(running, disk):
                time.sleep(FULL)
                down = [state.name for state in running.delivery.states() if not state.up]
            behind = running.caught_up()
        places = running.places()

    assert down == ["files"]
    fault_row(f"disk of the files full, {FULL} s", *places, seconds=behind)


def test_a_full_disk_under_the_state(broker, chain, fault_row) -> None:
    with mounted("32m") as disk:
        with chain(broker, state=disk.path) as running:
            with full_disk(running, disk):
                time.sleep(FULL)
                waited, began = running.waited, time.monotonic()
            running.until_delivering()
            running.caught_up()
            behind = time.monotonic() - began
        places = running.places()

    assert waited
    fault_row(f"disk of the state (SQLite) full, {FULL} s", *places, seconds=behind)
