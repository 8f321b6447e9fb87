"""What one piece of work changed, as notes in its own transaction: whole in Kafka, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.fleet import requests, table
from ingest.fleet.copy import requests_at
from ingest.live.source import LiveSource
from sinks.kafka_fleet import ended

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from ingest.fleet.places import Places
    from sinks.kafka_messages import Names
    from sinks.outbox import Outbox


class Pieces:
    """Implements `ingest.live.writer.Pieces`.

    Args:
        box: where notes go.
        places: which partitions are ours.
    """

    def __init__(self, box: Outbox, places: Places) -> None:
        self._box = box
        self._places = places

    def begin(self, connection: sqlite3.Connection) -> int:
        """Return what `end` is to be called with."""
        del connection
        return self._box.last()

    def end(self, connection: sqlite3.Connection, began: int) -> None:
        """Put into the outbox what changed, and where the piece ends, if there was anything."""
        notes = table.notes(connection, self._places)
        if notes or self._box.last() > began:
            self._box.add(connection, ended(notes))


class FleetSource(LiveSource):
    """What was fetched of our partitions; with its outcome the request for it is withdrawn.

    Args:
        settled: see `LiveSource`.
        box: where notes go.
        names: of the topics.
        keeping: see `LiveSource`.
    """

    def __init__(self, settled: Callable[[], object], box: Outbox, names: Names, *, keeping: bool = False) -> None:
        super().__init__(settled, keeping=keeping)
        self._box = box
        self._names = names

    def commit(self, connection: sqlite3.Connection, marks: Sequence[int]) -> None:
        """See `Source`."""
        notes = requests.withdrawn(connection, marks)
        super().commit(connection, marks)
        numbers = sorted({int(note.key.split(" ", 2)[1]) for note in notes})
        self._box.add(connection, ended([*notes, *requests_at(connection, self._names, numbers)]))
