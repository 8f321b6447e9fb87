"""Articles whose pages are to be looked at again: durable from the transaction that published them on.

A row is changed in the transaction that keeps what a visit brought, so a crash at any instant costs at most that a page
is asked for again. It goes with the last visit. Every function works on the caller's connection, those that write
inside the caller's transaction. Times are Unix times in seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sinks.codec import decode_page, encode_page_header

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from processors.records import Page

SCHEMA = """
CREATE TABLE visit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,             -- name and port, as of pending entries
    first REAL NOT NULL,            -- when it was published
    due REAL NOT NULL,
    gone REAL,                      -- first 404 or 410 that no other answer has followed
    address TEXT NOT NULL, etag TEXT, modified TEXT, digest BLOB,  -- of the page as it was last; validators are latin-1
    size INTEGER NOT NULL,          -- characters of the text that was published last
    header BLOB NOT NULL            -- what its feed said of it, as a page without a body
);
CREATE INDEX visit_due ON visit (due);
"""
_COLUMNS = "id, record, host, first, due, gone, address, etag, modified, digest, size, header"


class Known(NamedTuple):
    """A page as it was last."""

    address: str
    """The final URL, which the validators belong to."""
    etag: str | None
    modified: str | None
    digest: bytes | None
    """Of its body; None where the same body would be news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An article to be looked at again."""

    id: int
    record: str
    host: str
    first: float
    due: float
    gone: float | None
    known: Known
    size: int
    carried: Page
    """What its feed said of it; without a body. Its URL is the link to fetch."""


def begin(
    connection: sqlite3.Connection,
    record: str,
    carried: Page,
    known: Known,
    *,
    host: str,
    size: int,
    now: float,
    due: float,
) -> None:
    """Have an article visited at a time; one that is published anew begins anew."""
    hint = replace(carried.hint, content=None)  # of no use without the page, and half of a row's size
    header = encode_page_header(replace(carried, body=b"", hint=hint))
    connection.execute(
        "INSERT INTO visit (record, host, first, due, address, etag, modified, digest, size, header)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record) DO UPDATE SET host = excluded.host,"
        " first = excluded.first, due = excluded.due, gone = NULL, address = excluded.address, etag = excluded.etag,"
        " modified = excluded.modified, digest = excluded.digest, size = excluded.size, header = excluded.header",
        (record, host, now, due, *known, size, header),
    )


def ready(
    connection: sqlite3.Connection, now: float, *, limit: int, busy: Iterable[str], held: Iterable[int]
) -> list[Visit]:
    """Return what is due, longest first; nothing at hosts that are busy, or where entries wait for a first visit.

    Nor what was withdrawn for another reason than that its page is gone: that is not to come back by itself.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM visit WHERE due <= ?"  # noqa: S608 - a constant
        " AND id NOT IN (SELECT value FROM json_each(?))"
        " AND host NOT IN (SELECT value FROM json_each(?))"
        " AND host NOT IN (SELECT host FROM pending WHERE due <= ? AND host IS NOT NULL)"
        " AND record NOT IN (SELECT id FROM withdrawn WHERE why <> 'gone')"
        " ORDER BY due, id LIMIT ?",
        (now, json.dumps(list(held)), json.dumps(list(busy)), now, limit),
    )
    return [_visit(row) for row in rows]


def find(connection: sqlite3.Connection, number: int) -> Visit | None:
    """Return one article's row."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM visit WHERE id = ?", (number,)).fetchone()  # noqa: S608 - as above
    return None if row is None else _visit(row)


def next_due(connection: sqlite3.Connection) -> float | None:
    """Return when the next one is due; None if there is none."""
    due = connection.execute("SELECT min(due) FROM visit").fetchone()[0]
    return None if due is None else float(due)


def plan(connection: sqlite3.Connection, number: int, due: float | None, gone: float | None) -> None:
    """Keep when an article is visited next, None for never, and since when its page is gone."""
    if due is None:
        connection.execute("DELETE FROM visit WHERE id = ?", (number,))
    else:
        connection.execute("UPDATE visit SET due = ?, gone = ? WHERE id = ?", (due, gone, number))


def saw(connection: sqlite3.Connection, number: int, known: Known, size: int | None = None) -> None:
    """Keep what a page is like now, and the length of the text that was published of it, if any was."""
    connection.execute(
        "UPDATE visit SET address = ?, etag = ?, modified = ?, digest = ?, size = coalesce(?, size) WHERE id = ?",
        (*known, size, number),
    )


def bound(connection: sqlite3.Connection, most: int) -> None:
    """Keep so many at most: those whose next visit is farthest leave, as they have changed least lately."""
    connection.execute(
        "DELETE FROM visit WHERE id IN"
        " (SELECT id FROM visit ORDER BY due DESC LIMIT max(0, (SELECT count(*) FROM visit) - ?))",
        (most,),
    )


def forget(connection: sqlite3.Connection, before: float) -> int:
    """Forget the articles that were published before a time. Return how many."""
    return connection.execute("DELETE FROM visit WHERE first < ?", (before,)).rowcount


def count(connection: sqlite3.Connection) -> int:
    """Return how many articles are to be visited again."""
    return int(connection.execute("SELECT count(*) FROM visit").fetchone()[0])


def _visit(row: tuple[Any, ...]) -> Visit:
    number, record, host, first, due, gone, address, etag, modified, digest, size, header = row
    return Visit(
        id=number,
        record=record,
        host=host,
        first=first,
        due=due,
        gone=gone,
        known=Known(address, etag, modified, digest),
        size=size,
        carried=decode_page(header, b""),
    )
