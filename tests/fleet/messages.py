"""Notes of an outbox as they would be read from Kafka."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from sinks.kafka_client import Fetched, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sinks.base import Item


def read(items: Iterable[Item], topic: str, writer: str = "somebody") -> list[Fetched]:
    """Return the notes of one topic as messages."""
    offsets = count()
    found = []
    for item in items:
        kind, partition, key = item.key.split(" ", 2)
        if kind == topic:
            place = Place(topic, int(partition))
            headers = (("writer", writer.encode()),)
            found.append(Fetched(place, next(offsets), key.encode(), item.body or None, headers))
    return found


def message(key: bytes | None, value: bytes | None, number: int = 0) -> Fetched:
    """Return a message that anybody may have written."""
    return Fetched(Place("topic", number), 7, key, value, ())
