"""What a fetcher of a group has here, read from its copy beside it. One that does not run has nothing: others do."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from glob import escape
from typing import TYPE_CHECKING

from ingest import feedstore
from ingest.fleet import restoring
from ingest.fleet.schema import MIGRATIONS
from ingest.owners import Here
from sinks.store import Store, owner_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

_SINK = "kafka"
_PATIENCE_SECONDS = 5.0
"""What a fetcher that makes its copy, or a later layout of it, takes before it can be read."""


def found(folder: Path, group: str, now: float) -> list[Here]:
    """Return what each fetcher of a group has that runs on a state folder, or has run on it, by name.

    Raises:
        StoreError: a copy cannot be read.
    """
    before = len(f"fetch-{group}-")
    paths = sorted(folder.glob(f"fetch-{escape(group)}-*.sqlite"))
    return [here(path, path.stem[before:], now=now) for path in paths]


def beside(path: Path) -> Store:
    """Open a copy beside the fetcher that owns it, to read in it.

    Raises:
        StoreError: it cannot be used.
    """
    return Store(path, MIGRATIONS, beside=True, patience_seconds=_PATIENCE_SECONDS)


def here(path: Path, name: str, *, now: float | None = None) -> Here:
    """Return what a fetcher has; at a Unix time.

    Raises:
        StoreError: the copy cannot be read.
    """
    pid, now = owner_of(path), time.time() if now is None else now
    with closing(beside(path)) as store, store.reading() as connection:
        return _here(connection, name, pid, now)


def _here(connection: sqlite3.Connection, name: str, pid: int | None, now: float) -> Here:
    going, last = restoring.read(connection)
    waiting, oldest = _outbox(connection)
    runs = pid is not None
    return Here(
        name=name,
        pid=pid,
        ours=_ours(connection, () if going is None else going.numbers) if runs else (),
        restoring=going if runs else None,
        restored=last,
        feeds=sum(feedstore.count_by_health(connection).values()) if runs else 0,
        due=feedstore.due(connection, now) if runs else 0,
        requests=_count(connection, "SELECT count(*) FROM request"),
        outbox=waiting,
        oldest=oldest,
    )


def _ours(connection: sqlite3.Connection, going: Sequence[int]) -> tuple[int, ...]:
    rows = connection.execute("SELECT number FROM held WHERE ours ORDER BY number")
    return tuple(int(number) for (number,) in rows if number not in going)


def _outbox(connection: sqlite3.Connection) -> tuple[int, float | None]:
    row = connection.execute("SELECT seq FROM ledger WHERE sink = ?", (_SINK,)).fetchone()
    behind = (0 if row is None else int(row[0]),)
    waiting = _count(connection, "SELECT count(*) FROM outbox WHERE seq > ?", behind)
    row = connection.execute(
        "SELECT fetched FROM outbox WHERE seq > ? AND fetched IS NOT NULL ORDER BY seq LIMIT 1", behind
    ).fetchone()
    return waiting, None if row is None else datetime.fromisoformat(row[0]).timestamp()


def _count(connection: sqlite3.Connection, query: str, values: tuple[int, ...] = ()) -> int:
    return int(connection.execute(query, values).fetchone()[0])
