"""`newstap tail` on Kafka."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from tests.ingest.newsroom import asked_to_end, begun, newstap
from tests.ingest.tail.stories import of_story
from tests.ingest.tail.test_tail import line, next_line, titles
from tests.kafka_fixtures import make_topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.broker import Broker, OwnBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def producer(broker: Broker, topic_prefix: str) -> Iterator[KafkaProducer]:
    """Of transactions, into a topic of two partitions."""
    make_topic(broker.bootstrap, f"{topic_prefix}.articles.v1", 2)
    made = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=topic_prefix)
    made.init_transactions()
    yield made
    made.close()


@pytest.fixture
def config(tmp_path: Path, broker: Broker, topic_prefix: str) -> Path:
    path = tmp_path / "news.toml"
    path.write_text(f'[sinks.kafka]\nbootstrap = "{broker.bootstrap}"\ntopic_prefix = "{topic_prefix}"\n')
    return path


def published(producer: KafkaProducer, topic_prefix: str, hours: list[int], *, commit: bool = True) -> None:
    """Records so many hours old, in the partitions in turn, in one transaction."""
    producer.begin_transaction()
    for n in hours:
        moment = datetime.now(UTC) - timedelta(hours=n)
        value, stamp = line(n), int(moment.timestamp() * 1000)
        producer.send(f"{topic_prefix}.articles.v1", value, partition=n % 2, timestamp_ms=stamp)
    (producer.commit_transaction if commit else producer.abort_transaction)()


def test_committed_records_are_shown_and_no_group_is_left(
    tmp_path: Path, broker: Broker, topic_prefix: str, producer: KafkaProducer, config: Path
) -> None:
    """The newest of all partitions in the order of their events, without what was aborted; then what comes."""
    published(producer, topic_prefix, [9, 8, 7, 6])
    published(producer, topic_prefix, [5], commit=False)
    published(producer, topic_prefix, [4])
    with begun("tail", "--json", "-n", "3", "--config", config, cwd=tmp_path) as process:
        assert [titles(next_line(process))[0] for _ in range(3)] == ["Notice 7", "Notice 6", "Notice 4"]
        published(producer, topic_prefix, [3], commit=False)
        published(producer, topic_prefix, [2])
        assert titles(next_line(process)) == ["Notice 2"]
        assert groups(broker, topic_prefix) == []
        asked_to_end(process)
        assert process.wait(50) == 0


def test_one_of_each_story_is_shown_of_all_partitions(
    tmp_path: Path, topic_prefix: str, producer: KafkaProducer, config: Path
) -> None:
    def sent(n: int, story: str, **more: Any) -> None:
        stamp = int((datetime.now(UTC) - timedelta(hours=n)).timestamp() * 1000)
        body = of_story(n, story, **more)
        producer.send(f"{topic_prefix}.articles.v1", body, partition=n % 2, timestamp_ms=stamp)

    producer.begin_transaction()
    for n, story in ((9, "a"), (8, "b"), (7, "b"), (6, "a")):
        sent(n, story)
    producer.commit_transaction()
    with begun("tail", "--unique", "--json", "--config", config, cwd=tmp_path) as process:
        assert [titles(next_line(process))[0] for _ in range(2)] == ["Notice 9", "Notice 8"]
        producer.begin_transaction()
        sent(5, "a", copy_of="record-9")
        sent(3, "b")
        sent(1, "c")
        producer.commit_transaction()
        assert titles(next_line(process)) == ["Notice 1"]
        asked_to_end(process)
        assert process.wait(50) == 0


@pytest.mark.parametrize(("begin", "expected"), [(["--from-start"], [9, 8, 7, 6]), (["--since", "450m"], [7, 6])])
def test_it_can_begin_with_the_oldest_or_at_a_time(
    topic_prefix: str, producer: KafkaProducer, config: Path, begin: list[str], expected: list[int]
) -> None:
    published(producer, topic_prefix, [9, 8, 7, 6])
    done = newstap("tail", "--json", "--once", *begin, "--kafka", "--config", config, cwd=config.parent)
    assert done.returncode == 0
    assert sorted(titles(done.stdout)) == sorted(f"Notice {n}" for n in expected)


def test_a_topic_that_is_made_later_is_read_from_its_beginning(
    tmp_path: Path, broker: Broker, topic_prefix: str, config: Path
) -> None:
    with begun("tail", "--json", "--config", config, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert "has no topic" in process.stderr.readline()
        make_topic(broker.bootstrap, f"{topic_prefix}.articles.v1", 1)
        with_plain = KafkaProducer(bootstrap_servers=broker.bootstrap)
        with_plain.send(f"{topic_prefix}.articles.v1", line(1)).get(30)
        with_plain.close()
        assert titles(next_line(process)) == ["Notice 1"]
        asked_to_end(process)
        assert process.wait(50) == 0


def groups(broker: Broker, client: str) -> list[Any]:
    """Consumer groups that the broker has of a tail."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    found = [group for group in admin.list_groups() if "tail" in json.dumps(group, default=str) or client in str(group)]
    admin.close()
    return found


@pytest.mark.slow
def test_a_broker_that_goes_away_is_waited_for(tmp_path: Path, fault_broker: OwnBroker) -> None:
    """What was shown is not shown again."""
    make_topic(fault_broker.bootstrap, "news.articles.v1", 1)
    send(fault_broker, 3)
    with begun("tail", "--json", "--kafka", fault_broker.bootstrap, cwd=tmp_path) as process:
        assert titles(next_line(process)) == ["Notice 3"]
        fault_broker.kill()
        fault_broker.start()
        send(fault_broker, 2)
        assert titles(next_line(process)) == ["Notice 2"]
        asked_to_end(process)
        assert process.wait(50) == 0


def send(broker: Broker, n: int) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send("news.articles.v1", line(n)).get(30)
    producer.close()
