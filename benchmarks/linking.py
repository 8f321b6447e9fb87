"""Records a second of `newstap link`, with `news.enriched.v1` filled beforehand, and how soon another one takes over.

The records are those of `benchmarks/stories.py`: 437 words on average, a tenth copies, a fifth other accounts of one
event, a twentieth new states; all within the window. Each run has topics of its own. Its clock starts when a fifth is
settled, and stops when the group's offset says that the last record is. CPU time is what one process needs of a core;
the rate on a machine with other work is lower. What is remembered is then read back, as whoever takes over does.
"""

from __future__ import annotations

import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaProducer

from benchmarks.processes import cpu, load
from benchmarks.stories import Newsroom
from benchmarks.workers import CONFIG, Group
from ingest.config import Stories
from ingest.items import unlinked
from ingest.linking import Linking
from ingest.work.memory import LINKED, Memory
from ingest.work.shares import Share, remember
from sinks.kafka_admin import Plan, prepare
from sinks.kafka_client import Connection, Place
from sinks.kafka_messages import Message, Names, message
from tests.kafka_fixtures import committed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.broker import OwnBroker

EVERY = 5.0
"""Seconds of record time between two records: 48 hours hold 34,560."""


class Run(NamedTuple):
    """What one did between start and stop of the clock."""

    rate: float
    """Records a second."""
    ours: float
    """CPU seconds of a record."""
    broker: float
    """CPU seconds of a record in the broker."""
    rows: float
    """Rows that are remembered of a record."""
    recall: float
    """CPU seconds of reading back such a row."""


def link(broker: OwnBroker, count: int, repeats: int) -> None:
    """Print the rate and the CPU time of both sides."""
    names = Names("made", scaled=True)
    records = [record for record, _ in islice(iter(Newsroom(7, EVERY)), count)]
    messages = [message(unlinked(one), (names.enriched,), datetime.now(UTC)) for one in records]
    size = sum(len(one.value) for one in messages) // count
    print(f"{count} records of {size} bytes on average in one partition, load {load()}", flush=True)
    runs = [_run(broker, messages) for _ in range(repeats)]
    run = Run(*map(statistics.median, zip(*runs, strict=True)))
    rates = [one.rate for one in runs]
    print(
        f"link: {run.rate:6.0f} records/s ({min(rates):.0f} to {max(rates):.0f}); CPU per record: ours"
        f" {run.ours * 1e6:.0f} us, so {1 / run.ours:.0f} records/s of a core; the broker's {run.broker * 1e6:.0f} us"
    )
    print(f"taking over: {run.rows:.1f} rows a record, {run.recall * 1e6:.0f} us of CPU time each, load {load()}")


def _run(broker: OwnBroker, messages: list[Message]) -> Run:
    names = Names(f"bench-{secrets.token_hex(4)}", scaled=True)
    _fill(broker.bootstrap, names, messages)
    warm = len(messages) // 5
    with Group.of(broker.bootstrap, f"newstap-link-{names.prefix}") as group, _one(broker.bootstrap, names) as pid:
        group.until_settled(warm)
        began, done, used, server = time.perf_counter(), group.settled(), cpu(pid), cpu(broker.pid)
        group.until_settled(len(messages))
        seconds, left = time.perf_counter() - began, len(messages) - done
        ours, server = cpu(pid) - used, cpu(broker.pid) - server
    if not 0.8 * len(messages) < len(committed(broker.bootstrap, names.articles)) <= len(messages):
        raise SystemExit("most of the records did not come")
    rows, recall = _recalled(broker.bootstrap, names)
    return Run(left / seconds, ours / left, server / left, rows / len(messages), recall / rows)


def _fill(bootstrap: str, names: Names, messages: list[Message]) -> None:
    """Write the records without transactions, so that every offset is a record."""
    prepare(Connection(bootstrap), Plan(names))
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, batch_size=131_072)
    for one in messages:
        producer.send(names.enriched, one.value, one.key, one.headers)
    producer.flush()
    producer.close()


@contextmanager
def _one(bootstrap: str, names: Names) -> Iterator[int]:
    """Have one that links, as a command of its own in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        config = Path(folder, "newstap.toml")
        config.write_text(CONFIG.format(bootstrap=bootstrap, prefix=names.prefix))
        process = subprocess.Popen([sys.executable, "-m", "ingest", "link", "--config", str(config)], cwd=folder)
        try:
            yield process.pid
            process.terminate()
            if process.wait(60):
                raise SystemExit(f"it ended with exit code {process.returncode}")
        finally:
            process.kill()
            process.wait()


class _Counted(Memory):
    """Counts what it learns."""

    rows = 0

    def learn(self, key: bytes, value: bytes | None) -> None:
        self.rows += 1
        super().learn(key, value)


def _recalled(bootstrap: str, names: Names) -> tuple[int, float]:
    """Return how many rows are read by whoever takes over, and the CPU seconds of that."""
    memory = _Counted(Linking(Stories()).settle, LINKED)
    began = time.process_time()
    remember(Connection(bootstrap), names.linked, [Share(Place(names.enriched, 0), memory)], threading.Event())
    used = time.process_time() - began
    memory.close()
    return memory.rows, used
