"""How far a fetcher is with reading what is known of partitions that it was given, noted in its copy.

There whoever looks beside the fetcher sees it, too, and nothing has to be asked.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from ingest.owners import Restoring

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from sinks.kafka_client import Fetched, Place

Note: TypeAlias = "Callable[[Callable[[sqlite3.Connection], None]], Future[None]]"
"""Has something done in a transaction of the copy, in its turn."""
NOTE_SECONDS = 1.0
"""Between two notes of how far it is."""


class Progress:
    """Of one take-over. A note waits for no transaction of its own, but for the last one.

    Args:
        note: see `Note`.
        numbers: of the partitions; where there are none there is nothing to note.
    """

    def __init__(self, note: Note, numbers: Sequence[int]) -> None:
        self.feeds: int | None = None
        """That it brought; None until all of them were taken up."""
        self._note = note
        self._numbers = json.dumps(sorted(numbers)) if numbers else ""
        self._began, self._since = time.time(), time.monotonic()
        self._spans: dict[Place, tuple[int, int]] = {}
        self._reached: dict[Place, int] = {}
        self._noted: Future[None] | None = None
        self._noted_at = self._since
        self._tell()

    def expect(self, spans: Mapping[Place, tuple[int, int]]) -> None:
        """Note what there is to read: of each partition the next offset, and the one that it ends before."""
        self._spans = {place: (start, max(start, end)) for place, (start, end) in spans.items()}
        self._reached = {place: start for place, (start, _) in self._spans.items()}
        self._tell()

    def read(self, found: Iterable[Fetched], ended: Iterable[Place]) -> None:
        """Note what was read, and which partitions were, to their end."""
        self._reached |= {one.place: one.offset + 1 for one in found if one.place in self._spans}
        self._reached |= {place: self._spans[place][1] for place in ended if place in self._spans}
        if time.monotonic() - self._noted_at >= NOTE_SECONDS:
            self._tell()

    def end(self) -> None:
        """Note how long it took and what it brought; where it was given up, that there is nothing to tell of it."""
        if not self._numbers:
            return
        feeds, seconds, total = self.feeds, time.monotonic() - self._since, self._total()

        def work(connection: sqlite3.Connection) -> None:
            if feeds is not None:
                connection.execute("DELETE FROM restoring")
                row = (self._numbers, self._began, total, total, seconds, feeds)
                connection.execute("INSERT INTO restoring VALUES (?, ?, ?, ?, ?, ?)", row)
            forget(connection)

        self._note(work).result()

    def _total(self) -> int:
        return sum(end - start for start, end in self._spans.values())

    def _tell(self) -> None:
        if not self._numbers:
            return
        if self._noted is not None:
            self._noted.result()  # long done; what it raised is ours to raise
        read = sum(min(self._reached[place], end) - start for place, (start, end) in self._spans.items())
        row = (self._numbers, self._began, read, self._total(), None, 0)

        def work(connection: sqlite3.Connection) -> None:
            forget(connection)
            connection.execute("INSERT INTO restoring VALUES (?, ?, ?, ?, ?, ?)", row)

        self._noted, self._noted_at = self._note(work), time.monotonic()


@contextmanager
def noted(note: Note, numbers: Sequence[int]) -> Iterator[Progress]:
    """Note, meanwhile, how a take-over goes on, and at its end what came of it."""
    progress = Progress(note, numbers)
    try:
        yield progress
    finally:
        progress.end()


def forget(connection: sqlite3.Connection) -> None:
    """Forget what was being read: it is not any more."""
    connection.execute("DELETE FROM restoring WHERE seconds IS NULL")


def read(connection: sqlite3.Connection) -> tuple[Restoring | None, Restoring | None]:
    """Return what is being read, and what was last."""
    rows = connection.execute("SELECT * FROM restoring").fetchall()
    found = [_restoring(row) for row in rows]
    going = next((one for one in found if one.seconds is None), None)
    return going, next((one for one in found if one.seconds is not None), None)


def _restoring(row: tuple[str, float, int, int, float | None, int]) -> Restoring:
    numbers, began, reached, total, seconds, feeds = row
    return Restoring(
        numbers=tuple(json.loads(numbers)), began=began, read=reached, total=total, seconds=seconds, feeds=feeds
    )
