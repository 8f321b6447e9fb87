"""Fixtures that need a real broker; tests that use them carry the marker `kafka`."""

from __future__ import annotations

import gc
import secrets
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from sinks.kafka_sockets import NetworkClient
from tests.broker import Broker, BrokerMissingError, OwnBroker, connect, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka.consumer.fetcher import ConsumerRecord

# The tests' own clients, too: the library's leave sockets open now and then, which would look like a leak of ours.
for library in (KafkaAdminClient, KafkaConsumer, KafkaProducer):
    library.DEFAULT_CONFIG["kafka_client"] = NetworkClient


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """The broker of the whole run: a given one, or one of our own. Tests must not disturb it."""
    try:
        mine = connect()
    except BrokerMissingError as missing:
        pytest.exit(str(missing), returncode=2)
    yield mine
    mine.stop()


@pytest.fixture(autouse=True)
def _leaks_are_told_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """A socket that a test with a broker left to the garbage collector fails this test, not a later one of others."""
    yield
    if request.node.get_closest_marker("kafka") is not None:
        gc.collect()


@pytest.fixture
def topic_prefix(broker: Broker) -> Iterator[str]:
    """A prefix nobody else uses; the topics that begin with it are deleted afterwards."""
    prefix = f"test-{secrets.token_hex(6)}"
    yield prefix
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    if mine := [topic for topic in admin.list_topics() if topic.startswith(prefix)]:
        admin.delete_topics(mine)
    admin.close()


@pytest.fixture
def fault_broker() -> Iterator[OwnBroker]:
    """A broker for this test alone, to be killed, paused and started again (some 3 s to start)."""
    try:
        mine = start()
    except BrokerMissingError as missing:
        pytest.exit(str(missing), returncode=2)
    yield mine
    mine.stop()


@pytest.fixture
def read_topic(broker: Broker) -> Callable[..., list[ConsumerRecord]]:
    """`read_topic(topic)`: every committed message of a topic now, by partition and offset."""

    def read(topic: str, bootstrap: str = broker.bootstrap) -> list[ConsumerRecord]:
        return committed(bootstrap, topic)

    return read


class Header(str):
    """The key of a header, in bytes that are not UTF-8: with it kafka-python's own consumer hangs for good."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


def committed(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """Return every message of a topic that a `read_committed` reader sees now, by partition and offset."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        ends = consumer.end_offsets(parts)
        consumer.assign(parts)
        found = []
        while any(consumer.position(part) < ends[part] for part in parts):
            for batch in consumer.poll(timeout_ms=100).values():
                found += batch
    finally:
        consumer.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def make_topic(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Make a topic before newstap does, with as many partitions as the test wants; it keeps everything."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    kept = {"retention.ms": "-1"}
    admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": kept}})
    admin.close()
