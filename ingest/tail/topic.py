"""Records out of Kafka as they are committed; without a group, so that nothing is left behind there."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ingest.selection import event_time
from ingest.tail.source import TailError
from sinks.codec import CodecError, decode_record
from sinks.kafka_client import DeniedError, KafkaTroubleError, Place
from sinks.kafka_following import LostOffsetError, Reader, UnreadableMessageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.tail.source import Begin
    from sinks.kafka_client import Connection, Fetched

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_REMINDER_SECONDS = 60.0
_LOOK_BACK = 4
_LEAST = 100
"""How many offsets of each partition are looked back on: so many for each record wanted, and so many at least."""
_LOOK_BACK_SECONDS = 20.0
"""A broker that is silent for so long while it is looked back is not waited for."""


class TopicTail:
    """See `ingest.tail.source.Tail`. A broker that is away is waited for, once it has answered.

    Args:
        connection: where to.
        topic: of all records.
        begin: where.

    Raises:
        TailError: no broker answers, or it does not let us in.
    """

    def __init__(self, connection: Connection, topic: str, begin: Begin) -> None:
        self._connection = connection
        self._topic = topic
        self._begin = begin
        self._offsets: dict[Place, int | None] = {}
        """Where each partition goes on; None: with the first message that it has."""
        self._ends: dict[Place, int] = {}
        """Where each ended at the beginning."""
        self._reader: Reader | None = None
        self._waiting: list[Fetched] = []
        """Messages that were read while looking back, and are none of the past."""
        self._told_at = -_REMINDER_SECONDS
        try:
            self._start(self._connected())
        except KafkaTroubleError as trouble:
            self.close()
            raise TailError(f"Kafka {connection.bootstrap}: {trouble}") from trouble

    def before(self) -> Iterator[bytes]:
        """See `Tail`. Of each partition the newest messages, all of them by the time of their event."""
        try:
            found = self._past()
        except KafkaTroubleError as trouble:
            raise TailError(f"Kafka {self._connection.bootstrap}: {trouble}") from trouble
        bodies = [one.value for one in found if one.value is not None]
        return iter(sorted(bodies, key=_moment, reverse=True))

    def arrived(self) -> Iterator[bytes]:
        """See `Tail`."""
        waiting, self._waiting = self._waiting, []
        try:
            found = waiting or self._read()
        except DeniedError as trouble:
            raise TailError(f"Kafka {self._connection.bootstrap}: {trouble}") from trouble
        except KafkaTroubleError as trouble:
            self._told(trouble)
            return
        for one in found:
            if one.value is not None:
                yield one.value

    def has_caught_up(self) -> bool:
        """See `Tail`."""
        return not self._waiting and all((self._offsets.get(place) or 0) >= end for place, end in self._ends.items())

    def close(self) -> None:
        """See `Tail`."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _connected(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._connection, "newstap-tail")
            if self._offsets:
                self._reader.read(self._offsets)
        return self._reader

    def _start(self, reader: Reader) -> None:
        """Note where partitions end now, and read on from where it was asked for."""
        places = reader.places(self._topic)
        if not places:
            log.warning("Kafka has no topic %s that may be read, so far", self._topic)
        self._ends = reader.ends(places)
        self._offsets = dict.fromkeys(places)
        if self._begin.last is not None:
            self._offsets.update(self._ends)
        elif self._begin.since is not None:
            found = reader.at(places, int(self._begin.since.timestamp() * 1000))
            self._offsets = {place: self._ends[place] if at is None else at for place, at in found.items()}
        if places:
            reader.read(self._offsets)

    def _past(self) -> list[Fetched]:
        """Return the newest messages of each partition that were there at the beginning."""
        if not self._begin.last or not self._ends:
            return []
        reader, back = self._connected(), max(_LEAST, _LOOK_BACK * self._begin.last)
        firsts = {place: reader.first(place) for place in self._ends}
        self._offsets = {place: max(firsts[place], end - back) for place, end in self._ends.items()}
        reader.read(self._offsets)
        past: list[Fetched] = []
        later: list[Fetched] = []
        deadline = time.monotonic() + _LOOK_BACK_SECONDS
        while not self.has_caught_up() and time.monotonic() < deadline:
            for one in self._read():
                (past if one.offset < self._ends.get(one.place, 0) else later).append(one)
                deadline = time.monotonic() + _LOOK_BACK_SECONDS
        self._waiting = later
        return past

    def _read(self) -> list[Fetched]:
        reader = self._connected()
        self._look_for_partitions(reader)
        if not self._offsets:
            time.sleep(_POLL_SECONDS)
            return []
        try:
            found = reader.poll(_POLL_SECONDS)
        except LostOffsetError as lost:
            log.warning("%s; going on with the first that it holds", lost)
            self._offsets[lost.place] = None
            reader.read(self._offsets)
            return []
        except UnreadableMessageError as bad:
            log.warning("passed over: %s", bad)
            found = []
        self._offsets = {place: reader.position(place) for place in self._offsets}
        return found

    def _look_for_partitions(self, reader: Reader) -> None:
        """Read partitions from their beginning that were not there before."""
        if new := [place for place in reader.places(self._topic) if place not in self._offsets]:
            self._offsets |= dict.fromkeys(new)
            reader.read(self._offsets)

    def _told(self, trouble: KafkaTroubleError) -> None:
        """Tell of a broker that is away, and try again with a new connection."""
        self.close()
        if time.monotonic() - self._told_at >= _REMINDER_SECONDS:
            self._told_at = time.monotonic()
            log.warning("%s; tried again every second until it goes on", trouble)
        time.sleep(1.0)


def _moment(body: bytes) -> float:
    """Return when the event of a record was; of what is none, a time before all others."""
    try:
        moment = event_time(decode_record(body))
    except CodecError:
        return 0.0
    return 0.0 if moment is None else moment.timestamp()
