"""Fetchers of a group as processes, over a town."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition

from ingest.feedstore import Feed
from ingest.fleet.definitions import Defined
from ingest.fleet.publishing import change
from sinks.kafka_admin import Plan, admin
from sinks.kafka_client import AwayError, Connection
from sinks.kafka_messages import Names
from tests.fleet.books import delivered, kept, late, requests_of
from tests.fleet.town import feed_path, host_of
from tests.ingest.newsroom import asked_to_end
from tests.work.running import running, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.fleet.books import Books, Thaw

PARTITIONS = 12
_ON_ITS_WAY_SECONDS = 30.0
"""What an article may take from its feed into Kafka."""
_CONFIG = """
[topics]
enabled = []
[fetch]
group = "town"
user_agent = "{name}"
host_delay_seconds = 0.02
allow_networks = ["127.0.0.0/8"]
[schedule]
interval_seconds = {interval}
min_interval_seconds = {interval}
max_interval_seconds = {interval}
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
partitions = {partitions}
"""


class Fleet:
    """A town, and fetchers that come and go.

    Args:
        folder: for all there is.
        bootstrap: of the broker.
        prefix: of the topics.
        hosts: in the town.
        feeds: in the town.
        interval: seconds between two polls of a feed.
    """

    def __init__(  # noqa: PLR0917 - what a town is
        self, folder: Path, bootstrap: str, prefix: str, hosts: int, feeds: int, interval: float
    ) -> None:
        self.feeds = [feed_path(number) for number in range(feeds)]
        self._folder = folder
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._hosts = hosts
        self._interval = interval
        self._log = folder / "town.jsonl"
        self._stack = ExitStack()
        self._fetchers: dict[str, subprocess.Popen[str]] = {}
        self._ends = ExitStack()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Have the town, and its feeds in Kafka; end every fetcher at last."""
        command = [sys.executable, "-m", "tests.fleet.town", self._hosts, self._interval * 4, self._log]
        with (
            subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as town,
            self._stack,
        ):
            assert town.stdout is not None
            port = int(town.stdout.readline())
            urls = [f"http://{host_of(n % self._hosts)}:{port}{path}" for n, path in enumerate(self.feeds)]
            self._define(urls)
            try:
                yield
            finally:
                self._stack.close()
                assert town.stdin is not None
                town.stdin.close()

    def _define(self, urls: Sequence[str]) -> None:
        """Have feeds in Kafka; a broker that has just begun makes its own topics first, and is patient with nobody."""
        plan = Plan(Names(self._prefix, (), scaled=True, fleet=True), partitions=PARTITIONS)
        deadline = time.monotonic() + 60
        while True:
            try:
                change(Connection(self._bootstrap, {}), plan, lambda _: [Defined(Feed(url=url)) for url in urls])
            except AwayError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def begin(self, name: str, more: str = "") -> None:
        """Have a fetcher; its configuration holds more."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        (folder / "newstap.toml").write_text(
            _CONFIG.format(
                name=name,
                interval=self._interval,
                bootstrap=self._bootstrap,
                prefix=self._prefix,
                partitions=PARTITIONS,
            )
            + more
        )
        command = ["fetch", "--config", folder / "newstap.toml", "--instance", name]
        self._fetchers[name] = self._stack.enter_context(running(*command, cwd=folder))

    @property
    def names(self) -> frozenset[str]:
        """Return which fetchers there are, or were."""
        return frozenset(self._fetchers)

    def log(self, name: str) -> str:
        """Return what a fetcher has told so far."""
        return (self._folder / name / "log").read_text()

    def process(self, name: str) -> subprocess.Popen[str]:
        """Return a fetcher's process."""
        return self._fetchers[name]

    def stop(self, name: str) -> int:
        """End a fetcher in good order, and return its exit code."""
        process = self._fetchers[name]
        asked_to_end(process)
        return process.wait(60)

    def until_polled(self, since: float, seconds: float) -> float:
        """Wait until each feed was polled since a moment; return by how much the last one was late."""

        def found() -> float:
            return late(requests_of(self._log), self.feeds, since, self._interval)

        until(lambda: found() < float("inf"), seconds)
        return found()

    def until_shared_out(self, fetchers: int, seconds: float) -> None:
        """Wait until every partition belongs to somebody, and so many have some."""

        def is_shared_out() -> bool:
            with admin(Connection(self._bootstrap, {})) as broker:
                held = broker.shared_out(f"newstap-fetch-{self._prefix}-town", f"{self._prefix}.feeds.v1")
            having = [numbers for numbers in held.values() if numbers]
            return len(having) == fetchers and sum(map(len, having)) == PARTITIONS

        until(is_shared_out, seconds)

    def until_delivered(self, seconds: float) -> None:
        """Wait until nothing is missing of what feeds have shown by now."""
        shown = requests_of(self._log)
        until(lambda: not kept(shown, delivered(self._pages()), self._interval).lost, seconds)

    def books(self, thaws: Iterable[Thaw] = ()) -> tuple[Books, int]:
        """Return what went wrong so far, but for what `kept` excuses, and how many pages were delivered.

        What was shown after the pages were counted is not missed.
        """
        shown = requests_of(self._log)
        pages = delivered(self._pages())
        found = kept(shown, pages, self._interval, thaws)
        late = [name for name in found.lost if not self._is_old(name)]
        return found._replace(lost=[name for name in found.lost if name not in late]), pages.total()

    def _is_old(self, name: str) -> bool:
        """Tell whether what is missing was shown so long ago that it has to be there."""
        feed, _, item = name.partition("-")
        first = [
            one.came for one in requests_of(self._log) if one.path == feed_path(int(feed)) and one.items > int(item)
        ]
        return time.time() - min(first) > _ON_ITS_WAY_SECONDS

    def _pages(self) -> list[bytes]:
        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        topic = f"{self._prefix}.pages.v1"
        try:
            parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(parts)
            ends, deadline = consumer.end_offsets(parts), time.monotonic() + 60
            found: list[bytes] = []
            while any(consumer.position(part) < ends[part] for part in parts) and time.monotonic() < deadline:
                found += [one.value for batch in consumer.poll(timeout_ms=200).values() for one in batch]
            return found
        finally:
            consumer.close()
