"""A Kafka sink to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sinks.kafka import KafkaSink
from tests.sinks.kafka_driver import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.broker import Broker


@pytest.fixture
def make(broker: Broker, topic_prefix: str) -> Iterator[Callable[..., KafkaSink]]:
    """`make(ledger, **options)`: a sink of its own topics, closed in the end."""
    made = []

    def sink(ledger: MemoryLedger | None = None, **options: Any) -> KafkaSink:
        given = {"bootstrap": broker.bootstrap, "prefix": topic_prefix, "topics": ("china",), "partitions": 2} | options
        made.append(KafkaSink(ledger or MemoryLedger(topic_prefix), **given))
        return made[-1]

    yield sink
    for one in made:
        one.close()
