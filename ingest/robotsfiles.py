"""What robots.txt of each host said, durable: a restart asks no sooner again than the service would have.

Every function works on the caller's connection, those that write inside the caller's transaction.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE robots (
    origin TEXT PRIMARY KEY,        -- as in https://example.org:443
    text BLOB NOT NULL,             -- zlib
    until REAL NOT NULL,
    unreadable TEXT                 -- why it is not the host's own
);
CREATE INDEX robots_until ON robots (until);
"""


@dataclass(frozen=True, slots=True)
class RobotsFile:
    """A robots.txt, or what stands in for one."""

    text: str = field(repr=False)
    until: float
    """Unix time up to which it holds."""
    unreadable: str | None = None
    """Why the text is not the host's own; None where it is."""


def kept(connection: sqlite3.Connection, origin: str) -> RobotsFile | None:
    """Return what a host said last, whether or not it still holds; None if nothing is known."""
    row = connection.execute("SELECT text, until, unreadable FROM robots WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else RobotsFile(zlib.decompress(row[0]).decode(), *row[1:])


def keep(connection: sqlite3.Connection, origin: str, file: RobotsFile) -> None:
    """Keep what a host said, in place of what it said before."""
    text = zlib.compress(file.text.encode())
    connection.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", (origin, text, file.until, file.unreadable))


def forget(connection: sqlite3.Connection, now: float) -> int:
    """Forget what holds no longer. Return how many files that were."""
    return connection.execute("DELETE FROM robots WHERE until <= ?", (now,)).rowcount
