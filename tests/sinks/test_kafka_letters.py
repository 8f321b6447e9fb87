"""Dead letters that are too large for Kafka, and topics made as configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from sinks.base import Kind
from sinks.kafka import KafkaSink
from tests.sinks.kafka_driver import MemoryLedger, drive, item

if TYPE_CHECKING:
    from tests.broker import Broker

pytestmark = pytest.mark.kafka


def test_a_dead_letter_too_large_for_kafka_goes_without_its_input(broker: Broker, topic_prefix, read_topic) -> None:
    sink = KafkaSink(MemoryLedger(topic_prefix), bootstrap=broker.bootstrap, prefix=topic_prefix, max_request_size=2000)
    letter = item(1, b'{"input": "' + b"x" * 5000 + b'"}', kind=Kind.DEAD_LETTER, short=b'{"input": null}')
    refused = drive(sink, [letter, item(2)])
    sink.close()

    (message,) = read_topic(f"{topic_prefix}.dead-letters.v1")
    assert message.value == b'{"input": null}'
    assert not refused


def test_new_topics_keep_what_they_are_told_to_keep(broker: Broker, topic_prefix: str) -> None:
    day = 86_400_000
    sink = KafkaSink(MemoryLedger(topic_prefix), bootstrap=broker.bootstrap, prefix=topic_prefix, retention_ms=day)
    sink.open()
    sink.close()

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    name = f"{topic_prefix}.articles.v1"
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    admin.close()
    assert found["topic"][name]["retention.ms"]["value"] == str(day)
