"""The copy in SQLite, as the thread that listens to the group works on it: in pieces, through the service's writer."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ingest.fleet import requests, table
from ingest.fleet.definitions import Defined, decoded, define
from ingest.fleet.notes import DefineNote, Note, in_its_place, read_note
from ingest.fleet.values import NoteError
from sinks.kafka_fleet import ENDS, WRITER, at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from ingest.fleet.places import Places
    from ingest.fleet.requests import Asked
    from ingest.fleet.unread import Unread
    from ingest.live.current import Current
    from ingest.live.writer import Writer
    from processors.records import Skipped
    from sinks.base import Item
    from sinks.kafka_client import Fetched
    from sinks.kafka_messages import Names
    from sinks.outbox import Outbox

_IN_PART = -1
"""In place of an offset of states: the partition is being read for the first time."""
_AT_ONCE = 500
"""Pieces of work that are given together."""
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """How far the copy of a partition was read: of each topic the offset of the next message."""

    feeds: int
    states: int
    requests: int


class Copy:
    """What is ours, and what was.

    Args:
        writer: to the state.
        loop: that the writer runs in.
        box: where notes go.
        names: of the topics.
        places: which partitions are ours.
        current: the configuration.
        skipped: told of entries that have their outcome at once.
        delay_seconds: until a host that has become ours is asked for the first time: the fetcher before us may have
            asked just now.
        unread: told of messages that are none of ours. Nothing of them is taken up.
    """

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self,
        writer: Writer,
        loop: asyncio.AbstractEventLoop,
        box: Outbox,
        names: Names,
        places: Places,
        current: Current,
        skipped: Callable[[Skipped], None],
        delay_seconds: float,
        unread: Unread,
    ) -> None:
        self._writer = writer
        self._loop = loop
        self._box = box
        self._names = names
        self._places = places
        self._current = current
        self._skipped = skipped
        self._delay_seconds = delay_seconds
        self._unread = unread

    def owes(self) -> bool:
        """Tell whether anything waits to be sent."""
        return self._read(lambda connection: bool(connection.execute("SELECT 1 FROM outbox LIMIT 1").fetchone()))

    def ours(self) -> frozenset[int]:
        """Return the partitions that were ours when the copy was last worked on."""
        query = "SELECT number FROM held WHERE ours"
        return self._read(lambda connection: frozenset(row[0] for row in connection.execute(query)))

    def begin(self, feeds: Mapping[int, int], strangers: Collection[int]) -> dict[int, Held | None]:
        """Have a copy of partitions that are ours from now on; return how far each was read, None where there was none.

        Where there was none there is none before `hold`: what was read in part is read from the beginning again.

        Args:
            feeds: of each the offset of the next definition to take up.
            strangers: those that others had since: they have changed the requests.
        """

        def work(connection: sqlite3.Connection) -> dict[int, Held | None]:
            found = {number: _held(connection, number) for number in feeds}
            for number, held in found.items():
                if held is None:
                    table.forget(connection, number)
                row = Held(feeds[number], _IN_PART, 0) if held is None else held
                connection.execute("INSERT OR REPLACE INTO held VALUES (?, 1, ?, ?, ?)", (number, *astuple(row)))
            requests.leave(
                connection, [number for number, held in found.items() if held is None or number in strangers]
            )
            reach = self._box.ledger("kafka").load()[1].get(ENDS, {})  # our own notes: the copy has them all
            return {
                number: held and replace(held, states=max(held.states, reach.get(str(number), 0)))
                for number, held in found.items()
            }

        return self._run(work)

    def hold(self, positions: Mapping[int, tuple[int, int]]) -> None:
        """Note that partitions were read to their end: of states and requests the offsets of the next messages."""
        rows = [(*reached, number) for number, reached in positions.items()]
        self._run(
            lambda connection: connection.executemany("UPDATE held SET states = ?, requests = ? WHERE number = ?", rows)
        )

    def oldest(self, numbers: Iterable[int]) -> dict[int, int | None]:
        """Return of each partition the offset of the oldest request that has no outcome yet."""
        return self._read(lambda connection: {number: requests.oldest(connection, number) for number in numbers})

    def learn(self, read: Sequence[Fetched]) -> None:
        """Take up notes of others."""
        notes = [(one.place.partition, found) for one in read if (found := self._note(one)) is not None]

        def work(connection: sqlite3.Connection) -> None:
            for number, found in notes:
                table.learn(connection, number, found)

        self._run(work)

    def _note(self, one: Fetched) -> Note | None:
        with self._telling(one):
            found = read_note(one, self._places)
            if not isinstance(found, DefineNote):
                return found
            raise NoteError("a definition, where what is known of feeds is kept")
        return None

    @contextmanager
    def _telling(self, one: Fetched) -> Iterator[None]:
        """Tell of a message that is none of ours, and go on behind the block."""
        try:
            yield
        except NoteError as error:
            self._unread.tell(one.place, one.offset, error)

    def take_up(self, read: Sequence[Fetched]) -> None:
        """Have what requests ask for wait for its outcome; each is a piece.

        Those of partitions that are being handed over by then are left to others.
        """
        asked: list[tuple[Fetched, Asked | Note]] = []
        for one in read:
            with self._telling(one):
                asked.append((one, requests.read_request(one, self._places)))

        def work(connection: sqlite3.Connection, one: tuple[Fetched, Asked | Note]) -> Skipped | None:
            if one[0].place.partition in self._places.leaving:
                return None
            found = requests.take_up(connection, *one, now=time.time())
            if found.items:
                numbers = [one[0].place.partition]
                self._box.add(connection, [*found.items, *requests_at(connection, self._names, numbers)])
            return found.skipped

        for skipped in filter(None, self._run_each(work, asked)):
            self._skipped(skipped)

    def define(self, read: Sequence[Fetched]) -> None:
        """Have the feeds be those that operators want; each host's are a piece, as of `take_up`."""

        def work(connection: sqlite3.Connection, one: tuple[Fetched, tuple[str, list[Defined]] | None]) -> None:
            message, wanted = one
            number, offset = message.place.partition, message.offset + 1
            if number in self._places.leaving:
                return
            base = self._current.base
            items = [] if wanted is None else define(connection, *wanted, base, now=time.time())
            connection.execute("UPDATE held SET feeds = ? WHERE number = ?", (offset, number))
            self._box.add(connection, [*items, at(self._names.feeds, number, offset)])

        self._run_each(work, [(one, self._defined(one)) for one in read])

    def _defined(self, one: Fetched) -> tuple[str, list[Defined]] | None:
        """Return a host, and its feeds."""
        with self._telling(one):
            host = (one.key or b"").decode("utf-8", "replace")
            in_its_place(host, one.place.partition, self._places)
            return host, decoded(one.value, host)
        return None

    def wake(self, numbers: Sequence[int]) -> int:
        """Have what is ours be polled; return how many feeds that is."""

        def work(connection: sqlite3.Connection) -> int:
            now = time.time()
            soonest = now + self._delay_seconds
            base = self._current.base
            return sum(table.wake(connection, number, base, soonest=soonest, now=now) for number in numbers)

        return self._run(work)

    def note(self, work: Callable[[sqlite3.Connection], None]) -> Future[None]:
        """Have something noted, in its turn; nobody needs to wait for that."""
        return asyncio.run_coroutine_threadsafe(self._writer.run(work), self._loop)

    def _run_each(self, work: Callable[[sqlite3.Connection, S], T], given: Sequence[S]) -> list[T]:
        """Return what the work returns of each; many share a transaction, since none waits for the one before."""
        done = []
        for first in range(0, len(given), _AT_ONCE):
            begun = [
                asyncio.run_coroutine_threadsafe(self._writer.run(_of(work, one)), self._loop)
                for one in given[first : first + _AT_ONCE]
            ]
            done += [each.result() for each in begun]
        return done

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return asyncio.run_coroutine_threadsafe(self._writer.read(query), self._loop).result()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return asyncio.run_coroutine_threadsafe(self._writer.run(work), self._loop).result()


def _held(connection: sqlite3.Connection, number: int) -> Held | None:
    row = connection.execute("SELECT feeds, states, requests FROM held WHERE number = ?", (number,)).fetchone()
    return None if row is None or row[1] == _IN_PART else Held(*row)


def _of(work: Callable[[sqlite3.Connection, S], T], one: S) -> Callable[[sqlite3.Connection], T]:
    """Return the work on one of many."""
    return lambda connection: work(connection, one)


def requests_at(connection: sqlite3.Connection, names: Names, numbers: Sequence[int]) -> list[Item]:
    """Return, as items, where these partitions' requests are to be read on from: at the oldest, else the next."""
    items = []
    for number in numbers:
        place = requests.oldest(connection, number)
        if place is None:
            row = connection.execute("SELECT requests FROM held WHERE number = ?", (number,)).fetchone()
            place = None if row is None else row[0]
        if place is not None:
            items.append(at(names.requests, number, place))
    return items


def is_ours(read: Fetched, writer: str) -> bool:
    """Tell whether a note is one of our own."""
    return (WRITER, writer.encode()) in read.headers
