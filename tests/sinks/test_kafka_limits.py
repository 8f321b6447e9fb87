"""What the Kafka sink, or a broker, refuses for its size or for what it is: it alone, and the rest goes on."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from tests.sinks.kafka_driver import drive, item, items, keys, keys_of, noise, set_limit

pytestmark = pytest.mark.kafka


def test_an_item_over_the_request_size_is_refused_before_it_is_sent(make, topic_prefix, read_topic) -> None:
    outbox = items(10)
    outbox[4] = item(5, b"x" * 60_000)
    refused = drive(make(max_request_size=50_000), outbox)

    assert [seq for seq, _ in refused] == [5]
    assert "more than max_request_bytes, 50000" in refused[0][1]
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == sorted(set(keys_of(10)) - {"id-5"})


def test_a_topic_that_is_not_enabled_is_refused(make) -> None:
    assert drive(make(), [item(1, topics=("sport",)), item(2)]) == [
        (1, "topic 'sport' is not enabled, so it has no stream in Kafka")
    ]


def test_what_a_topic_will_not_take_is_refused_and_the_rest_goes_on(make, broker, topic_prefix, read_topic) -> None:
    """Only one of its topics is too narrow; the item is refused everywhere. Repetitive text fits when compressed."""
    sink = make()
    sink.open()
    set_limit(broker.bootstrap, f"{topic_prefix}.topic.china.v1", 10_000)
    sink.close()
    outbox = items(9)
    outbox[2] = item(3, noise(40_000))
    outbox[4] = item(5, b"x" * 40_000)
    refused = drive(sink, outbox)

    assert [seq for seq, _ in refused] == [3]
    assert f"max.message.bytes of topic {topic_prefix}.topic.china.v1, 10000" in refused[0][1]
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == sorted(set(keys_of(9)) - {"id-3"})
    assert keys(read_topic(f"{topic_prefix}.topic.china.v1")) == ["id-1", "id-5", "id-7", "id-9"]


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
def test_a_limit_lowered_while_running_costs_only_what_is_larger(
    make, broker, topic_prefix, read_topic, delivery
) -> None:
    sink = make(delivery=delivery)
    drive(sink, items(4))
    set_limit(broker.bootstrap, f"{topic_prefix}.articles.v1", 10_000)
    outbox = items(60)
    for seq in (10, 31):
        outbox[seq - 1] = item(seq, noise(40_000))
    refused = drive(sink, outbox)

    assert [seq for seq, _ in refused] == [10, 31]
    assert set(keys(read_topic(f"{topic_prefix}.articles.v1"))) == set(keys_of(60)) - {"id-10", "id-31"}
    if delivery == "exactly-once":
        assert len(read_topic(f"{topic_prefix}.articles.v1")) == 58


def test_small_items_over_a_topics_limit_together_are_split_by_the_library(
    make, broker, topic_prefix, read_topic
) -> None:
    sink = make(partitions=1)
    sink.open()
    set_limit(broker.bootstrap, f"{topic_prefix}.articles.v1", 20_000)
    sink.close()
    drive(sink, [item(seq, noise(3000) + b"%d" % seq) for seq in range(1, 41)])

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(40)


def test_a_record_the_broker_alone_knows_to_be_bad_is_found(make, broker, topic_prefix, read_topic) -> None:
    """The topic refuses old timestamps; no check of ours foresees it, so items go one by one."""
    sink = make()
    sink.open()
    wanted = {"message.timestamp.before.max.ms": "3600000"}
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, f"{topic_prefix}.articles.v1", wanted)])
    admin.close()
    time.sleep(0.3)
    now = datetime.now(UTC)
    outbox = [item(seq, published=now) for seq in range(1, 21)]
    outbox[6] = item(7)
    refused = drive(sink, outbox)

    assert [seq for seq, _ in refused] == [7]
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == sorted(set(keys_of(20)) - {"id-7"})
