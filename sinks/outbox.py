"""The outbox: everything accepted, in order, until every sink has it.

Outcomes enter it in the same SQLite transaction as the progress of their source, so nothing is lost between reading and
delivering. Each sink keeps its own place (`Ledger`); a slow one holds back only, through `backlog`, the reading.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sinks.base import Item, Kind, SinkUnavailableError
from sinks.store import StoreFullError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from sinks.store import Store

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, topics TEXT NOT NULL,
    published TEXT, fetched TEXT, body BLOB NOT NULL, short BLOB
);
CREATE TABLE tally (
    kind TEXT NOT NULL, label TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (kind, label)
) WITHOUT ROWID;
CREATE TABLE ledger (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE refused (sink TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (sink, seq)) WITHOUT ROWID;
"""


class Outbox:
    """The queue between a job and its sinks.

    Args:
        store: opened with `SCHEMA` among its migrations.
        job: told apart from other jobs on the same state; part of every ledger's `owner`.
    """

    def __init__(self, store: Store, *, job: str) -> None:
        self.store = store
        self.job = job
        self._backlog: tuple[int, int] | None = None  # asked for each document, and 2 ms to count where 5,000 wait
        with store.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('state_id', ?)", (uuid.uuid4().hex[:12],))
            self.state_id: str = connection.execute("SELECT value FROM meta WHERE name = 'state_id'").fetchone()[0]

    def add(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        """Append and count items inside the caller's transaction, numbering them; their own `seq` is not looked at."""
        self._backlog = None
        connection.executemany(
            "INSERT INTO outbox (kind, key, revision, topics, published, fetched, body, short) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [_row(item) for item in items],
        )
        connection.executemany(
            "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT (kind, label) DO UPDATE SET n = n + excluded.n",
            [(*what, n) for what, n in Counter((item.kind, item.label) for item in items).items()],
        )

    def after(self, seq: int, *, sink: str, limit: int = 500, max_bytes: int = 8_000_000) -> tuple[list[Item], int]:
        """Return the next items for a sink, without those it refused, and the highest number looked at.

        At least one row is looked at if there is one, however large.
        """
        items: list[Item] = []
        size, reached = 0, seq
        with self.store.reading() as connection:
            refused = {
                row[0] for row in connection.execute("SELECT seq FROM refused WHERE sink = ? AND seq > ?", (sink, seq))
            }
            rows = connection.execute(
                "SELECT seq, kind, key, revision, topics, published, fetched, body, short FROM outbox "
                "WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit),
            )
            for row in rows:
                size += len(row[7])
                if reached > seq and size > max_bytes:
                    break
                reached = row[0]
                if reached not in refused:
                    items.append(_item(row))
        return items, reached

    def tally(self) -> dict[tuple[Kind, str], int]:
        """Return how many items there ever were, by kind and label."""
        with self.store.reading() as connection:
            return {(Kind(kind), label): n for kind, label, n in connection.execute("SELECT kind, label, n FROM tally")}

    def holds(self, kind: Kind) -> bool:
        """Say whether anything of a kind waits."""
        with self.store.reading() as connection:
            return connection.execute("SELECT 1 FROM outbox WHERE kind = ? LIMIT 1", (kind,)).fetchone() is not None

    def last(self) -> int:
        """Return the highest number ever given out; 0 before the first."""
        with self.store.reading() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        return int(row[0]) if row else 0

    def backlog(self) -> tuple[int, int]:
        """Return rows and bytes that some sink has not delivered yet (as of the last `prune`)."""
        with self.store.reading() as connection:
            if self._backlog is None:
                query = "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox"
                self._backlog = connection.execute(query).fetchone()
            return self._backlog

    def prune(self, sinks: Sequence[str]) -> None:
        """Delete what all the named sinks have delivered."""
        with self.store.transaction() as connection:
            marks = ",".join("?" * len(sinks))
            done = connection.execute(
                f"SELECT count(*), min(seq) FROM ledger WHERE sink IN ({marks})",  # noqa: S608 - only question marks
                tuple(sinks),
            ).fetchone()
            if done[0] == len(sinks):
                self._backlog = None
                connection.execute("DELETE FROM outbox WHERE seq <= ?", (done[1],))
                connection.execute("DELETE FROM refused WHERE seq <= ?", (done[1],))

    def refuse(self, sink: str, refused: Sequence[Item], letters: Sequence[Item]) -> None:
        """Remember that a sink is done with items it will never take, and append their dead letters, at once."""
        with self.store.transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO refused VALUES (?, ?)", [(sink, i.seq) for i in refused])
            self.add(connection, letters)

    def ledger(self, sink: str) -> SqliteLedger:
        """Return the place-keeper of one sink."""
        return SqliteLedger(self, sink)


class SqliteLedger:
    """A sink's place as a row of the outbox's own file; implements `sinks.base.Ledger`."""

    def __init__(self, outbox: Outbox, sink: str) -> None:
        self._outbox = outbox
        self._sink = sink

    @property
    def owner(self) -> str:
        """The state's own id and the job: see `sinks.base.Ledger`."""
        return f"{self._outbox.state_id}-{self._outbox.job}"

    def load(self) -> tuple[int, dict[str, Any]]:
        """Return the committed number and state."""
        with self._outbox.store.reading() as connection:
            row = connection.execute("SELECT seq, state FROM ledger WHERE sink = ?", (self._sink,)).fetchone()
        return (int(row[0]), json.loads(row[1])) if row else (0, {})

    def save(self, seq: int, state: dict[str, Any]) -> None:
        """Commit both, durably.

        Raises:
            SinkUnavailableError: the state's disk is full or failing.
        """
        try:
            with self._outbox.store.transaction() as connection:
                connection.execute(
                    "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT (sink) DO UPDATE SET seq = excluded.seq, "
                    "state = excluded.state",
                    (self._sink, seq, json.dumps(state)),
                )
        except StoreFullError as error:
            raise SinkUnavailableError(self._sink, str(error), retry_after=2.0) from error

    def last(self) -> int:
        """Return the highest number the outbox ever gave out."""
        return self._outbox.last()


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _row(item: Item) -> tuple[object, ...]:
    times = _stamp(item.published), _stamp(item.fetched)
    return (item.kind, item.key, item.revision, json.dumps(item.topics), *times, item.body, item.short)


def _item(row: tuple[Any, ...]) -> Item:
    seq, kind, key, revision, topics, published, fetched, body, short = row
    return Item(
        seq=seq,
        kind=Kind(kind),
        key=key,
        body=body,
        short=short,
        revision=revision,
        topics=tuple(json.loads(topics)),
        published=datetime.fromisoformat(published) if published else None,
        fetched=datetime.fromisoformat(fetched) if fetched else None,
    )
