"""Which contents a job has issued under which key: repeats are skipped, changes counted as revisions.

Its rows are written in the transaction that puts the outcomes into the outbox, so that a resumed job decides as the
uninterrupted one would have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from processors.identity import content_digest
from processors.records import Outcome, Reason, Record, Skipped

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE seen (key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (key, content)) WITHOUT ROWID;
CREATE TABLE issued (id TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
"""


def settled(connection: sqlite3.Connection, outcome: Outcome) -> Outcome:
    """Return the outcome as it is to be delivered, and remember it, inside the caller's transaction.

    A record of the same document id (or, without one, the same record id) with the same title and text as an earlier
    one becomes a `duplicate`. Any other gets the next free revision number of its id, not below the one it brings.
    """
    if not isinstance(outcome, Record):
        return outcome
    article = outcome.article
    key = outcome.origin.document_id
    key = f"document:{key}" if key is not None else f"record:{outcome.id}"
    added = connection.execute(
        "INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, content_digest(article.title, article.text))
    )
    if not added.rowcount:
        return Skipped(origin=outcome.origin, url=article.url, reason=Reason.DUPLICATE, detail=outcome.id)
    row = connection.execute("SELECT n FROM issued WHERE id = ?", (outcome.id,)).fetchone()
    n = max(outcome.revision.n, row[0] + 1 if row else 1)
    connection.execute("INSERT OR REPLACE INTO issued VALUES (?, ?)", (outcome.id, n))
    return replace(outcome, revision=replace(outcome.revision, n=n))
