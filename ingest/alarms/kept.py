"""Alarms and what they are raised by, as tables.

Every function works on the caller's connection, those that write inside the caller's transaction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.alarms.series import Series, from_bytes, to_bytes
from ingest.alarms.values import Alarm, AlarmKind, Scope

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SCHEMA = """
CREATE TABLE alarm_series (   -- what is known of each feed, outlet and topic
    scope TEXT NOT NULL, key TEXT NOT NULL,  -- a feed's id, a site, a topic
    body BLOB NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE TABLE alarm (          -- those that stand
    scope TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL,       -- for people: of a feed its URL
    since REAL NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (scope, key, kind)
) WITHOUT ROWID;
CREATE TABLE alarm_watch (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL);  -- when all was last looked at
"""


class Key(NamedTuple):
    """What a series is of."""

    scope: Scope
    key: str
    """A feed's id, a site, a topic."""


class Raised(NamedTuple):
    """What an alarm stands under."""

    of: Key
    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has changed; None stands for what is no more."""

    at: float
    series: dict[Key, Series | None] = field(default_factory=dict)
    alarms: dict[Raised, Alarm | None] = field(default_factory=dict)
    raised: list[Alarm] = field(default_factory=list)
    cleared: list[Alarm] = field(default_factory=list)


class FeedRow(NamedTuple):
    """What the schedule knows of a feed, as far as alarms need it. Times are Unix times."""

    id: int
    url: str
    watched: int
    """Whether it is polled by its interval: neither paused nor only probed."""
    last_items: float | None
    last_success: float | None
    errors: int
    error: str | None
    parsed: int
    missed: int


_FEEDS = """
SELECT id, url, paused = 0 AND health = 'active', last_items, last_success, errors, error, parsed, missed FROM feed
WHERE dropped IS NULL
"""


def feeds(connection: sqlite3.Connection) -> list[FeedRow]:
    """Return every feed that somebody wants."""
    return [FeedRow(*row) for row in connection.execute(_FEEDS)]


def current(connection: sqlite3.Connection) -> list[Alarm]:
    """Return the alarms that stand, the oldest first; of feeds, outlets and topics."""
    rows = connection.execute("SELECT kind, scope, name, since, why FROM alarm ORDER BY since, scope, key, kind")
    return [_alarm(row) for row in rows]


def of_feeds(connection: sqlite3.Connection) -> dict[int, list[Alarm]]:
    """Return the alarms that stand of each feed that has some, by its id, the oldest first."""
    query = "SELECT key, kind, scope, name, since, why FROM alarm WHERE scope = ? ORDER BY since, key, kind"
    found: dict[int, list[Alarm]] = {}
    for key, *row in connection.execute(query, (Scope.FEED,)):
        found.setdefault(int(key), []).append(_alarm(row))
    return found


def read(connection: sqlite3.Connection) -> tuple[dict[Key, Series], dict[Raised, Alarm], float]:
    """Return everything that is known, the alarms that stand, and when all was last looked at; -inf if never."""
    series = {}
    for scope, key, body in connection.execute("SELECT scope, key, body FROM alarm_series"):
        one = from_bytes(body)
        if one is not None:
            series[Key(Scope(scope), key)] = one
    keys = connection.execute("SELECT scope, key, kind FROM alarm ORDER BY since, scope, key, kind")
    raised = [Raised(Key(Scope(scope), key), AlarmKind(kind)) for scope, key, kind in keys]
    at = connection.execute("SELECT at FROM alarm_watch").fetchone()
    return series, dict(zip(raised, current(connection), strict=True)), -math.inf if at is None else float(at[0])


def keep(connection: sqlite3.Connection, look: Look) -> None:
    """Keep what a look has changed."""
    forgotten = [tuple(of) for of, one in look.series.items() if one is None]
    connection.executemany("DELETE FROM alarm_series WHERE scope = ? AND key = ?", forgotten)
    series = [(*of, to_bytes(one)) for of, one in look.series.items() if one is not None]
    connection.executemany("INSERT OR REPLACE INTO alarm_series VALUES (?, ?, ?)", series)
    over = [(*of.of, of.kind) for of, one in look.alarms.items() if one is None]
    connection.executemany("DELETE FROM alarm WHERE scope = ? AND key = ? AND kind = ?", over)
    raised = [(*of.of, of.kind, one.name, one.since, one.why) for of, one in look.alarms.items() if one is not None]
    connection.executemany("INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?)", raised)
    connection.execute("INSERT OR REPLACE INTO alarm_watch VALUES (1, ?)", (look.at,))


def clear(connection: sqlite3.Connection) -> list[Alarm]:
    """Clear every alarm, and return them; what was learned stays."""
    stood = current(connection)
    connection.execute("DELETE FROM alarm")
    return stood


def _alarm(row: Sequence[Any]) -> Alarm:
    kind, scope, name, since, why = row
    return Alarm(kind=AlarmKind(kind), scope=Scope(scope), name=name, since=since, why=why)
