"""Documents that a job was asked to leave alone: how many, by why, so that its books add up without them.

They are counted in the transaction that saves how far the source was read; nothing else of them is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE passed (why TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
"""


def count(connection: sqlite3.Connection, why: str) -> None:
    """Count one document, inside the caller's transaction."""
    connection.execute("INSERT INTO passed VALUES (?, 1) ON CONFLICT (why) DO UPDATE SET n = n + 1", (why,))


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many there were, by why."""
    return {str(why): int(n) for why, n in connection.execute("SELECT why, n FROM passed ORDER BY why")}
