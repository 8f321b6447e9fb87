"""The partitions that are ours, each with its memory; one that is taken from us does not come back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sinks.kafka_client import Place
from sinks.kafka_following import Reader

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from ingest.work.memory import Memory
    from sinks.kafka_client import Connection

_STALL_SECONDS = 90.0
"""A transaction of a worker that died is ended by the broker in less."""


class Share:
    """One partition for as long as it is ours.

    Args:
        place: which.
        memory: of it.
    """

    def __init__(self, place: Place, memory: Memory) -> None:
        self.place = place
        self.memory = memory
        self.settled = self.read = 0
        """Behind the last message that was committed, and behind the last that was read."""
        self.gone = False
        """Whether it is ours no more: nothing that was read of it may be committed."""

    def drop(self) -> None:
        """Give it up."""
        self.gone = True
        self.memory.close()


class Taken(NamedTuple):
    """What a message was read as."""

    share: Share
    offset: int


def remember(connection: Connection, topic: str, shares: Sequence[Share], stop: threading.Event) -> None:
    """Have each share know what those that had its partition before have remembered of it.

    To be called once it is known for certain what was settled last: everything that was remembered with it is read
    then, and what an unfinished transaction holds is waited for.

    Args:
        connection: where to.
        topic: what holds it, partitioned as what is read.
        shares: new ones.
        stop: gives up.

    Raises:
        KafkaTroubleError: no answer, or nothing new for a long while.
    """
    left = {Place(topic, share.place.partition): share for share in shares}
    reader = Reader(connection, "newstap-memory")
    try:
        reader.read(dict.fromkeys(left))
        for found, done in reader.until_caught_up(left, stall_seconds=_STALL_SECONDS, stop=stop):
            for one in found:
                if one.key is not None and one.place in left:
                    left[one.place].memory.learn(one.key, one.value)
            for place in done:
                left.pop(place).memory.begin()
    finally:
        reader.close()
