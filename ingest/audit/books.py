"""What a state says there was: counts, records that were issued, and what each sink was given."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest import passed, retracted, withdrawn
from processors.records import Step
from sinks.base import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sinks.store import Store

Key = tuple[str, int]
"""A record's `id` and `revision.n`."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far one sink is."""

    seq: int
    undelivered: Counter[Kind] = field(default_factory=Counter)
    """Items it was not given yet."""
    withheld: frozenset[Key] = frozenset()
    """Records among them."""
    stones: frozenset[str] = frozenset()
    """The ids of tombstones among them."""
    refused: Counter[Kind] = field(default_factory=Counter)
    """Items it will never take and that are still in the outbox."""


@dataclass(frozen=True, slots=True)
class Books:
    """A state, read in one transaction."""

    discovered: int
    waiting: int
    """Entries without an outcome yet."""
    tally: dict[tuple[Kind, str], int]
    passed: dict[str, int]
    """Documents that a replay was asked to leave alone, by why."""
    latest: dict[str, int]
    """Of each record's id the highest revision number that was given out."""
    withdrawn: frozenset[str]
    """The ids of those that are no longer there."""
    retracted: frozenset[str]
    """The ids of those that were taken down: no sink need hold them."""
    gaps: int
    """Items that left the outbox although some sink has not had them."""
    places: dict[str, Place]
    active: dict[str, int]
    """Bytes of each active file of the files sink, by kind, as committed."""
    finished: dict[str, int]
    """Files it has finished, by kind."""

    def count(self, kind: Kind) -> int:
        """Return how many items of a kind there ever were."""
        return sum(n for (of, _), n in self.tally.items() if of is kind)

    def settled(self) -> int:
        """Return how many documents are done with.

        A letter about an item that a sink refused is no document, nor is a tombstone or an alarm.
        """
        refused = self.tally.get((Kind.DEAD_LETTER, str(Step.DELIVER)), 0)
        others = refused + self.count(Kind.TOMBSTONE) + self.count(Kind.ALARM)
        return sum(self.tally.values()) - others + sum(self.passed.values())


def read(store: Store) -> Books:
    """Read a state's books.

    Raises:
        StoreError: it is damaged.
    """
    with store.transaction() as connection:
        return _books(connection)


def _books(connection: sqlite3.Connection) -> Books:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    is_service = "pending" in tables
    ledgers = {
        str(sink): (int(seq), json.loads(state)) for sink, seq, state in connection.execute("SELECT * FROM ledger")
    }
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    last = int(row[0]) if row else 0
    lowest = min((seq for seq, _ in ledgers.values()), default=last)
    there = _one(connection, "SELECT count(*) FROM outbox WHERE seq > ?", lowest)
    files = ledgers.get("files", (0, {}))[1]
    return Books(
        discovered=_one(connection, _DISCOVERED[is_service]),
        waiting=_one(connection, "SELECT count(*) FROM pending") if is_service else 0,
        tally={(Kind(k), label): n for k, label, n in connection.execute("SELECT kind, label, n FROM tally")},
        passed=passed.counts(connection) if "passed" in tables else {},
        latest={str(key): int(n) for key, n in connection.execute("SELECT id, n FROM issued")},
        withdrawn=withdrawn.every(connection) if "withdrawn" in tables else frozenset(),
        retracted=frozenset(one.id for one in retracted.every(connection)) if "retracted" in tables else frozenset(),
        gaps=last - lowest - there,
        places={sink: _place(connection, sink, seq) for sink, (seq, _) in ledgers.items()},
        active={kind: int(stream["length"]) for kind, stream in files.items()},
        finished={kind: int(stream["number"]) - 1 for kind, stream in files.items()},
    )


_DISCOVERED = {
    True: "SELECT coalesce(max(n), 0) FROM discovered",
    False: "SELECT coalesce(sum(ordinal), 0) FROM file",
}


def _place(connection: sqlite3.Connection, sink: str, seq: int) -> Place:
    refused = {row[0] for row in connection.execute("SELECT seq FROM refused WHERE sink = ?", (sink,))}
    undelivered: Counter[Kind] = Counter()
    turned_down: Counter[Kind] = Counter()
    withheld: set[Key] = set()
    stones: set[str] = set()
    for number, kind, key, revision in _rows(connection, seq):
        undelivered[kind] += 1
        if kind is Kind.RECORD:
            withheld.add((key, revision))
        elif kind is Kind.TOMBSTONE:
            stones.add(key)
        turned_down[kind] += number in refused
    return Place(seq, undelivered, frozenset(withheld), frozenset(stones), turned_down)


def _rows(connection: sqlite3.Connection, seq: int) -> Iterator[tuple[int, Kind, str, int]]:
    rows = connection.execute("SELECT seq, kind, key, revision FROM outbox WHERE seq > ?", (seq,))
    return ((number, Kind(kind), key, revision) for number, kind, key, revision in rows)


def _one(connection: sqlite3.Connection, query: str, *values: int) -> int:
    return int(connection.execute(query, values).fetchone()[0])
