"""The reader for consumers, against a real broker."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer

from processors.records import Revision
from sinks.codec import encode_record
from sinks.reader import Message, Reader, UnreadableError
from tests.broker.process import free_port
from tests.builders import make_record
from tests.kafka_fixtures import Header, make_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.broker import Broker, OwnBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(150)]
LIMIT = 60.0


@pytest.fixture
def topic(broker: Broker, topic_prefix: str) -> str:
    name = f"{topic_prefix}.articles.v1"
    make_topic(broker.bootstrap, name, partitions=2)
    return name


@pytest.fixture
def producer(broker: Broker) -> Iterator[KafkaProducer]:
    made = KafkaProducer(bootstrap_servers=broker.bootstrap)
    yield made
    made.close()


def body(number: int, n: int = 1) -> bytes:
    return encode_record(replace(make_record(), id=f"id-{number}", revision=Revision(n=n)))


def publish(producer: KafkaProducer, topic: str, numbers: range, partition: int | None = None) -> None:
    """Publish records and wait until the broker has them."""
    sent = [producer.send(topic, body(n), f"id-{n}".encode(), partition=partition) for n in numbers]
    for future in sent:
        future.get(LIMIT)


def some(reader: Reader, count: int) -> list[Message]:
    """Return the next messages; StopIteration would be a failure."""
    return [next(reader) for _ in range(count)]


def keys(messages: list[Message]) -> list[str]:
    return sorted((message.key for message in messages), key=lambda key: int(key.removeprefix("id-")))


def wanted(numbers: range) -> list[str]:
    return [f"id-{number}" for number in numbers]


def test_records_come_typed_and_a_tombstone_as_none(broker: Broker, topic: str, producer: KafkaProducer) -> None:
    producer.send(topic, body(7, n=2), b"id-7", partition=1).get(LIMIT)
    producer.send(topic, None, b"id-7", partition=1).get(LIMIT)

    with Reader(broker.bootstrap, topic, group=topic) as reader:
        first, second = some(reader, 2)

    assert first.record is not None
    assert (first.key, first.record.event, first.value) == ("id-7", ("id-7", 2), body(7, n=2))
    assert (first.topic, first.partition, first.offset) == (topic, 1, 0)
    assert (second.key, second.record, second.value, second.offset) == ("id-7", None, None, 1)


def test_a_group_goes_on_behind_what_was_handed_out_and_committed(
    broker: Broker, topic: str, producer: KafkaProducer
) -> None:
    """Not behind what was fetched: 10 messages come with one fetch, 4 are handed out, 3 are committed."""
    publish(producer, topic, range(10), partition=0)
    with Reader(broker.bootstrap, topic, group=topic, instance="one") as reader:
        some(reader, 3)
        assert reader.position() == {(topic, 0): 3}
        assert reader.commit()
        assert reader.position() == {}
        assert some(reader, 1)[0].offset == 3

    with Reader(broker.bootstrap, topic, group=topic, instance="one", idle_seconds=3) as reader:
        assert keys(list(reader)) == wanted(range(3, 10))
        assert reader.commit()


def test_poll_gives_what_is_there_and_commit_is_for_all_of_it(
    broker: Broker, topic: str, producer: KafkaProducer
) -> None:
    publish(producer, topic, range(20))
    found: list[Message] = []
    until = time.monotonic() + LIMIT
    with Reader(broker.bootstrap, topic, group=topic) as reader:
        while len(found) < 20 and time.monotonic() < until:
            found += reader.poll(0.5)
        assert reader.commit()
        assert reader.poll(0.2) == []

    assert keys(found) == wanted(range(20))


def test_a_group_that_begins_with_the_latest_sees_what_comes_then(
    broker: Broker, topic: str, producer: KafkaProducer
) -> None:
    publish(producer, topic, range(5), partition=0)
    with Reader(broker.bootstrap, topic, group=topic, start="latest") as reader:
        found: list[Message] = []
        number, until = 5, time.monotonic() + LIMIT
        while (
            not found and time.monotonic() < until
        ):  # until it stands at the end, whatever is published is before that
            publish(producer, topic, range(number, number + 1), partition=0)
            found = reader.poll(0.5)
            number += 1

    assert int(found[0].key.removeprefix("id-")) >= 5


def test_what_is_no_record_is_told_once_and_passed_over(broker: Broker, topic: str, producer: KafkaProducer) -> None:
    """Kafka's library alone hangs for good on the header."""
    publish(producer, topic, range(2), partition=0)
    producer.send(topic, b'{"schema": 9}', b"id-x", partition=0).get(LIMIT)
    publish(producer, topic, range(2, 3), partition=0)
    producer.send(topic, body(8), b"id-8", headers=[(Header("x"), b"")], partition=0).get(LIMIT)
    publish(producer, topic, range(3, 5), partition=0)

    found: list[Message] = []
    told: list[UnreadableError] = []
    with Reader(broker.bootstrap, topic, group=topic) as reader:
        while len(found) < 5:
            try:
                found += some(reader, 1)
            except UnreadableError as error:
                told.append(error)
        assert reader.position() == {(topic, 0): 7}

    assert keys(found) == wanted(range(5))
    assert [(error.offset, error.value) for error in told] == [(2, b'{"schema": 9}'), (4, None)]
    assert "schema 9 is not known" in str(told[0])
    assert topic in str(told[1])


def test_a_poll_hands_out_what_stands_before_what_is_no_record(
    broker: Broker, topic: str, producer: KafkaProducer
) -> None:
    publish(producer, topic, range(3), partition=0)
    producer.send(topic, b"{", b"id-x", partition=0).get(LIMIT)
    found: list[Message] = []
    with Reader(broker.bootstrap, topic, group=topic) as reader:
        with pytest.raises(UnreadableError, match=r"partition 0, offset 3: not JSON"):
            found.extend(itertools.chain.from_iterable(iter(lambda: reader.poll(0.5), None)))
        assert reader.position() == {(topic, 0): 4}

    assert keys(found) == wanted(range(3))


def test_what_was_aborted_is_not_seen(broker: Broker, topic: str) -> None:
    writer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=topic, enable_idempotence=True)
    writer.init_transactions()
    for number, end in ((1, writer.abort_transaction), (2, writer.commit_transaction)):
        writer.begin_transaction()
        publish(writer, topic, range(number, number + 1), partition=0)
        end()
    writer.close()

    with Reader(broker.bootstrap, topic, group=topic) as reader:
        assert keys(some(reader, 1)) == ["id-2"]


def test_two_processes_of_a_group_share_the_partitions(broker: Broker, topic: str, producer: KafkaProducer) -> None:
    """Each message comes to one of them, whoever has the partition when."""
    seen: Counter[str] = Counter()
    readers = [Reader(broker.bootstrap, topic, group=topic, instance=name) for name in ("one", "two")]
    had: set[int] = set()
    number, until = 0, time.monotonic() + LIMIT
    while had != {0, 1} and time.monotonic() < until:
        publish(producer, topic, range(number, number + 1), partition=0)
        publish(producer, topic, range(number + 1, number + 2), partition=1)
        number += 2
        for index, reader in enumerate(readers):
            found = reader.poll(0.3)
            had |= {index} if found else set()
            seen.update(message.key for message in found if reader.commit())
    for reader in readers:
        while found := reader.poll(0.5):
            seen.update(message.key for message in found)
        reader.close()

    assert had == {0, 1}
    assert set(seen) <= set(wanted(range(number)))
    assert set(seen.values()) == {1}


def test_a_topic_that_is_not_there_is_waited_for_with_a_warning(
    broker: Broker, topic_prefix: str, producer: KafkaProducer, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"{topic_prefix}.topic.late.v1"
    with Reader(broker.bootstrap, name, group=name) as reader, caplog.at_level(logging.WARNING):
        until = time.monotonic() + LIMIT
        while name not in caplog.text and time.monotonic() < until:
            assert reader.poll(0.2) == []
        make_topic(broker.bootstrap, name)
        publish(producer, name, range(1))
        assert keys(some(reader, 1)) == ["id-0"]

    assert caplog.text.count(name) == 1


def test_stop_ends_the_iteration_from_another_thread(broker: Broker, topic: str) -> None:
    with Reader(broker.bootstrap, topic, group=topic) as reader:
        timer = threading.Timer(0.5, reader.stop)
        timer.start()
        assert list(reader) == []
        timer.join()
        assert reader.stopped
        assert list(reader) == []


@pytest.mark.torture
@pytest.mark.parametrize("how", ["stopped", "killed"] if os.environ.get("NEWSTAP_LONG") else ["stopped"])
def test_a_reader_sits_out_a_broker_that_is_away(fault_broker: OwnBroker, how: str) -> None:
    """A commit that is not possible says so, and the next one makes up for it."""
    begin, end = {
        "stopped": (fault_broker.pause, fault_broker.resume),
        "killed": (fault_broker.kill, fault_broker.start),
    }[how]
    topic = "news.articles.v1"
    make_topic(fault_broker.bootstrap, topic)
    with KafkaProducer(bootstrap_servers=fault_broker.bootstrap) as producer:
        publish(producer, topic, range(3))
    with Reader(fault_broker.bootstrap, topic, group="away", instance="one", patience_seconds=1.0) as reader:
        assert keys(some(reader, 3)) == wanted(range(3))
        begin()
        assert not reader.commit()
        assert reader.poll(0.2) == []
        end()
        with KafkaProducer(bootstrap_servers=fault_broker.bootstrap) as producer:
            publish(producer, topic, range(3, 6))
        found: set[str] = set()
        until = time.monotonic() + LIMIT
        while "id-5" not in found and time.monotonic() < until:
            found |= {message.key for message in reader.poll(0.5)}
        while not reader.commit() and time.monotonic() < until:
            reader.poll(0.2)
        assert reader.position() == {}

    assert {"id-3", "id-4", "id-5"} <= found


def test_a_reader_begins_without_a_broker(caplog: pytest.LogCaptureFixture) -> None:
    with Reader(f"127.0.0.1:{free_port()}", "news.articles.v1", group="away") as reader:
        assert reader.poll(0.1) == []
        assert reader.commit(), "there is nothing to commit"

    assert "no broker answers" in caplog.text


def test_a_bad_address_or_setting_is_told_before_anything_is_opened() -> None:
    with pytest.raises(ValueError, match="no host:port"):
        Reader("localhost", "news.articles.v1", group="a")
    with pytest.raises(ValueError, match="unknown Kafka setting pasword"):
        Reader("127.0.0.1:1", "news.articles.v1", group="a", security={"pasword": "x"})
