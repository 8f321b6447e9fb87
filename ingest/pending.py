"""Entries that feeds have shown and that no outcome has come of yet: durable from the poll that brought them on.

A row is written in the transaction that keeps its feed's validators, and deleted in the one that puts its outcome into
the outbox. So a crash at any instant costs at most that a page is fetched again. Every function works on the caller's
connection, those that write inside the caller's transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from sinks.codec import decode_page, encode_page_header

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from processors.records import Page

SCHEMA = """
CREATE TABLE pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER NOT NULL,
    host TEXT,                      -- name and port of the page to fetch; NULL: what the feed carries is all there is
    due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    header BLOB NOT NULL, body BLOB NOT NULL  -- what the feed carries, as a page
);
CREATE INDEX pending_due ON pending (due);
CREATE TABLE link (                 -- links of entries that were taken up; one page is fetched for all its feeds
    key BLOB PRIMARY KEY, feed INTEGER NOT NULL, last REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX link_last ON link (last);
CREATE TABLE discovered (n INTEGER NOT NULL);  -- entries that an outcome was or will be made of, for the audit
INSERT INTO discovered VALUES (0);
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """One entry that something is still to be made of."""

    id: int
    feed: int
    host: str | None
    attempts: int
    carried: Page = field(repr=False)
    """What the feed carries of it; its URL is the link to fetch."""


class Waiting(NamedTuple):
    """How much waits."""

    rows: int
    size: int
    """Bytes."""


def put(
    connection: sqlite3.Connection,
    feed: int,
    host: str | None,
    carried: Page,
    *,
    due: float,
    number: int | None = None,
) -> None:
    """Add an entry; its number is the next free one, unless it has one."""
    header = encode_page_header(carried)
    connection.execute(
        "INSERT INTO pending (id, feed, host, due, header, body) VALUES (?, ?, ?, ?, ?, ?)",
        (number, feed, host, due, header, carried.body),
    )


def discover(connection: sqlite3.Connection, number: int) -> None:
    """Count entries that are new or changed, whatever will become of them: the audit holds outcomes against it."""
    connection.execute("UPDATE discovered SET n = n + ?", (number,))


def ready(
    connection: sqlite3.Connection, now: float, *, limit: int, held: Iterable[int] = (), busy: Iterable[str] = ()
) -> list[Pending]:
    """Return what is due, oldest first, without what is held already, and what is at hosts that are busy."""
    rows = connection.execute(
        "SELECT id, feed, host, attempts, header, body FROM pending WHERE due <= ?"
        " AND id NOT IN (SELECT value FROM json_each(?))"
        " AND (host IS NULL OR host NOT IN (SELECT value FROM json_each(?))) ORDER BY due, id LIMIT ?",
        (now, json.dumps(list(held)), json.dumps(list(busy)), limit),
    )
    return [_pending(row) for row in rows]


def find(connection: sqlite3.Connection, number: int) -> Pending | None:
    """Return an entry that has no outcome yet."""
    row = connection.execute(
        "SELECT id, feed, host, attempts, header, body FROM pending WHERE id = ?", (number,)
    ).fetchone()
    return None if row is None else _pending(row)


def postpone(connection: sqlite3.Connection, number: int, *, due: float, attempts: int) -> None:
    """Have an entry wait until a time."""
    connection.execute("UPDATE pending SET due = ?, attempts = ? WHERE id = ?", (due, attempts, number))


def done(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Delete what has an outcome, in the transaction that keeps the outcomes."""
    connection.executemany("DELETE FROM pending WHERE id = ?", [(number,) for number in numbers])


def waiting(connection: sqlite3.Connection) -> Waiting:
    """Return how much there is."""
    row = connection.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM pending").fetchone()
    return Waiting(*row)


def next_due(connection: sqlite3.Connection, held: Iterable[int] = ()) -> float | None:
    """Return when the next one that is not held is due; None if there is none."""
    row = connection.execute(
        "SELECT min(due) FROM pending WHERE id NOT IN (SELECT value FROM json_each(?))", (json.dumps(list(held)),)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def take_up(connection: sqlite3.Connection, link: str, feed: int, now: float) -> int | None:
    """Note that a feed's entry leads to a link; return the feed that was there first, None if none was."""
    key = link_key(link)
    row = connection.execute("SELECT feed FROM link WHERE key = ?", (key,)).fetchone()
    connection.execute(
        "INSERT INTO link VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET last = excluded.last", (key, feed, now)
    )
    return None if row is None else int(row[0])


def link_key(link: str) -> bytes:
    """Return what a link is known by."""
    return blake2b(link.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def forget_links(connection: sqlite3.Connection, before: float) -> int:
    """Forget the links that no feed has shown since a time. Return how many."""
    return connection.execute("DELETE FROM link WHERE last < ?", (before,)).rowcount


def _pending(row: tuple[Any, ...]) -> Pending:
    number, feed, host, attempts, header, body = row
    return Pending(number, feed, host, attempts, decode_page(header, body))
