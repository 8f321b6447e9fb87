"""How long after the demo's newsroom shows an article a reader of Kafka sees its record.

The service runs as a process of its own over the newsroom's feeds, with the intervals of the demo. Counted are the
articles that the newsroom published after the service had first read their feed: from the answer of the feed that first
held the article, and from its publication, until a `read_committed` consumer has the record.
"""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kafka import KafkaConsumer, TopicPartition

from ingest.demo.newsroom import expected, hosted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.demo.newsroom import Newsroom

INTERVALS = "interval_seconds = 1\nmin_interval_seconds = 0.5\nmax_interval_seconds = 5\nbackoff_seconds = 1\n"
CONFIG = """
[schedule]
{intervals}
[fetch]
user_agent = "newstap/VERSION (bench; +https://example.org/contact)"
host_delay_seconds = 0.05
allow_networks = ["127.0.0.0/8"]
[topics]
enabled = ["north-korea", "russia", "china"]
[dashboard]
listen = ""
[logging]
level = "warning"
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
"""
_LOOK = 0.005
"""Seconds between two looks at how much the newsroom has published."""


class Wait(NamedTuple):
    """How long one article took, in seconds."""

    from_answer: float
    from_publication: float


def latency(bootstrap: str, pace: float) -> None:
    """Print the 50th and 95th percentile of both waits."""
    prefix = f"bench-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder, hosted(pace_seconds=pace) as room:
        published: list[float] = []
        watcher = threading.Thread(target=_watch, args=(room, published))
        watcher.start()
        with _service(Path(folder), room, bootstrap, prefix):
            arrived = _arrivals(room, bootstrap, f"{prefix}.articles.v1")
        watcher.join()
        waits = _waits(room, published, arrived)
    print(f"\n{len(waits)} articles, one published each {pace:g} s; " + INTERVALS.strip().replace("\n", ", "))
    for name in Wait._fields:
        values = [getattr(wait, name) for wait in waits]
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"{name.replace('_', ' '):17} p50 {statistics.median(values):5.2f} s, p95 {p95:5.2f} s")


def _watch(room: Newsroom, published: list[float]) -> None:
    """Note when each event was published: the last moment at which it was not yet, so that no wait looks too short."""
    before = time.time()
    while len(published) < len(room.script.events):
        now, count = time.time(), room.published
        published += [before] * (count - len(published))
        before = now
        time.sleep(_LOOK)


@contextmanager
def _service(folder: Path, room: Newsroom, bootstrap: str, prefix: str) -> Iterator[None]:
    feeds = "".join(f'[[feeds]]\nurl = "{feed.url}"\nzone = "{feed.zone}"\n' for feed in room.feeds)
    config = folder / "newstap.toml"
    config.write_text(CONFIG.format(intervals=INTERVALS, bootstrap=bootstrap, prefix=prefix) + feeds)
    process = subprocess.Popen([sys.executable, "-m", "ingest", "run", "--config", str(config)], cwd=folder)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _arrivals(room: Newsroom, bootstrap: str, topic: str) -> dict[str, float]:
    """Read until the first record of each story is there; return when it came, by the path of its article."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    found: dict[str, float] = {}
    deadline = time.monotonic() + 300
    try:
        while not (parts := consumer.partitions_for_topic(topic)):
            _before(deadline)
            time.sleep(0.1)
        consumer.assign([TopicPartition(topic, number) for number in parts])
        while len(found) < len(expected(room.script)):
            _before(deadline)
            for messages in consumer.poll(timeout_ms=100).values():
                for message in messages:
                    found.setdefault(urlsplit(json.loads(message.value)["canonical_url"]).path, time.time())
    finally:
        consumer.close()
    return found


def _waits(room: Newsroom, published: list[float], arrived: dict[str, float]) -> list[Wait]:
    answers: dict[str, list[float]] = {}
    for asked in room.log:
        if asked.status == 200 and asked.path == room.script.outlets[asked.outlet].feed:
            answers.setdefault(asked.outlet, []).append(asked.at.timestamp())
    paths = {(story.outlet, story.key): story.path for story in expected(room.script)}
    found = []
    for event, moment in zip(room.script.events, published, strict=True):
        story = event.story
        if event.edition or moment < answers[story.outlet][0]:
            continue
        answered = next(answer for answer in answers[story.outlet] if answer >= moment)
        came = arrived[paths[story.outlet, story.key]]
        found.append(Wait(came - answered, came - moment))
    return found


def _before(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise SystemExit("not every article came")
