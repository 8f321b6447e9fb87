"""What breaks while the Kafka sink alone delivers; what breaks under a whole chain is in `tests/integration`."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sinks.base import SinkUnavailableError
from sinks.kafka import KafkaSink
from tests.kafka_fixtures import committed
from tests.sinks.descriptors import nothing_left_open
from tests.sinks.kafka_driver import FileLedger, MemoryLedger, drive, items

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.broker import Broker, OwnBroker

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.torture,
    pytest.mark.timeout(150),
]
ROOT = Path(__file__).resolve().parents[2]


def numbers(bootstrap: str, topic: str) -> list[int]:
    return sorted(int(message.key.decode().removeprefix("id-")) for message in committed(bootstrap, topic))


def delivering(bootstrap: str, prefix: str, ledger: Path, count: int, delivery: str) -> subprocess.Popen[bytes]:
    """Start a process that delivers items 1 to `count` in transactions of 20."""
    arguments = [bootstrap, prefix, str(ledger), str(count), delivery]
    return subprocess.Popen([sys.executable, "-m", "tests.sinks.kafka_driver", *arguments], cwd=ROOT)


def killed_and_resumed(start: Callable[[], subprocess.Popen[bytes]], kills: int, seed: int) -> int:
    """Kill the process at random moments, then let it finish; return how many kills met it at work."""
    moments = random.Random(seed)
    met = 0
    for _ in range(kills):
        process = start()
        try:
            process.wait(timeout=moments.uniform(0.7, 1.6))
        except subprocess.TimeoutExpired:
            met += 1
        process.kill()
        process.wait()
    process = start()
    assert process.wait(timeout=60) == 0
    return met


@pytest.mark.parametrize("seed", [1])
def test_kill_at_random_moments_loses_and_repeats_nothing(
    broker: Broker, topic_prefix: str, tmp_path: Path, seed: int
) -> None:
    def start() -> subprocess.Popen[bytes]:
        return delivering(broker.bootstrap, topic_prefix, tmp_path / "ledger", 3000, "exactly-once")

    met = killed_and_resumed(start, kills=6, seed=seed)

    assert met >= 3
    assert numbers(broker.bootstrap, f"{topic_prefix}.articles.v1") == list(range(1, 3001))
    assert numbers(broker.bootstrap, f"{topic_prefix}.articles.latest.v1") == list(range(1, 3001))
    assert numbers(broker.bootstrap, f"{topic_prefix}.topic.china.v1") == list(range(1, 3001, 2))
    ledger = FileLedger(str(tmp_path / "ledger"), topic_prefix)
    assert ledger.load()[0] == 3000
    ledger.close()


def test_kill_in_at_least_once_mode_loses_nothing(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return delivering(broker.bootstrap, topic_prefix, tmp_path / "ledger", 4000, "at-least-once")

    killed_and_resumed(start, kills=3, seed=2)

    assert set(numbers(broker.bootstrap, f"{topic_prefix}.articles.v1")) == set(range(1, 4001))


def test_a_broker_killed_and_started_again_in_at_least_once_mode(fault_broker: OwnBroker, topic_prefix: str) -> None:
    ledger = MemoryLedger(topic_prefix)
    sink = faulty(fault_broker, ledger, delivery="at-least-once")
    outbox = items(8000)

    def kill_twice() -> None:
        for _ in range(2):
            until_delivering(ledger)
            fault_broker.kill()
            time.sleep(2.0)
            fault_broker.start()

    with_trouble(kill_twice, lambda: drive(sink, outbox, seconds=110))
    sink.close()

    assert set(numbers(fault_broker.bootstrap, f"{topic_prefix}.articles.v1")) == set(range(1, 8001))


def test_transactions_shrink_until_they_fit_their_time(
    fault_broker: OwnBroker, topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker fences a producer whose transaction is too old, as it does for a second process: no reason to stop."""
    caplog.set_level("DEBUG", logger="sinks.kafka")
    ledger = MemoryLedger(topic_prefix)
    sink = faulty(fault_broker, ledger, transaction_seconds=0.5)
    outbox = items(10_000)

    def take_too_long() -> None:
        sink.write(outbox[:2000])  # on a busy machine this takes too long already
        time.sleep(6)  # the broker looks for transactions over their time twice a second
        sink.flush(2000)

    sink.open()
    with pytest.raises(SinkUnavailableError):
        take_too_long()
    drive(sink, outbox, batch=2000, seconds=110)
    sink.close()

    assert re.search(r"cannot deliver: delivering: .*(Fenced|Epoch)", caplog.text)
    assert sink._max_bytes < 32_000_000
    assert numbers(fault_broker.bootstrap, f"{topic_prefix}.articles.v1") == list(range(1, 10_001))


def test_a_broker_away_at_the_start(fault_broker: OwnBroker, topic_prefix: str, caplog) -> None:
    """Each call returns soon with a delay, the driver warns, not the sink, and no thread is left in the end."""
    caplog.set_level("DEBUG", logger="sinks.kafka")
    sink = faulty(fault_broker, MemoryLedger(topic_prefix), patience_seconds=0.5)
    fault_broker.kill()
    threads = threading.active_count()
    delays = []
    for _ in range(4):
        began = time.monotonic()
        with pytest.raises(SinkUnavailableError, match="no broker answers") as raised:
            sink.open()
        delays.append(raised.value.retry_after)
        assert time.monotonic() - began < 60
    assert delays == [0.5, 1.0, 2.0, 4.0]
    assert threading.active_count() == threads
    assert [record.levelname for record in caplog.records if "trying on" in record.message] == ["DEBUG"]

    fault_broker.start()
    drive(sink, items(50))
    sink.close()
    found = re.search(r"delivering again, after (\d+) failed attempts", caplog.text)
    assert found is not None
    assert int(found[1]) >= 4  # one that has only just been started may need another
    assert numbers(fault_broker.bootstrap, f"{topic_prefix}.articles.v1") == list(range(1, 51))


def test_a_broker_that_hangs_at_the_start_leaves_no_threads(fault_broker: OwnBroker, topic_prefix: str) -> None:
    sink = faulty(fault_broker, MemoryLedger(topic_prefix), patience_seconds=0.5)
    fault_broker.pause()
    threads = threading.active_count()
    for _ in range(3):
        with pytest.raises(SinkUnavailableError):
            sink.open()
    assert threading.active_count() == threads

    fault_broker.resume()
    drive(sink, items(50))
    sink.close()


def test_producers_given_up_leave_no_socket(fault_broker: OwnBroker, topic_prefix: str) -> None:
    """They are made anew for as long as the broker is away, which may be days."""
    outbox = items(40)
    with nothing_left_open():
        sink = faulty(fault_broker, MemoryLedger(topic_prefix), stall_seconds=1.0, patience_seconds=0.5)
        drive(sink, outbox[:20])
        sink.open()
        fault_broker.kill()
        for attempt in (partial(sink.write, outbox[20:]), partial(sink.flush, 40), sink.open, sink.open, sink.open):
            with suppress(SinkUnavailableError):
                attempt()
        sink.close()
        fault_broker.start()


def faulty(broker: OwnBroker, ledger: MemoryLedger, **options: object) -> KafkaSink:
    given = {"prefix": ledger.owner, "topics": ("china",), "partitions": 2, "patience_seconds": 2.0} | options
    return KafkaSink(ledger, bootstrap=broker.bootstrap, **given)


def until_delivering(ledger: MemoryLedger) -> None:
    """Wait until some more items were delivered: then a transaction is most likely open."""
    before = ledger.seq
    while ledger.seq < before + 300:
        time.sleep(0.01)


def with_trouble(trouble: Callable[[], None], work: Callable[[], object]) -> None:
    """Run the work while the trouble comes and goes on another thread."""
    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        work()
    finally:
        thread.join()
