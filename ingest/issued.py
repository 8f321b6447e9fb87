"""Which contents a job has issued under which key: repeats are skipped, changes counted as revisions.

Its rows are written in the transaction that puts the outcomes into the outbox, so that a resumed job decides as the
uninterrupted one would have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ingest import retracted
from processors.identity import content_digest
from processors.records import Outcome, Reason, Record, Skipped

if TYPE_CHECKING:
    import sqlite3

    from processors.records import Revision

SCHEMA = """
CREATE TABLE seen (key TEXT NOT NULL, content TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (key, content))
    WITHOUT ROWID;
CREATE TABLE issued (id TEXT PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
"""

_NOW = "CAST(strftime('%s', 'now') AS INTEGER)"
"""When a row was last met: for forgetting alone, nothing that is delivered depends on it."""


class Compare(Protocol):
    """Tells what a record changes of the state that was issued before."""

    def __call__(self, connection: sqlite3.Connection, record: Record, before: int, /) -> Revision | None:
        """Return the record's revision, with its class; None where it changes nothing that is read.

        Args:
            connection: in the caller's transaction.
            record: of an id that was issued.
            before: the number that it was issued under last.
        """
        ...


def settled(connection: sqlite3.Connection, outcome: Outcome, compare: Compare | None = None) -> Outcome:
    """Return the outcome as it is to be delivered, and remember it, inside the caller's transaction.

    A record of the same document id (or, without one, the same record id) with the same title and text as an earlier
    one becomes a `duplicate`. What feeds lead to goes by its record id, when it is replayed too: a document id there is
    one feed's name for what other feeds may lead to as well.

    Any other gets the next free revision number of its id, not below the one it brings; where states are compared, one
    that changes nothing becomes `unchanged`.

    What was taken down (`ingest.retracted`) becomes `retracted`, and leaves no trace here.
    """
    taken = retracted.key_of_outcome(outcome)
    if taken is not None and retracted.holds(connection, taken):
        return retracted.instead(outcome, taken)
    if not isinstance(outcome, Record):
        return outcome
    article = outcome.article
    key = outcome.origin.document_id
    key = f"record:{outcome.id}" if key is None or outcome.origin.feed is not None else f"document:{key}"
    content = content_digest(article.title, article.text)
    if not connection.execute(f"INSERT OR IGNORE INTO seen VALUES (?, ?, {_NOW})", (key, content)).rowcount:  # noqa: S608 - a constant
        connection.execute(f"UPDATE seen SET last = {_NOW} WHERE key = ? AND content = ?", (key, content))  # noqa: S608 - as above
        return Skipped(origin=outcome.origin, url=article.url, reason=Reason.DUPLICATE, detail=outcome.id)
    row = connection.execute("SELECT n FROM issued WHERE id = ?", (outcome.id,)).fetchone()
    revision = outcome.revision
    if row and compare is not None:
        found = compare(connection, outcome, row[0])
        if found is None:
            return Skipped(origin=outcome.origin, url=article.url, reason=Reason.UNCHANGED, detail=outcome.id)
        revision = found
    n = max(revision.n, row[0] + 1 if row else 1)
    connection.execute(f"INSERT OR REPLACE INTO issued VALUES (?, ?, {_NOW})", (outcome.id, n))  # noqa: S608 - as above
    return replace(outcome, revision=replace(revision, n=n))


def forget(connection: sqlite3.Connection, before: float) -> int:
    """Forget what was last met before a time (Unix seconds), and return how many records that were.

    Only a service does so: a job's memory ends with the job. Of a record whose latest content is still remembered, the
    number is too.
    """
    connection.execute("DELETE FROM seen WHERE last < ?", (int(before),))
    return connection.execute(
        "DELETE FROM issued WHERE last < ? AND NOT EXISTS (SELECT 1 FROM seen WHERE key = 'record:' || issued.id)",
        (int(before),),
    ).rowcount
