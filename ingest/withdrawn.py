"""Articles that are no longer there: which of them the compacted topic was told to forget, since when, and why.

A row holds for the revision that was published last. A page that comes back is published as the next one, and so is
no longer withdrawn, although its row is still there. Every function works inside the caller's transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sinks.base import Item, Kind

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE withdrawn (id TEXT PRIMARY KEY, n INTEGER NOT NULL, since REAL NOT NULL, why TEXT NOT NULL) WITHOUT ROWID;
"""


class Withdrawn(NamedTuple):
    """What is known of an article that is no longer there."""

    since: float
    """Unix time in seconds."""
    why: str


def withdraw(connection: sqlite3.Connection, record_id: str, why: str, now: float) -> Item | None:
    """Remember that an article is no longer there; return its tombstone, for the outbox in the same transaction.

    Its contents are forgotten: where it comes back as it was, that is news to who was told that it is gone.

    Args:
        connection: of a state with the tables of `ingest.issued` and `ingest.linkstore`.
        record_id: whose article.
        why: one of a closed set, which items are counted under.
        now: Unix time in seconds.

    Returns:
        None where nothing was published under this id, or it is withdrawn already.
    """
    row = connection.execute("SELECT n FROM issued WHERE id = ?", (record_id,)).fetchone()
    if row is None or find(connection, record_id) is not None:
        return None
    connection.execute("INSERT OR REPLACE INTO withdrawn VALUES (?, ?, ?, ?)", (record_id, row[0], now, why))
    connection.execute("DELETE FROM seen WHERE key = ?", (f"record:{record_id}",))
    connection.execute("DELETE FROM article WHERE id = ?", (record_id,))
    time = datetime.fromtimestamp(now, UTC)
    return Item(seq=0, kind=Kind.TOMBSTONE, key=record_id, body=b"", label=why, revision=row[0], fetched=time)


def find(connection: sqlite3.Connection, record_id: str) -> Withdrawn | None:
    """Return since when an article is no longer there; None where it is, or nothing is known of it."""
    row = connection.execute(
        "SELECT since, why FROM withdrawn JOIN issued USING (id, n) WHERE id = ?", (record_id,)
    ).fetchone()
    return None if row is None else Withdrawn(*row)


def every(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of all articles that are no longer there."""
    return frozenset(row[0] for row in connection.execute("SELECT id FROM withdrawn JOIN issued USING (id, n)"))


def forget(connection: sqlite3.Connection) -> None:
    """Forget the articles of which no number is known any more (`ingest.issued.forget`)."""
    connection.execute("DELETE FROM withdrawn WHERE id NOT IN (SELECT id FROM issued)")
