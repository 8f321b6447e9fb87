"""Pages a second of two workers of a group beside one, with `news.pages.v1` filled beforehand.

The pages are those of the invented sites of `benchmarks/profiles.py`, 170 kB each, one site to a page, so that they are
spread evenly over six partitions. Each run has topics of its own. Its clock starts when the group has come to rest and
each worker has settled `WARM` pages of its own partitions, and stops when the group's offsets say that one of them has
settled the last of its own: what follows is the rate of the others. Offsets are committed in one transaction with the
records. The worker that is up first has begun with the partitions of all, so that what is left to each differs.
"""

from __future__ import annotations

import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaAdminClient, TopicPartition, errors
from kafka.admin import OffsetSpec

from benchmarks.processes import cpu, cpu_of_tree, load
from benchmarks.profiles import made, pages
from ingest.routing import page_item
from sinks.kafka import AT_LEAST_ONCE, KafkaSink
from tests.kafka_fixtures import committed
from tests.sinks.kafka_driver import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sinks.base import Item
    from tests.broker import OwnBroker

PARTITIONS = 6
WARM = 20
"""Pages: a worker's first ones take longer."""
CONFIG = """
[logging]
level = "warning"
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
"""
_LOOK = 0.1
"""Seconds between two looks at the group's offsets."""
_PATIENCE = 600.0


class Run(NamedTuple):
    """What some workers did between start and stop of the clock."""

    rate: float
    """Pages a second."""
    workers: float
    """CPU seconds of a page in all processes of the workers."""
    busiest: float
    """CPU seconds of a page in the busiest of them, an extracting one: a worker of one such is no faster."""
    broker: float
    """CPU seconds of a page in the broker."""

    @property
    def cores(self) -> float:
        """How many cores both had on average."""
        return self.rate * (self.workers + self.broker)


def scale_out(broker: OwnBroker, count: int, repeats: int) -> None:
    """Print the rates of one worker and of two, their ratio, and the CPU time of both sides."""
    items = [replace(page_item(next(pages(made(seq, 7), 1))[0]), seq=seq) for seq in range(1, count + 1)]
    size = sum(len(item.body) for item in items) // count
    print(f"{count} pages of {size} bytes on average in {PARTITIONS} partitions, load {load()}", flush=True)
    _run(broker, items[: count // 2], 1)  # warms the broker
    rounds = [_round(broker, items, first=1 + number % 2) for number in range(repeats)]
    one, two = (_median([each[many] for each in rounds]) for many in (1, 2))
    for many, run in ((1, one), (2, two)):
        rates = [each[many].rate for each in rounds]
        print(
            f"workers: {many}     {run.rate:6.1f} pages/s ({min(rates):.1f} to {max(rates):.1f}); CPU per page:"
            f" ours {run.workers * 1e3:.1f} ms, {run.busiest * 1e3:.1f} of it in the busiest process,"
            f" the broker's {run.broker * 1e3:.1f} ms; {run.cores:.2f} cores busy"
        )
    ratio = statistics.median(each[2].rate / each[1].rate for each in rounds)
    free = min(2.0, 2 * one.busiest / (two.workers + two.broker))
    print(f"two workers / one: {ratio:.2f} of the rate   (bar 1.5 on two cores), load {load()}")
    print(f"what the CPU times make of it on two cores with nothing else to do: {free:.2f}")


def _median(runs: list[Run]) -> Run:
    return Run(*map(statistics.median, zip(*runs, strict=True)))


def _round(broker: OwnBroker, items: list[Item], first: int) -> dict[int, Run]:
    """Run one worker and two, in turns of changing order."""
    return {many: _run(broker, items, many) for many in (first, 3 - first)}


def _run(broker: OwnBroker, items: list[Item], many: int) -> Run:
    prefix = f"bench-{secrets.token_hex(4)}"
    _fill(broker.bootstrap, prefix, items)
    with ExitStack() as stack:
        group = stack.enter_context(Group.of(broker.bootstrap, f"newstap-work-{prefix}"))
        workers = [stack.enter_context(_worker(broker.bootstrap, prefix)) for _ in range(many)]
        group.until_warm(many)
        began, done, used, server = time.perf_counter(), group.settled(), _used(workers), cpu(broker.pid)
        group.until_one_is_done(f"{prefix}.pages.v1")
        seconds, left = time.perf_counter() - began, group.settled() - done
        ours, server = [now - used.get(pid, 0.0) for pid, now in _used(workers).items()], cpu(broker.pid) - server
        group.until_settled(len(items))
    run = Run(left / seconds, sum(ours) / left, max(ours) * many / left, server / left)
    if (found := len(committed(broker.bootstrap, f"{prefix}.articles.v1"))) != len(items):
        raise SystemExit(f"{found} records came of {len(items)} pages")
    return run


def _fill(bootstrap: str, prefix: str, items: list[Item]) -> None:
    """Write the pages without transactions, so that every offset is a page."""
    ledger = MemoryLedger(prefix)
    options = {"scaled": True, "delivery": AT_LEAST_ONCE, "partitions": PARTITIONS}
    sink = KafkaSink(ledger, bootstrap=bootstrap, prefix=prefix, **options)
    sink.open()
    sink.write(items)
    sink.flush(len(items))
    sink.close()


@contextmanager
def _worker(bootstrap: str, prefix: str) -> Iterator[int]:
    """Have a worker with one extracting process, as a command of its own in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        config = Path(folder, "newstap.toml")
        config.write_text(CONFIG.format(bootstrap=bootstrap, prefix=prefix) + "[stories]\nenabled = false\n")
        name = ["--workers", "1", "--instance", Path(folder).name]
        command = [sys.executable, "-m", "ingest", "work", "--config", str(config), *name]
        process = subprocess.Popen(command, cwd=folder)
        try:
            yield process.pid
            process.terminate()
            if process.wait(60):
                raise SystemExit(f"a worker ended with exit code {process.returncode}")
        finally:
            process.kill()
            process.wait()


def _used(workers: list[int]) -> dict[int, float]:
    return {pid: seconds for worker in workers for pid, seconds in cpu_of_tree(worker).items()}


class Group:
    """What the broker says of a group."""

    def __init__(self, client: KafkaAdminClient, name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    @contextmanager
    def of(cls, bootstrap: str, name: str) -> Iterator[Group]:
        client = KafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            yield cls(client, name)
        finally:
            client.close()

    def settled(self) -> int:
        """Return how many messages are settled."""
        return sum(self._offsets().values())

    def until_settled(self, count: int) -> None:
        """Wait until so many are."""
        _until(lambda: self.settled() >= count)

    def until_one_is_done(self, topic: str) -> None:
        """Wait until a member has settled all of its partitions of a topic."""
        owners, ends = self._owners(), self._ends(topic)
        _until(lambda: any(all(self._offsets().get(one, 0) >= ends[one] for one in held) for held in owners))

    def until_warm(self, members: int) -> None:
        """Wait until the partitions are shared out, and then until each member has settled some pages."""
        _until(lambda: self._shares() == [PARTITIONS // members] * members)
        before, owners = self._offsets(), self._owners()

        def is_warm() -> bool:
            now = self._offsets()
            return all(sum(now.get(one, 0) - before.get(one, 0) for one in held) >= WARM for held in owners)

        _until(is_warm)

    def _offsets(self) -> dict[int, int]:
        found = self._client.list_group_offsets([self._name])[self._name]
        return {place.partition: max(0, at.offset) for place, at in found.items()}

    def _ends(self, topic: str) -> dict[int, int]:
        places = {TopicPartition(topic, one): OffsetSpec.LATEST for one in range(PARTITIONS)}
        return {place.partition: at.offset for place, at in self._client.list_partition_offsets(places).items()}

    def _shares(self) -> list[int]:
        return [len(held) for held in self._owners()]

    def _owners(self) -> list[list[int]]:
        """Return the partitions of each member."""
        members = self._client.describe_groups([self._name])[self._name]["members"]
        held = [(member["member_assignment"] or {}).get("assigned_partitions", ()) for member in members]
        return [[number for topic in each for number in topic["partitions"]] for each in held]


def _until(condition: Callable[[], bool]) -> None:
    """Wait for something; the broker's very first group has no coordinator for a moment."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with suppress(errors.CoordinatorNotAvailableError, errors.CoordinatorLoadInProgressError):
            if condition():
                return
        time.sleep(_LOOK)
    raise SystemExit(f"not within {_PATIENCE:.0f} s")
