"""Topics of Kafka as a source of what another newstap has delivered, item by item as it stands there.

There is no consumer group: how far each partition was read is a row of the job's own state, committed with the items.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from ingest.sources.base import Entry, SourceError
from sinks.base import Item, Kind
from sinks.codec import CodecError, load_object
from sinks.kafka_admin import admin
from sinks.kafka_client import DeniedError, Fetched, KafkaTroubleError, Place
from sinks.kafka_following import LostOffsetError, Reader, UnreadableMessageError, behind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from sinks.kafka_client import Connection
    from sinks.store import Store

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE place (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE cluster (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_SLICE_SECONDS = 0.1
_PARTITIONS_SECONDS = 5.0
"""Between two looks for partitions that are new."""
_COUNT_SECONDS = 1.0
_RETRY_SECONDS = 2.0
_REMINDER_SECONDS = 60.0


class Passed(NamedTuple):
    """Progress: the next message of a partition to read."""

    place: Place
    next: int


class TopicsSource:
    """Reads topics to the end and on; implements `ingest.sources.base.Source`.

    Args:
        connection: where to.
        topics: what to read, and what each holds.
        store: with `SCHEMA` among its migrations.
        until_end: stop once everything that is there was read.
    """

    name = "topics"

    def __init__(
        self, connection: Connection, topics: Mapping[str, Kind], store: Store, *, until_end: bool = False
    ) -> None:
        self._connection = connection
        self._topics = dict(topics)
        self._store = store
        self._until_end = until_end
        self._reader: Reader | None = None
        self._next: dict[Place, int] = {}
        """Where each partition is to be read on; the others from their first message."""
        self._settled: dict[Place, int] = {}
        """The same, as of the last commit."""
        self._there: list[Place] = []
        self.lag: dict[Place, int] = {}
        """Of each partition that is read, what is not settled yet; empty while Kafka is away."""
        self.trouble: str | None = None
        """Why Kafka gives nothing just now."""
        self._looked_at = self._told_at = self._counted_at = -_REMINDER_SECONDS

    def entries(self) -> Iterator[Entry[Passed] | None]:
        """See `Source`; ends only where it is to stop at the end.

        Raises:
            SourceError: this is not what was read before, or may not be read.
        """
        self._next.update(self._committed())
        self._settled.update(self._next)
        try:
            while True:
                try:
                    for one in self._read():
                        self._next[one.place] = one.offset + 1
                        yield Entry(content=_item(one, self._topics), mark=Passed(one.place, one.offset + 1))
                    if self._until_end and self._is_at_the_end():
                        return
                    yield None
                except LostOffsetError as lost:
                    self._go_on(lost)
                except UnreadableMessageError as bad:
                    log.warning("passed over: %s", bad)
                    self._next[bad.place] = bad.offset + 1
                    yield Entry(content=None, mark=Passed(bad.place, bad.offset + 1))
                except DeniedError as denied:
                    raise SourceError(f"Kafka at {self._connection.bootstrap}: {denied}") from denied
                except KafkaTroubleError as trouble:
                    self._tell(trouble)
                    yield from self._paused()
        finally:
            self._close()

    def commit(self, connection: sqlite3.Connection, marks: Sequence[Passed]) -> None:
        """See `Source`."""
        last = dict(marks)
        connection.executemany(
            "INSERT OR REPLACE INTO place VALUES (?, ?, ?)", [(*place, offset) for place, offset in last.items()]
        )

    def done(self, marks: Sequence[Passed]) -> None:
        """Nothing more is to be done than was committed; only the lag follows from it."""
        self._settled |= dict(marks)

    def _committed(self) -> dict[Place, int]:
        with self._store.reading() as connection:
            rows = connection.execute("SELECT topic, partition, next FROM place").fetchall()
        return {Place(topic, partition): offset for topic, partition, offset in rows}

    def _read(self) -> list[Fetched]:
        if self._reader is None:
            self._check_cluster()
            self._reader, self._looked_at = Reader(self._connection, "newstap-export"), -_REMINDER_SECONDS
        if time.monotonic() - self._looked_at >= _PARTITIONS_SECONDS:
            self._look(self._reader)
        found = self._reader.poll(_SLICE_SECONDS)
        if time.monotonic() - self._counted_at >= _COUNT_SECONDS:
            self._counted_at = time.monotonic()
            self._count(self._reader)
        self.trouble = None
        return found

    def _count(self, reader: Reader) -> None:
        """Count what is left in each partition of which it is known where it ends."""
        ends = {place: end for place in self._there if (end := reader.end(place)) is not None}
        self.lag = {
            place: behind(
                end,
                settled=self._settled.get(place, 0),
                read=self._next.get(place, 0),
                position=reader.position(place),
            )
            for place, end in ends.items()
        }

    def _look(self, reader: Reader) -> None:
        """Take up partitions: all of them with a new reader, later those that were added."""
        first = self._looked_at < 0
        there = [place for topic in self._topics for place in reader.places(topic)]
        if first or there != self._there:
            self._there = there
            reader.read({place: self._next.get(place) for place in there})
        self._looked_at = time.monotonic()

    def _is_at_the_end(self) -> bool:
        reader = self._reader
        return reader is not None and all(reader.has_caught_up(place) for place in self._there)

    def _check_cluster(self) -> None:
        """See that offsets mean what they meant: they are the cluster's own."""
        with admin(self._connection) as broker:
            here = broker.cluster()
        with self._store.transaction() as connection:
            row = connection.execute("SELECT id FROM cluster").fetchone()
            if row is None:
                connection.execute("INSERT INTO cluster VALUES (?)", (here,))
        if row is not None and row[0] != here:
            raise SourceError(
                f"Kafka at {self._connection.bootstrap} is cluster {here}, and this folder was filled from"
                f" {row[0]}; name that one, or choose another folder"
            )

    def _go_on(self, lost: LostOffsetError) -> None:
        """Go on behind what Kafka has deleted unread.

        Raises:
            SourceError: the partition is shorter than it was: the topic was made anew.
        """
        first = None if self._reader is None else self._reader.first(lost.place)
        if first is None or first < lost.offset:
            raise SourceError(
                f"{lost}: the topic was deleted and made anew, or lost what it held; choose another folder for the rest"
            ) from lost
        log.warning(
            "%s: Kafka has deleted the messages %d to %d of partition %d unread; longer retention keeps them",
            *(lost.place.topic, lost.offset, first - 1, lost.place.partition),
        )
        self._next[lost.place] = first
        self._close()

    def _tell(self, trouble: KafkaTroubleError) -> None:
        self._close()
        self.trouble = str(trouble)
        if time.monotonic() - self._told_at >= _REMINDER_SECONDS:
            self._told_at = time.monotonic()
            log.warning("%s; tried again every few seconds until it goes on", trouble)

    def _paused(self) -> Iterator[None]:
        until = time.monotonic() + _RETRY_SECONDS
        while time.monotonic() < until:
            time.sleep(_SLICE_SECONDS)
            yield None

    def _close(self) -> None:
        self.lag = {}
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _item(one: Fetched, topics: Mapping[str, Kind]) -> Item | None:
    """Return a message as the item it was; None for a message without anything in it."""
    if one.value is None:
        return None
    kind = topics[one.place.topic]
    key = (one.key or b"").decode("utf-8", "replace")
    return Item(seq=0, kind=kind, key=key, body=one.value, label=_label(kind, one.value))


def _label(kind: Kind, body: bytes) -> str:
    if kind is not Kind.DEAD_LETTER:
        return ""
    try:
        return str(load_object(body).get("step", ""))
    except CodecError:
        return ""
