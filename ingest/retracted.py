"""Articles that were taken down: nothing of them is published, kept or archived again, whatever brings it.

The table stands in the state of a service and in that of a replay job, and is never forgotten. A list of the same ids
lies in the archive (`FILE`), so that whoever replays it anywhere leaves them out.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from processors.identity import canonical_url, record_id
from processors.records import Failed, Outcome, Reason, Record, Skipped
from sinks.files_marker import sync_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from pathlib import Path

SCHEMA = """
CREATE TABLE retracted (id TEXT PRIMARY KEY, at REAL NOT NULL, why TEXT NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID;
"""
FILE = "retracted.ids"
"""In an archive's folder: one line each, the id and since when. Not a kind of file that a replay reads as documents."""


class Retracted(NamedTuple):
    """What is known of a takedown."""

    id: str
    at: float
    """Unix time in seconds."""
    why: str
    """In the operator's words; may be empty."""
    done: bool
    """Whether archive and files were gone through to their end."""


def add(connection: sqlite3.Connection, key: str, why: str, now: float) -> None:
    """Remember a takedown, inside the caller's transaction; one that is known keeps its time and its reason."""
    connection.execute("INSERT OR IGNORE INTO retracted VALUES (?, ?, ?, 0)", (key, now, why))


def finish(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Note that archive and files hold nothing of them any more."""
    connection.executemany("UPDATE retracted SET done = 1 WHERE id = ?", [(key,) for key in ids])


def every(connection: sqlite3.Connection) -> list[Retracted]:
    """Return all takedowns, oldest first."""
    rows = connection.execute("SELECT id, at, why, done FROM retracted ORDER BY at, id")
    return [Retracted(key, at, why, bool(done)) for key, at, why, done in rows]


def holds(connection: sqlite3.Connection, key: str) -> bool:
    """Say whether an article was taken down."""
    return connection.execute("SELECT 1 FROM retracted WHERE id = ?", (key,)).fetchone() is not None


def key_of(url: str | None) -> str | None:
    """Return the id of the record that a page of this URL becomes; None for no URL of the web."""
    canonical = canonical_url(url)
    return None if canonical is None else record_id(canonical, None, "", "")


def key_of_outcome(outcome: object) -> str | None:
    """Return whose text an outcome holds: a record's, or that of a page that failed."""
    if isinstance(outcome, Record):
        return outcome.id
    return key_of(outcome.url) if isinstance(outcome, Failed) else None


def instead(outcome: Outcome, key: str) -> Skipped:
    """Return what is told in place of an outcome of an article that was taken down."""
    url = outcome.article.url if isinstance(outcome, Record) else outcome.url
    return Skipped(origin=outcome.origin, url=url, reason=Reason.RETRACTED, detail=key)


def load(connection: sqlite3.Connection, ids: Iterable[str], now: float) -> None:
    """Take over the takedowns of archives' lists, inside the caller's transaction."""
    connection.executemany("INSERT OR IGNORE INTO retracted VALUES (?, ?, '', 1)", [(key, now) for key in ids])


def listed(folder: Path) -> list[str]:
    """Return the ids in an archive's list; none where it has no list. OSError where that cannot be read."""
    try:
        text = (folder / FILE).read_text(encoding="ascii")
    except FileNotFoundError:
        return []
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def write(folder: Path, takedowns: Collection[Retracted]) -> None:
    """Write an archive's list, whole or not at all; ids that it names already stay. OSError where it cannot be."""
    told = {one.id: f"{one.id} {datetime.fromtimestamp(one.at, UTC).isoformat()}" for one in takedowns}
    try:
        before = (folder / FILE).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        before = []
    lines = {line.split()[0]: line for line in before if line.strip()}
    part = folder / f"{FILE}.part"
    with part.open("w", encoding="ascii") as stream:
        stream.writelines(f"{line}\n" for line in (told | lines).values())
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(folder / FILE)
    sync_folder(folder)
