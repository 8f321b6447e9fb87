"""A topic read once, from its beginning to where it ends now: what looking back needs, without a consumer group."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition

from sinks.kafka_client import AwayError, Connection, connected, translated
from sinks.kafka_following import passing_over, polled

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL_SECONDS = 0.5
_SILENT_POLLS = 60
"""After so many polls without a message, half a minute, the broker counts as away."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One message of a topic."""

    partition: int
    offset: int
    key: str
    body: bytes | None = field(repr=False)
    """None: a tombstone."""


def read_topic(connection: Connection, topic: str) -> Iterator[Stored]:
    """Yield every message that a `read_committed` reader sees now, in the order of each partition.

    A topic that does not exist has none.

    Raises:
        KafkaTroubleError: no broker answers, it does not let us in, or it falls silent.
    """
    consumer = connected(
        KafkaConsumer,
        connection,
        "newstap-reader",
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        with translated(f"reading {topic}"):
            parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            ends = consumer.end_offsets(parts) if parts else {}
            consumer.assign(parts)
        silent = 0
        while True:
            with translated(f"reading {topic}"):
                left = [part for part in parts if consumer.position(part) < ends[part]]
                found = passing_over(partial(polled, consumer), _POLL_SECONDS) if left else []
            if not left:
                return
            silent = 0 if found else silent + 1
            if silent >= _SILENT_POLLS:
                raise AwayError(f"reading {topic}: the broker has fallen silent")
            for message in found:
                if message.offset < ends[TopicPartition(*message.place)]:
                    key = (message.key or b"").decode("utf-8", "replace")
                    yield Stored(message.place.partition, message.offset, key, message.value)
    finally:
        consumer.close()
