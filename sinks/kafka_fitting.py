"""Items as messages that Kafka takes: what is too large for it is known before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sinks.base import Item, Kind
from sinks.kafka_messages import Message, Names, message
from sinks.kafka_producer import compressed_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sinks.kafka_messages import Note


class Fitting:
    """Makes the messages of items.

    Args:
        names: the topics there are.
        max_request_size: bytes of the largest message, uncompressed.
        page_bytes: the same for a page.
        compression: as the producer's.
        now: the time.
    """

    def __init__(
        self, names: Names, *, max_request_size: int, page_bytes: int, compression: str, now: Callable[[], datetime]
    ) -> None:
        self._names = names
        self._largest = dict.fromkeys(Kind, max_request_size) | {Kind.PAGE: page_bytes}
        self._compression = compression
        self._now = now
        self.limits: Mapping[str, int] = {}
        """`max.message.bytes` of each topic, as the broker has it."""

    def message(self, item: Item) -> Message | str:
        """Return the message of an item, or why Kafka will never take it."""
        try:
            topics = self._names.of(item)
        except ValueError as error:
            return str(error)
        made = message(item, topics, self._now())
        reason = self._too_large(made)
        if reason is not None and item.short is not None:
            # A dead letter's input may be as large as any page; the place it came from has to do then.
            made = message(replace(item, body=item.short, short=None), topics, self._now())
            reason = self._too_large(made)
        return made if reason is None else reason

    def holds(self, note: Note) -> bool:
        """Say whether Kafka takes what is to be remembered; most of it is compressed as it is."""
        limits = [self.limits[topic] for topic in note.topics if topic in self.limits]
        return note.weight <= min([self._largest[Kind.RECORD], *limits])

    def _too_large(self, made: Message) -> str | None:
        """Say why a message is too large; the exact size is only reckoned for those that are large enough to doubt."""
        largest = self._largest[made.item.kind]
        if made.size > largest:
            what = "[fetch] max_page_bytes allows" if made.item.kind is Kind.PAGE else "max_request_bytes"
            return f"{made.size} bytes, more than {what}, {largest}"
        for topic in made.topics:
            limit = self.limits.get(topic)
            if limit is not None and made.size > limit:
                size = compressed_size(made, self._compression)
                if size > limit:
                    return f"{size} bytes, more than max.message.bytes of topic {topic}, {limit}"
        return None
