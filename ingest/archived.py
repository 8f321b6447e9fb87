"""What the service's state says of its archive: the file being written, how much of it counts, what feeds brought last.

Every function works on the caller's connection, those that write inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE archive (              -- one row, once something was archived
    number INTEGER NOT NULL, name TEXT NOT NULL, length INTEGER NOT NULL, began REAL NOT NULL, seq INTEGER NOT NULL
);
CREATE TABLE archived_feed (        -- the latest document of each feed: an unchanged one refers to it
    url TEXT PRIMARY KEY, record TEXT NOT NULL, date TEXT NOT NULL, digest TEXT NOT NULL, number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX archived_feed_number ON archived_feed (number);
"""


class ArchiveError(Exception):
    """The archive cannot be used, or is damaged; the text names the file."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the archive has been written."""

    number: int = 0
    """Of the file that is written, or was last."""
    name: str = ""
    length: int = 0
    """Bytes of that file that count; 0: it is finished, and what comes next begins another."""
    began: float = 0.0
    """Seconds since the epoch when the file was begun."""
    seq: int = 0
    """Entries ever archived."""


@dataclass(frozen=True, slots=True)
class Original:
    """A feed's document in the archive."""

    record: str
    """`WARC-Record-ID` of its response."""
    date: str
    digest: str
    """Of its payload."""
    number: int
    """Of the file that it lies in."""


def place(connection: sqlite3.Connection) -> Place:
    """Return how far the archive has been written."""
    row = connection.execute("SELECT number, name, length, began, seq FROM archive").fetchone()
    return Place(*row) if row else Place()


def save(connection: sqlite3.Connection, reached: Place) -> None:
    """Keep how far it has been written."""
    connection.execute("DELETE FROM archive")
    connection.execute("INSERT INTO archive VALUES (?, ?, ?, ?, ?)", astuple(reached))


def original(connection: sqlite3.Connection, url: str) -> Original | None:
    """Return what an unchanged document of a feed may refer to; None where nothing is in the archive."""
    row = connection.execute("SELECT record, date, digest, number FROM archived_feed WHERE url = ?", (url,)).fetchone()
    return Original(*row) if row else None


def remember(connection: sqlite3.Connection, url: str, found: Original) -> None:
    """Keep where a feed's latest document lies."""
    connection.execute("INSERT OR REPLACE INTO archived_feed VALUES (?, ?, ?, ?, ?)", (url, *astuple(found)))


def forget_file(connection: sqlite3.Connection, number: int) -> None:
    """Let nothing refer to a file that is no longer there."""
    connection.execute("DELETE FROM archived_feed WHERE number = ?", (number,))
