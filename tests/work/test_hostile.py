"""Messages that nobody of ours wrote, in topics that we read: each is told once, and what stands behind it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from sinks.kafka_client import Connection
from sinks.kafka_reading import read_topic as stored
from tests.commands import rows
from tests.ingest.newsroom import newstap
from tests.kafka_fixtures import Header
from tests.work.running import arriving, configured, ended, owners, running, stories, until, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

    Read = Callable[[str], list[Any]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

STRANGE = [
    b"",
    b"\x80\x04K\x01.",
    b"[" * 100_000,
    b'{"schema": 1, "page": true}',
    b'{"schema": 1, "page": true, "form": "line", "body": {}, "origin": {"mode": ["run"]}}',
    b'{"schema": 999, "page": true, "form": "html", "body": "x"}',
    b'"' + b"x" * 900_000 + b'"',
]
"""What is no page of ours, though some of it may look like one."""


def poison(broker: Broker, topic: str, partitions: int) -> None:
    """Put into each partition a message that Kafka's library cannot take apart: the key of a header is not UTF-8."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for partition in range(partitions):
        producer.send(topic, b"{}", b"x", headers=[(Header("x"), b"")], partition=partition).get(60)
    producer.close()


def test_a_worker_makes_dead_letters_of_what_is_no_page_and_goes_on(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    pages, letters = f"{topic_prefix}.pages.v1", f"{topic_prefix}.dead-letters.v1"
    with running("work", "--config", config, "--workers", "1", cwd=tmp_path) as worker:
        until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
        poison(broker, pages, 3)
        with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            for number, body in enumerate(STRANGE):
                producer.send(pages, body, f"{number}".encode(), partition=number % 3).get(60)
            producer.send(pages, None, b"tombstone", partition=0).get(60)
        inputs = stories(tmp_path / "in.jsonl", range(30))
        assert newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path).returncode == 0
        with arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as published:
            until(lambda: published() == 30)
        until(lambda: len(read_topic(letters)) == 3 + len(STRANGE) + 1)
        assert ended(worker) == 0

    told = [letter["error"] for letter in values(read_topic(letters))]
    assert all(pages in error and "offset" in error for error in told)
    assert sum("UnicodeDecodeError" in error for error in told) == 3


def test_export_and_audit_pass_over_what_cannot_be_read(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    articles = f"{topic_prefix}.articles.v1"
    publish = ("replay", "--kafka", broker.bootstrap, "--config", config)
    assert newstap(*publish, stories(tmp_path / "one.jsonl", range(20)), cwd=tmp_path).returncode == 0
    poison(broker, articles, 3)
    assert newstap(*publish, stories(tmp_path / "two.jsonl", range(20, 40)), cwd=tmp_path).returncode == 0

    done = newstap("export", "--to", "out", "--exit-when-idle", "--config", config, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.count(f"passed over: partition 0 of {articles}, offset") == 1
    assert len(rows(tmp_path / "out" / "records")) == 40
    found = list(stored(Connection(broker.bootstrap), articles))
    assert len(found) == 40
