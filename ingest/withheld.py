"""What a state still holds of an article that is taken down: nothing of it goes out any more, and the books add up.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest import pending, retracted, withdrawn
from ingest.items import item_of
from processors.records import Failed, Reason, Record, Step
from sinks.base import Item, Kind
from sinks.codec import decode_failed, decode_page, decode_record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sinks.outbox import Outbox


def withhold(connection: sqlite3.Connection, box: Outbox, key: str) -> None:
    """Forget all of an article that waits or is remembered, and have its tombstone wait in the outbox.

    Args:
        connection: of a service's state.
        box: its outbox.
        key: the article's id, as of a row of `ingest.retracted`.
    """
    connection.execute("PRAGMA secure_delete = ON")  # a deleted row's bytes would stay in the file
    # Of one whose number is forgotten, or that only Kafka knows, the compacted topic still holds the last state.
    connection.execute("INSERT OR IGNORE INTO issued VALUES (?, 1, ?)", (key, int(time.time())))
    for seq, outcome in list(_undelivered(connection, key)):
        _turn(connection, seq, outcome, key)
    _drop_pending(connection, box, key)
    stone = withdrawn.withdraw(connection, key, Reason.RETRACTED, time.time())
    if stone is not None:
        box.add(connection, [stone])
    connection.execute("DELETE FROM seen WHERE key = ?", (f"record:{key}",))
    connection.execute("DELETE FROM article WHERE id = ?", (key,))
    connection.execute("DELETE FROM visit WHERE record = ?", (key,))


def _undelivered(connection: sqlite3.Connection, key: str) -> Iterator[tuple[int, Record | Failed]]:
    """Yield what the outbox holds of an article, with its place."""
    rows = connection.execute(
        "SELECT seq, body FROM outbox WHERE kind = ? AND key = ? AND body <> x''", (Kind.RECORD, key)
    )
    for seq, body in rows:
        yield seq, decode_record(body)
    for seq, kept, body in connection.execute(
        "SELECT seq, key, body FROM outbox WHERE kind = ? AND body <> x''", (Kind.DEAD_LETTER,)
    ):
        failed = decode_failed(body)
        if kept == key or retracted.key_of(failed.url) == key:
            yield seq, failed


def _turn(connection: sqlite3.Connection, seq: int, outcome: Record | Failed, key: str) -> None:
    """Turn an item into one of a skipped document, or, where files have it or it is of no document, into nothing."""
    places = {"files": 0, "kafka": 0, **dict(connection.execute("SELECT sink, seq FROM ledger"))}
    kind, label = (Kind.RECORD, "") if isinstance(outcome, Record) else (Kind.DEAD_LETTER, str(outcome.step))
    if places["files"] < seq and label != Step.DELIVER:
        _count(connection, kind, label, -1)
        _count(connection, Kind.SKIPPED, Reason.RETRACTED, 1)
        _replace(connection, seq, item_of(retracted.instead(outcome, key)))
        return
    if places["files"] < seq:
        _count(connection, kind, label, -1)
    waiting = [(sink, seq) for sink, place in places.items() if place < seq]
    connection.executemany("INSERT OR IGNORE INTO refused VALUES (?, ?)", waiting)
    connection.execute("UPDATE outbox SET body = x'', short = NULL WHERE seq = ?", (seq,))


def _replace(connection: sqlite3.Connection, seq: int, item: Item) -> None:
    connection.execute(
        "UPDATE outbox SET kind = ?, key = ?, revision = 1, topics = '[]', published = NULL, body = ?, short = NULL"
        " WHERE seq = ?",
        (item.kind, item.key, item.body, seq),
    )


def _count(connection: sqlite3.Connection, kind: Kind, label: str, n: int) -> None:
    connection.execute(
        "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT (kind, label) DO UPDATE SET n = n + excluded.n",
        (kind, label, n),
    )


def _drop_pending(connection: sqlite3.Connection, box: Outbox, key: str) -> None:
    """Have entries that lead to the article skipped now: what their feeds carry of it goes with them."""
    for number, header in connection.execute("SELECT id, header FROM pending").fetchall():
        page = decode_page(header, b"")
        if retracted.key_of(page.url) == key:
            pending.done(connection, [number])
            failed = Failed(origin=page.origin, url=page.url, step=Step.READ, error="")
            box.add(connection, [item_of(retracted.instead(failed, key))])
