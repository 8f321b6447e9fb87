"""`newstap export`: files of what is in Kafka, each record once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewPartitions

from tests.commands import rows
from tests.ingest.newsroom import keys, newstap
from tests.work.running import (
    LISTEN,
    LONG,
    configured,
    ended,
    killed_now_and_then,
    running,
    stories,
    until,
    until_told,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.broker import Broker

    Read = Callable[[str], list[Any]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600 if LONG else 180)]


def test_records_and_dead_letters_are_kept_as_they_are(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """All partitions, byte for byte; run again it adds what is new, and a partition that was added is noticed.

    Its figures tell how far it is: what an open transaction holds is left until it is decided.
    """
    config = configured(tmp_path, broker.bootstrap, topic_prefix, more=LISTEN)
    inputs = stories(tmp_path / "in.jsonl", range(50))
    with inputs.open("a") as more:
        more.write("{broken\n")
    assert newstap("replay", inputs, "--kafka", broker.bootstrap, "--config", config, cwd=tmp_path).returncode == 0
    done = newstap("export", "--to", "out", "--exit-when-idle", "--config", config, cwd=tmp_path)
    assert done.returncode == 0
    assert "50 records and 1 dead letters written" in done.stderr
    for folder, topic in (("records", "articles"), ("dead-letters", "dead-letters")):
        lines = sorted(
            line for file in (tmp_path / "out" / folder).iterdir() for line in file.read_bytes().splitlines()
        )
        assert lines == sorted(message.value for message in read_topic(f"{topic_prefix}.{topic}.v1"))

    again = newstap("export", "--to", "out", "--exit-when-idle", "--config", config, cwd=tmp_path)
    assert again.returncode == 0
    assert "0 records and 0 dead letters written" in again.stderr
    with running("export", "--to", "out", "--config", config, cwd=tmp_path) as export:
        _add_partition(broker, f"{topic_prefix}.articles.v1", 4)
        _send(broker, f"{topic_prefix}.articles.v1", 3, {"id": "late", "revision": {"n": 1}})
        until(lambda: len(rows(tmp_path / "out" / "records")) == 51)
        left = f'newstap_consumer_lag{{partition="1",topic="{topic_prefix}.articles.v1"}}'
        told = until_told(tmp_path, {'newstap_sink_delivered_total{sink="files"}': 1.0, left: 0.0})
        assert sum(name.startswith("newstap_consumer_lag{") for name in told) == 7
        with _open_transaction(broker, f"{topic_prefix}.articles.v1", 1):
            until_told(tmp_path, {left: 2.0})
        until_told(tmp_path, {left: 0.0, 'newstap_sink_oldest_seconds{sink="files"}': 0.0})
        assert ended(export) == 0
    assert rows(tmp_path / "out" / "records")[-1]["id"] == "late"


@pytest.mark.slow
@pytest.mark.torture
def test_killed_at_random_moments_each_record_is_in_the_files_once(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    number, kills = (20_000, 20) if LONG else (1500, 3)
    config = configured(tmp_path, broker.bootstrap, topic_prefix, more="[sinks.files]\nrotate_bytes = 200000\n")
    inputs = stories(tmp_path / "in.jsonl", range(number), versions=2)
    publish = ("replay", inputs, "--kafka", broker.bootstrap, "--config", config)
    command = ("export", "--to", "out", "--config", config)
    with running(*publish, cwd=tmp_path) as publishing:
        killed_now_and_then(command, tmp_path, kills, least=0.7, most=2.0)
        assert publishing.wait(300) == 0
    done = newstap(*command, "--exit-when-idle", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = rows(tmp_path / "out" / "records")
    assert len(kept) == 2 * number
    assert set(keys(kept).values()) == {1}
    assert keys(kept) == keys(values(read_topic(f"{topic_prefix}.articles.v1")))


def test_a_folder_of_something_else_is_refused(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    """Of a replay, of another prefix, or of another cluster."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    inputs = stories(tmp_path / "in.jsonl", range(3))
    here = ("--config", config)
    assert newstap("replay", inputs, "--to", "mine", *here, cwd=tmp_path).returncode == 0
    refused = newstap("export", "--to", "mine", "--exit-when-idle", *here, cwd=tmp_path)
    assert refused.returncode == 2
    assert "holds files of something else" in refused.stderr

    assert newstap("export", "--to", "out", "--exit-when-idle", *here, cwd=tmp_path).returncode == 0
    other = configured(tmp_path / "other", broker.bootstrap, f"{topic_prefix}-b")
    refused = newstap("export", "--to", "out", "--exit-when-idle", "--config", other, cwd=tmp_path)
    assert refused.returncode == 2
    assert "another job" in refused.stderr

    with sqlite3.connect(tmp_path / "out" / ".newstap" / "export.sqlite") as state:
        state.execute("UPDATE cluster SET id = 'elsewhere'")
    state.close()
    refused = newstap("export", "--to", "out", "--exit-when-idle", *here, cwd=tmp_path)
    assert refused.returncode == 1
    assert "was filled from elsewhere" in refused.stderr


def test_a_topic_that_was_made_anew_ends_it(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    """What it read is not there any more: nobody knows what is missing."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix, partitions=1)
    inputs = stories(tmp_path / "in.jsonl", range(5))
    command = ("export", "--to", "out", "--exit-when-idle", "--config", config)
    assert newstap("replay", inputs, "--kafka", broker.bootstrap, "--config", config, cwd=tmp_path).returncode == 0
    assert newstap(*command, cwd=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "out" / ".newstap" / "export.sqlite") as state:
        state.execute("UPDATE place SET next = next + 100 WHERE topic LIKE '%.articles.v1'")
    state.close()
    refused = newstap(*command, cwd=tmp_path)
    assert refused.returncode == 1
    assert "made anew" in refused.stderr
    assert len(rows(tmp_path / "out" / "records")) == 5


def _add_partition(broker: Broker, topic: str, total: int) -> None:
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        client.create_partitions({topic: NewPartitions(total)})
    finally:
        client.close()


@contextmanager
def _open_transaction(broker: Broker, topic: str, partition: int) -> Iterator[None]:
    """Have two messages in a transaction meanwhile; nobody will see them."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=topic)
    try:
        producer.init_transactions()
        producer.begin_transaction()
        for _ in range(2):
            producer.send(topic, b"{}", b"aborted", partition=partition).get(timeout=30)
        yield
        producer.abort_transaction()
    finally:
        producer.close()


def _send(broker: Broker, topic: str, partition: int, value: dict[str, Any]) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    try:
        until(lambda: partition in producer.partitions_for(topic), 30)
        producer.send(topic, json.dumps(value).encode(), b"late", partition=partition).get(timeout=30)
    finally:
        producer.close()
