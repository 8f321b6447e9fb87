"""The programs of docs/examples do what they say, as processes of their own against a real broker."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer

from processors.records import Story
from sinks.codec import encode_record
from tests.builders import make_article, make_record
from tests.conftest import CHECKOUT
from tests.kafka_fixtures import make_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.broker import Broker

EXAMPLES = CHECKOUT / "docs" / "examples"
LIMIT = 60.0
KILLS = 25 if os.environ.get("NEWSTAP_LONG") else 3
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(150 if KILLS == 3 else 600)]


def body(number: int) -> bytes:
    """Return a record of one of three sites."""
    article = make_article(
        site=f"Site {number % 3}", title=f"Title {number}", published=datetime(2026, 5, 1, tzinfo=UTC)
    )
    return encode_record(replace(make_record(), id=f"id-{number}", article=article))


@pytest.fixture
def topic(broker: Broker, topic_prefix: str) -> str:
    name = f"{topic_prefix}.articles.v1"
    make_topic(broker.bootstrap, name, partitions=2)
    return name


class Publisher(threading.Thread):
    """Publishes record after record, every fifth one twice, until it is told to stop."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__()
        self.published = 0
        self.stopping = threading.Event()
        self._address = bootstrap
        self._topic = topic

    def run(self) -> None:
        with KafkaProducer(bootstrap_servers=self._address) as producer:
            for number in count():
                for _ in range(2 if number % 5 == 0 else 1):
                    producer.send(self._topic, body(number), f"id-{number}".encode())
                producer.flush()
                self.published = number + 1
                if self.stopping.wait(0.01):
                    return


@contextmanager
def running(example: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-u", str(EXAMPLES / example), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + LIMIT
    while not happened():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < until, "nothing happened in time"
        time.sleep(0.02)


def counted(path: Path) -> Counter[str]:
    """Return what was counted so far, by site."""
    with closing(sqlite3.connect(path, timeout=30)) as base:
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'articles'").fetchone():
            return Counter()
        return Counter(dict(base.execute("SELECT site, sum(number) FROM articles GROUP BY site")))


def ends(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0


def test_the_small_one_prints_what_comes(broker: Broker, topic: str) -> None:
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for number in range(3):
            producer.send(topic, body(number), f"id-{number}".encode())
    with running("read.py", broker.bootstrap, topic) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        ends(process)

    assert sorted(line.split(" (")[0] for line in lines) == [f"2026-05-01 00:00:00+00:00 Title {n}" for n in range(3)]


def test_the_one_of_stories_prints_each_once_and_goes_on(broker: Broker, topic: str, tmp_path: Path) -> None:
    """Two stories that turn out to be one after it was begun again; the younger one's article came before that."""
    told = [_of_story(0, "old"), _of_story(1, "young"), _of_story(2, "young"), _of_story(3, "old", "young")]
    told.append(_of_story(4, "other"))
    lines = []
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for some, printed in ((told[:2], 2), (told[2:], 2)):
            for value in some:
                producer.send(topic, value, partition=0)
            producer.flush()
            with running("stories.py", broker.bootstrap, topic, str(tmp_path / "stories.sqlite")) as process:
                assert process.stdout is not None
                lines += [process.stdout.readline() for _ in range(printed)]
                ends(process)

    assert lines == ["old Title 0\n", "young Title 1\n", "young is old\n", "other Title 4\n"]


def _of_story(number: int, name: str, merged: str | None = None) -> bytes:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    story = Story(id=name, score=1, size=1, first_seen=moment, method="s1", merged=merged)
    article = make_article(title=f"Title {number}", published=moment)
    return encode_record(replace(make_record(), id=f"id-{number}", article=article, story=story))


@pytest.mark.torture
def test_the_counting_one_counts_each_once_though_it_is_killed(broker: Broker, topic: str, tmp_path: Path) -> None:
    """Each kill -9 meets a process that has counted something since it was started, at a random moment after that."""
    path = tmp_path / "counts.sqlite"
    moments = random.Random(5)
    publisher = Publisher(broker.bootstrap, topic)
    publisher.start()
    try:
        for _ in range(KILLS):
            before = counted(path).total()
            with running("once.py", broker.bootstrap, topic, str(path)) as process:
                wait_for(lambda: counted(path).total() > before, process)  # noqa: B023 - called in this turn only
                time.sleep(moments.uniform(0.0, 0.4))
    finally:
        publisher.stopping.set()
        publisher.join()
    with running("once.py", broker.bootstrap, topic, str(path)) as process:
        wait_for(lambda: counted(path).total() >= publisher.published, process)
        ends(process)

    assert counted(path) == Counter(f"Site {number % 3}" for number in range(publisher.published))


def test_every_example_is_told_of() -> None:
    """And there is a test of each: the names of those that are tested stand in this file."""
    told = {path.name: path.read_text("utf-8") for path in (CHECKOUT / "README.md", CHECKOUT / "docs" / "kafka.md")}
    for example in EXAMPLES.iterdir():
        assert f'"{example.name}"' in (CHECKOUT / "tests/integration/test_examples.py").read_text("utf-8")
        assert [name for name, text in told.items() if f"examples/{example.name}" not in text] == []
