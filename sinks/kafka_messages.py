"""What a Kafka message of ours looks like: topic names, keys, headers, timestamps. No library, no network.

Headers follow CloudEvents 1.0, Kafka protocol binding, binary mode. Their keys are ASCII and their values bytes: a
reader of kafka-python 3.0.12 that meets another key hangs for good.
"""

from __future__ import annotations

import hashlib
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
_TYPES = {
    Kind.RECORD: b"newstap.article.v1",
    Kind.DEAD_LETTER: b"newstap.dead-letter.v1",
    Kind.PAGE: b"newstap.page.v1",
    Kind.ENRICHED: b"newstap.enriched.v1",
    Kind.TOMBSTONE: b"newstap.tombstone.v1",
    Kind.ALARM: b"newstap.alarm.v1",
}
_ON_THE_WAY = frozenset({Kind.PAGE, Kind.ENRICHED})
"""Between two stages, and not for others."""
_BY_DIGEST = _ON_THE_WAY | {Kind.ALARM}
"""Of which several share a key and a number."""
_PER_HEADER = 10
_PER_MESSAGE = 100
"""Bytes of framing, more than ever needed: lengths are varints of at most 5 bytes, a batch begins with 61."""


@dataclass(frozen=True, slots=True)
class Names:
    """The topics written to, all derived from the configuration and never from what a feed says.

    Args:
        prefix: what every name begins with.
        topics: the enabled topics, each with a stream of its own.
        scaled: whether pages go through Kafka too, so that there are topics for what lies between the stages.
        fleet: whether fetchers share out feeds, so that there are topics for these, for what is known of them, and for
            the pages that they lead to.
        alarms: whether there is a topic for alarms.

    Raises:
        ValueError: a name Kafka would not take.
    """

    prefix: str = "news"
    topics: tuple[str, ...] = ()
    scaled: bool = False
    fleet: bool = False
    alarms: bool = False

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
        """The newest revision of each article, compacted; null where it is gone."""
        return f"{self.prefix}.articles.latest.v1"

    @property
    def dead_letters(self) -> str:
        """What could not be delivered."""
        return f"{self.prefix}.dead-letters.v1"

    @property
    def told_alarms(self) -> str:
        """Alarms that are raised, and that are over."""
        return f"{self.prefix}.alarms.v1"

    @property
    def pages(self) -> str:
        """What fetchers hand to workers."""
        return f"{self.prefix}.pages.v1"

    @property
    def issued(self) -> str:
        """What workers remember of articles, compacted; partitioned as the pages are."""
        return f"{self.prefix}.issued.v1"

    @property
    def enriched(self) -> str:
        """What workers hand to the one that links, in one partition: its order is the order of everything outward."""
        return f"{self.prefix}.enriched.v1"

    @property
    def linked(self) -> str:
        """What the one that links remembers, compacted; in one partition, too."""
        return f"{self.prefix}.linked.v1"

    @property
    def feeds(self) -> str:
        """Which feeds there are, compacted; key: the host."""
        return f"{self.prefix}.feeds.v1"

    @property
    def states(self) -> str:
        """What fetchers know of feeds, compacted; partitioned as the feeds are."""
        return f"{self.prefix}.fetch-state.v1"

    @property
    def requests(self) -> str:
        """Pages that are to be fetched, compacted; partitioned by their hosts, as the feeds are."""
        return f"{self.prefix}.page-requests.v1"

    def stream(self, topic: str) -> str:
        """Return the name of one topic's own stream."""
        return f"{self.prefix}.topic.{topic}.v1"

    def every(self) -> tuple[str, ...]:
        """Return all names, in a stable order."""
        between = (self.pages, self.issued, self.enriched, self.linked) if self.scaled else ()
        outward = (self.articles, self.latest, *map(self.stream, self.topics), self.dead_letters)
        told = (self.told_alarms,) if self.alarms else ()
        return (*outward, *told, *between, *self.shared())

    def shared(self) -> tuple[str, ...]:
        """Return the names of what fetchers share; partitioned alike, and compacted."""
        return (self.feeds, self.states, self.requests) if self.fleet else ()

    def of(self, item: Item) -> tuple[str, ...]:
        """Return the names of the topics an item goes to.

        Raises:
            ValueError: the item carries a topic that is not enabled, so that there is no stream for it.
        """
        if item.kind is Kind.DEAD_LETTER:
            return (self.dead_letters,)
        if item.kind is Kind.PAGE:
            return (self.pages,)
        if item.kind is Kind.ENRICHED:
            return (self.enriched,)
        if item.kind is Kind.TOMBSTONE:
            return (self.latest,)
        if item.kind is Kind.ALARM:
            return (self.told_alarms,)
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

    partition = None
    """Follows from the key."""

    @property
    def value(self) -> bytes | None:
        """What it carries; None has a compacted topic forget the key."""
        return None if self.item.kind is Kind.TOMBSTONE else self.item.body

    @property
    def weight(self) -> int:
        """Bytes of all copies together."""
        return self.size * len(self.topics)


@dataclass(frozen=True, slots=True)
class Note:
    """A message for ourselves, or others of us, in a compacted topic: what is remembered between two stages, say."""

    topics: tuple[str]
    partition: int
    """The one that what it is about was read from, or that a host is in."""
    key: bytes
    value: bytes | None = field(repr=False)
    """None: it is forgotten."""
    timestamp_ms: int
    """When it was last met."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Bytes."""
        return _PER_MESSAGE + len(self.key) + len(self.value or b"")


def message(item: Item, topics: tuple[str, ...], now: datetime) -> Message:
    """Return the message of an item."""
    time = event_time(item, now)
    key = item.key.encode()
    lines = headers(item, time)
    framing = _PER_MESSAGE + sum(_PER_HEADER + len(name) + len(value) for name, value in lines)
    return Message(item, topics, key, lines, milliseconds(time), framing + len(key) + len(item.body))


def event_time(item: Item, now: datetime) -> datetime:
    """Return when the news happened: published, unless that lies after it was fetched, else fetched, else now.

    Bounded to what a broker takes: not before 1970 and at most 59 minutes ahead. The time of a page, and of a record
    that is not linked yet, is now: it is on its way, and its topic may be kept for some days only, whatever its age.
    """
    if item.kind in _ON_THE_WAY:
        return now
    seen = item.fetched or now
    time = item.published if item.published and item.published <= seen else seen
    return max(EPOCH, min(time, now + AHEAD))


def milliseconds(time: datetime) -> int:
    """Return a time as Kafka counts it, rounded down."""
    return (time - EPOCH) // timedelta(milliseconds=1)


def headers(item: Item, time: datetime) -> list[tuple[str, bytes]]:
    """Return the headers of an item's message; a tombstone has no value that could be of a type."""
    stamp = time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    of_value = [("content-type", b"application/json"), ("schema", b"%d" % SCHEMA)]
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", _id(item).encode()),
        ("ce_source", b"newstap"),
        ("ce_type", _TYPES[item.kind]),
        ("ce_time", stamp.encode()),
        *(of_value if item.kind is not Kind.TOMBSTONE else []),
        ("topics", ",".join(item.topics).encode()),
    ]


def _id(item: Item) -> str:
    """Return what tells an event from every other of ours.

    Pages of one site share their key, states of an article that are not numbered yet their number, and the beginnings
    and ends of an alarm both.
    """
    if item.kind in _BY_DIGEST:
        return hashlib.sha256(item.body).hexdigest()[:32]
    if item.kind is Kind.TOMBSTONE:
        return f"{item.key}/{item.revision}/tombstone"
    return f"{item.key}/{item.revision}"


def weight(messages: Iterable[Message | Note]) -> int:
    """Return the bytes of several messages with all their copies."""
    return sum(one.weight for one in messages)
