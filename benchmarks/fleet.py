"""What sharing out feeds costs: CPU time of a poll beside a fetcher that has its feeds to itself, and taking them over.

    PYTHONPATH=. python benchmarks/fleet.py [--feeds 2000] [--hosts 200] [--seconds 60] [--large 10000]

The feeds are those of `benchmarks/feedhosts.py`. First `newstap fetch` alone, then one of a group that has all of them,
both into the same Kafka, each measured once it has polled every feed twice. Then `--large` feeds are polled once, the
fetcher's copy is deleted, and it is timed how long the next one takes to read everything from Kafka. CPU times are of
the process tree, without the broker's.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaAdminClient

from benchmarks.processes import cpu, cpu_of_tree, load
from benchmarks.replay import memory_of
from benchmarks.watching import scraped
from ingest.feedstore import Feed
from ingest.fleet.definitions import Defined
from ingest.fleet.publishing import change
from sinks.kafka_admin import Plan
from sinks.kafka_client import Connection
from sinks.kafka_messages import Names
from sinks.kafka_reading import read_topic
from tests.broker import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.broker import OwnBroker

PARTITIONS = 24
_CONFIG = """
[topics]
enabled = []
[schedule]
interval_seconds = {interval}
min_interval_seconds = {interval}
max_interval_seconds = {interval}
first_fetch = "new"
[fetch]
user_agent = "newstap-bench (+mailto:bench@example.org)"
host_delay_seconds = 0.01
pages = false
allow_networks = ["127.0.0.0/8"]
{group}
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
partitions = 24
[dashboard]
listen = "127.0.0.1:0"
"""
_TAKEN = re.compile(r"what is known of (\d+) feeds.*seconds=([0-9.]+)")
_POLLS = "newstap_poll_delay_seconds_count"


class Cost(NamedTuple):
    """CPU seconds of one poll."""

    ours: float
    broker: float
    polls: float
    """A second."""
    sent: dict[str, float]
    """Bytes that a poll adds to each topic, compressed as they are on the broker's disk."""


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder, _hosts(options) as urls:
        broker = start()
        try:
            alone = _measured(Path(folder, "alone"), broker, urls[: options.feeds], options, group=False)
            shared = _measured(Path(folder, "shared"), broker, urls[: options.feeds], options, group=True)
            for name, cost in (("alone", alone), ("of a group", shared)):
                print(
                    f"fetcher {name:<11} {cost.ours * 1e3:6.2f} ms CPU a poll, the broker's {cost.broker * 1e3:.2f} ms;"
                    f" {cost.polls:.0f} polls/s"
                )
            print(f"of a group / alone  {shared.ours / alone.ours:6.2f}   (bar 1.3), load {load()}")
            told = ", ".join(f"{name} {size:.0f}" for name, size in shared.sent.items() if size >= 1)
            print(f"bytes that a poll adds to topics: {told}")
            if options.large:
                _restored(Path(folder, "large"), broker, urls[: options.large])
        finally:
            broker.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--interval", type=float, default=40.0, help="seconds between two polls of a feed")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement")
    parser.add_argument("--large", type=int, default=10_000, help="feeds to take over; 0 leaves it out")
    return parser.parse_args()


@contextmanager
def _hosts(options: argparse.Namespace) -> Iterator[list[str]]:
    """Have hosts with feeds; yield the feeds' URLs."""
    command = [sys.executable, "-m", "benchmarks.feedhosts", str(options.hosts)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        count = max(options.feeds, options.large)
        try:
            yield [f"http://127.0.0.1:{ports[n % options.hosts]}/{n}.xml" for n in range(count)]
        finally:
            process.stdin.close()


def _measured(folder: Path, broker: OwnBroker, urls: list[str], options: argparse.Namespace, *, group: bool) -> Cost:
    with _fetcher(folder, broker, urls, options.interval, group=group) as (process, metrics):
        while scraped(metrics).get(_POLLS, 0.0) < 2 * len(urls):
            time.sleep(1.0)
        polls, ours, theirs = scraped(metrics)[_POLLS], _cpu(process), cpu(broker.pid)
        before = _held(broker, folder.name)
        began = time.monotonic()
        time.sleep(options.seconds)
        seconds = time.monotonic() - began
        made = scraped(metrics)[_POLLS] - polls
        sent = {name: (size - before.get(name, 0)) / made for name, size in _held(broker, folder.name).items()}
        return Cost((_cpu(process) - ours) / made, (cpu(broker.pid) - theirs) / made, made / seconds, sent)


def _held(broker: OwnBroker, prefix: str) -> dict[str, int]:
    """Return the bytes that each of our topics, and each of Kafka's own, has on the broker's disk."""
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        told = client.describe_log_dirs()
    finally:
        client.close()
    found: Counter[str] = Counter()
    for each in told:
        for topic in (one for place in each["log_dirs"] for one in place["topics"]):
            if topic["name"].startswith((f"{prefix}.", "__")):
                found[topic["name"]] += sum(part["partition_size"] for part in topic["partitions"])
    return found


def _live(broker: OwnBroker, topic: str) -> tuple[int, int, int]:
    """Return of a compacted topic how many messages it has, and of those that compaction leaves number and bytes."""
    count, sizes = 0, {}
    for one in read_topic(Connection(broker.bootstrap, {}), topic):
        count += 1
        sizes[one.key] = len(one.key) + len(one.body or b"")
    return count, len(sizes), sum(sizes.values())


def _restored(folder: Path, broker: OwnBroker, urls: list[str]) -> None:
    """Print how long it takes to take over feeds that were all polled."""
    with _fetcher(folder, broker, urls, 60.0, group=True) as (_, metrics):
        while scraped(metrics).get(_POLLS, 0.0) < len(urls):
            time.sleep(1.0)
        time.sleep(2.0)
    topic = Names(folder.name, (), scaled=True, fleet=True).states
    messages, live, size = _live(broker, topic)
    print(
        f"{topic}: {messages} messages, {live} after compaction, {size / 1e6:.1f} MB uncompressed; the broker's disk:"
    )
    print(", ".join(f"{name} {held / 1e6:.1f} MB" for name, held in _held(broker, folder.name).items() if held > 1e5))
    shutil.rmtree(folder / "var")
    with _fetcher(folder, broker, None, 60.0, group=True) as (process, _):
        until = time.monotonic() + 120
        while not (
            found := re.findall(r"what is known of (\d+) feeds.*seconds=([0-9.]+)", (folder / "log").read_text())[1:]
        ):
            time.sleep(0.2)
            if time.monotonic() > until:
                raise SystemExit("not taken over within two minutes")
        memory = memory_of(process.pid)
    feeds, seconds = found[0]
    size = sum(path.stat().st_size for path in (folder / "var").rglob("*.sqlite"))
    print(f"{feeds} feeds taken over in {seconds} s   (bar 20), load {load()}")
    print(f"a copy of {size / 1e6:.0f} MB, {memory:.0f} MiB PSS of the process tree")


@contextmanager
def _fetcher(
    folder: Path, broker: OwnBroker, urls: list[str] | None, interval: float, *, group: bool
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Have a fetcher; with URLs, those are its feeds. Yield it, and where its metrics are."""
    folder.mkdir(exist_ok=True)
    prefix = folder.name
    text = _CONFIG.format(
        interval=interval, group='group = "all"' if group else "", bootstrap=broker.bootstrap, prefix=prefix
    )
    if urls is not None and group:
        plan = Plan(Names(prefix, (), scaled=True, fleet=True), partitions=PARTITIONS)
        change(Connection(broker.bootstrap, {}), plan, lambda _: [Defined(Feed(url=url)) for url in urls])
    elif urls is not None:
        text += "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    config = folder / "newstap.toml"
    config.write_text(text)
    with (folder / "log").open("a") as log:
        command = [
            sys.executable,
            "-m",
            "ingest",
            "fetch",
            "--config",
            str(config),
            *(["--instance", "one"] if group else []),
        ]
        with subprocess.Popen(command, cwd=folder, stderr=log, text=True) as process:
            try:
                while not (found := re.findall(r"listening on (http://\S+)", (folder / "log").read_text())):
                    time.sleep(0.1)
                yield process, f"{found[-1]}/metrics"
            finally:
                process.terminate()
                process.wait(60)


def _cpu(process: subprocess.Popen[str]) -> float:
    return sum(cpu_of_tree(process.pid).values())


if __name__ == "__main__":
    raise SystemExit(main())
