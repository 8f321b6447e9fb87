"""What a Kafka message of ours looks like: topic names, keys, headers, timestamps. No library, no network.

Headers follow CloudEvents 1.0, Kafka protocol binding, binary mode. Their keys are ASCII and their values bytes: a
reader of kafka-python 3.0.12 that meets another key hangs for good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from processors.records import SCHEMA
from sinks.base import Item, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
"""Kafka's rule for topic names."""
AHEAD = timedelta(minutes=59)
"""How far a timestamp may lie ahead: the broker refuses a message more than an hour ahead of its own clock."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_HEADER = 10
_PER_MESSAGE = 100
"""Bytes of framing, more than ever needed: lengths are varints of at most 5 bytes, a batch begins with 61."""


@dataclass(frozen=True, slots=True)
class Names:
    """The topics written to, all derived from the configuration and never from what a feed says.

    Args:
        prefix: what every name begins with.
        topics: the enabled topics, each with a stream of its own.

    Raises:
        ValueError: a name Kafka would not take.
    """

    prefix: str = "news"
    topics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if "" in self.topics:
            raise ValueError("an enabled topic has no name")
        for name in self.every():
            if not LEGAL_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no Kafka topic: use up to 249 of a-z, A-Z, 0-9, '.', '_' and '-'")

    @property
    def articles(self) -> str:
        """Every record."""
        return f"{self.prefix}.articles.v1"

    @property
    def latest(self) -> str:
        """The newest revision of each article, compacted."""
        return f"{self.prefix}.articles.latest.v1"

    @property
    def dead_letters(self) -> str:
        """What could not be delivered."""
        return f"{self.prefix}.dead-letters.v1"

    def stream(self, topic: str) -> str:
        """Return the name of one topic's own stream."""
        return f"{self.prefix}.topic.{topic}.v1"

    def every(self) -> tuple[str, ...]:
        """Return all names, in a stable order."""
        return (self.articles, self.latest, *map(self.stream, self.topics), self.dead_letters)

    def of(self, item: Item) -> tuple[str, ...]:
        """Return the names of the topics an item goes to.

        Raises:
            ValueError: the item carries a topic that is not enabled, so that there is no stream for it.
        """
        if item.kind is Kind.DEAD_LETTER:
            return (self.dead_letters,)
        for topic in item.topics:
            if topic not in self.topics:
                raise ValueError(f"topic {topic!r} is not enabled, so it has no stream in Kafka")
        return (self.articles, self.latest, *map(self.stream, item.topics))


@dataclass(frozen=True, slots=True)
class Message:
    """An item as it goes out: one message, the same for each of its topics."""

    item: Item
    topics: tuple[str, ...]
    key: bytes
    headers: list[tuple[str, bytes]] = field(repr=False)
    timestamp_ms: int
    size: int
    """Bytes of one uncompressed copy, rounded up."""

    @property
    def weight(self) -> int:
        """Bytes of all copies together."""
        return self.size * len(self.topics)


def message(item: Item, topics: tuple[str, ...], now: datetime) -> Message:
    """Return the message of an item."""
    time = event_time(item, now)
    key = item.key.encode()
    lines = headers(item, time)
    framing = _PER_MESSAGE + sum(_PER_HEADER + len(name) + len(value) for name, value in lines)
    return Message(item, topics, key, lines, milliseconds(time), framing + len(key) + len(item.body))


def event_time(item: Item, now: datetime) -> datetime:
    """Return when the news happened: published, unless that lies after it was fetched, else fetched, else now.

    Bounded to what a broker takes: not before 1970 and at most 59 minutes ahead.
    """
    seen = item.fetched or now
    time = item.published if item.published and item.published <= seen else seen
    return max(EPOCH, min(time, now + AHEAD))


def milliseconds(time: datetime) -> int:
    """Return a time as Kafka counts it, rounded down."""
    return (time - EPOCH) // timedelta(milliseconds=1)


def headers(item: Item, time: datetime) -> list[tuple[str, bytes]]:
    """Return the headers of an item's message."""
    stamp = time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{item.key}/{item.revision}".encode()),
        ("ce_source", b"newstap"),
        ("ce_type", b"newstap.article.v1" if item.kind is Kind.RECORD else b"newstap.dead-letter.v1"),
        ("ce_time", stamp.encode()),
        ("content-type", b"application/json"),
        ("schema", b"%d" % SCHEMA),
        ("topics", ",".join(item.topics).encode()),
    ]


def weight(messages: Iterable[Message]) -> int:
    """Return the bytes of several messages with all their copies."""
    return sum(one.weight for one in messages)
