"""What cannot be read of the topics of fetchers: told once, counted, and passed over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sinks.kafka_client import Place
    from sinks.kafka_following import UnreadableMessageError

log = logging.getLogger(__name__)

_MOST = 10_000
"""Messages that are remembered as told; they are read again in each term."""


class Unread:
    """Tells of messages that are none of ours. One thread at a time may tell; anyone may ask for the count."""

    def __init__(self) -> None:
        self.count = 0
        """Messages that were told of."""
        self._told: set[tuple[Place, int]] = set()

    def tell(self, place: Place, offset: int, why: object) -> None:
        """Tell of a message, unless that was done before."""
        if (place, offset) in self._told:
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told.add((place, offset))
        self.count += 1
        log.warning("passed over: partition %d of %s, offset %d: %s", place.partition, place.topic, offset, why)

    def tell_broken(self, bad: UnreadableMessageError) -> None:
        """Tell of a message that the library cannot take apart."""
        self.tell(bad.place, bad.offset, bad.why)
