"""What a Kafka sink needs around it in a test: a ledger, items, and a driver that keeps the contract.

Run as a program it delivers, in a process of its own that a test can kill:
`python -m tests.sinks.kafka_driver BOOTSTRAP PREFIX LEDGER COUNT DELIVERY`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from sinks.base import Item, ItemRefusedError, Kind, SinkUnavailableError
from sinks.kafka import KafkaSink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PUBLISHED = datetime(1986, 4, 28, 19, 0, tzinfo=UTC)


class MemoryLedger:
    """A ledger that lives as long as the test."""

    def __init__(self, owner: str, seq: int = 0, last: int = 10**9) -> None:
        self.owner = owner
        self.seq = seq
        self.state: dict[str, Any] = {}
        self.highest = last

    def load(self) -> tuple[int, dict[str, Any]]:
        return self.seq, self.state

    def save(self, seq: int, state: dict[str, Any]) -> None:
        self.seq, self.state = seq, state

    def last(self) -> int:
        return self.highest


class FullDiskLedger(MemoryLedger):
    """A ledger that cannot save once: the moment between Kafka's commit and ours."""

    full = True

    def save(self, seq: int, state: dict[str, Any]) -> None:
        if self.full:
            self.full = False
            raise SinkUnavailableError("kafka", "disk full", retry_after=0.0)
        super().save(seq, state)


class FileLedger:
    """A ledger in one SQLite file, named after its owner."""

    def __init__(self, path: str, owner: str, last: int = 10**9) -> None:
        self.owner = owner
        self._last = last
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, seq INTEGER)")

    def load(self) -> tuple[int, dict[str, Any]]:
        row = self._base.execute("SELECT seq FROM place").fetchone()
        return (row[0] if row else 0), {}

    def save(self, seq: int, state: dict[str, Any]) -> None:
        self._base.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (seq,))

    def last(self) -> int:
        return self._last

    def close(self) -> None:
        self._base.close()


def item(seq: int, body: bytes = b'{"title": "A short notice"}', **fields: Any) -> Item:
    """Return a record, every second one about china."""
    topics = ("china",) if seq % 2 else ()
    given = {"kind": Kind.RECORD, "key": f"id-{seq}", "topics": topics, "published": PUBLISHED} | fields
    return Item(seq=seq, body=body, **given)


def items(count: int, size: int = 300) -> list[Item]:
    """Return the records 1 to `count`."""
    return [item(seq, b'{"title": "%s"}' % (b"news " * (size // 5))) for seq in range(1, count + 1)]


def keys(messages: Sequence[Any]) -> list[str]:
    """Return the keys of messages, in the order of text."""
    return sorted(message.key.decode() for message in messages)


def keys_of(count: int) -> list[str]:
    """Return the keys of the records 1 to `count`, in the order of text."""
    return sorted(f"id-{seq}" for seq in range(1, count + 1))


def drive(
    sink: KafkaSink,
    outbox: Sequence[Item],
    *,
    batch: int = 100,
    seconds: float = 45.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[tuple[int, str]]:
    """Deliver the whole outbox (item `n` has number `n`), as the contract says; return what was refused, and why."""
    refused: dict[int, str] = {}
    position: int | None = None
    deadline = time.monotonic() + seconds
    while position is None or position < len(outbox):
        assert time.monotonic() < deadline, f"only {position} of {len(outbox)} delivered in time"
        try:
            position = sink.open() if position is None else position
            upto = min(position + batch, len(outbox))
            sink.write([one for one in outbox[position:upto] if one.seq not in refused])
            sink.flush(upto)
            position = upto
        except SinkUnavailableError as error:
            position = None
            sleep(min(error.retry_after, 1.0))
        except ItemRefusedError as error:
            position = None
            refused |= {one.seq: reason for one, reason in error.refused}
    return sorted(refused.items())


def noise(size: int) -> bytes:
    """Text that does not compress below half its size."""
    state, out = 1, []
    while len(out) < size:
        state = state * 1_103_515_245 % 2_147_483_648 + 12_345
        out.append(b"0123456789abcdef"[state >> 12 & 15])
    return bytes(out)


def set_limit(bootstrap: str, topic: str, size: int) -> None:
    """Lower or raise `max.message.bytes` of a topic, and wait until it is in force."""
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(size)})
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.alter_configs([wanted])
    admin.close()
    time.sleep(0.3)


def main() -> None:
    bootstrap, prefix, path, count, delivery = sys.argv[1:]
    ledger = FileLedger(path, prefix)
    sink = KafkaSink(ledger, bootstrap=bootstrap, prefix=prefix, topics=("china",), delivery=delivery, max_items=20)
    drive(sink, items(int(count)), batch=50)
    sink.close()


if __name__ == "__main__":
    main()
