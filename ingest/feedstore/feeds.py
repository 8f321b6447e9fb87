"""Which feeds there are: from the configuration file, from commands and imports."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ingest.feedstore.rows import (
    FEED_COLUMNS,
    PARKED,
    SELECTED,
    Feed,
    Listed,
    address_of,
    feed_values,
    host_of,
    listed_of,
    own,
    owner_of,
)
from ingest.schedule import Settings, spread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

_DROPPED = 30 * 86_400
"""Seconds after which a feed that nobody wants is forgotten; until then it comes back as it was."""
_SET = ", ".join(f"{column} = ?" for column in FEED_COLUMNS)
_SETTLE = "UPDATE feed SET dropped = CASE WHEN configured OR stored THEN NULL ELSE ? END WHERE id = ?"


class Changes(NamedTuple):
    """What a configuration or an import changed."""

    added: tuple[int, ...]
    """Feeds that were unknown or had been dropped."""
    dropped: tuple[int, ...] = ()
    """Feeds that are not polled any more."""


class Removal(StrEnum):
    """What came of a removal."""

    REMOVED = "removed"
    CONFIGURED = "configured"
    """It stands in the configuration file and goes on being polled."""
    UNKNOWN = "unknown"


def configure(connection: sqlite3.Connection, feeds: Iterable[Feed], *, settings: Settings, now: float) -> Changes:
    """Take up the feeds of the configuration file, and let go of those that have left it.

    Nothing is polled sooner than before; feeds that are new have their first polls spread.

    Raises:
        ValueError: a feed has no http or https URL, or a password in it.
    """
    known, new = _sorted(connection, feeds)
    before = {int(row[0]) for row in connection.execute("SELECT id FROM feed WHERE configured")}
    back = _dropped(connection, known)
    for number, feed in known.items():
        connection.execute(f"UPDATE feed SET configured = 1, {_SET} WHERE id = ?", (*feed_values(feed), number))  # noqa: S608 - our own column names
    connection.executemany("UPDATE feed SET configured = 0 WHERE id = ?", [(number,) for number in before - set(known)])
    _settle(connection, {*known, *before}, now)
    added = _insert(connection, new, settings, now, configured=True)
    return Changes((*back, *added), _dropped(connection, before - set(known)))


def add(
    connection: sqlite3.Connection,
    feeds: Iterable[Feed],
    *,
    settings: Settings,
    now: float,
    numbered: Callable[[str], int] | None = None,
) -> Changes:
    """Add feeds to the store; for known ones what is given is taken over, tags and folders come in addition.

    Adding the same feeds again changes nothing.

    Args:
        connection: of the state.
        feeds: to add.
        settings: the times that hold.
        now: Unix time in seconds.
        numbered: gives a feed its number by its URL, where others must number it alike; by default they are counted.

    Raises:
        ValueError: a feed has no http or https URL, or a password in it.
    """
    known, new = _sorted(connection, feeds)
    back = _dropped(connection, known)
    for number, feed in known.items():
        before = _one(connection, number).feed
        values = feed_values(together(before, feed))
        connection.execute(f"UPDATE feed SET stored = 1, {_SET} WHERE id = ?", (*values, number))  # noqa: S608 - our own column names
    _settle(connection, known, now)
    return Changes((*back, *_insert(connection, new, settings, now, configured=False, numbered=numbered)))


def remove(connection: sqlite3.Connection, url: str, *, now: float) -> Removal:
    """Take a feed out of the store. What it showed stays known for 30 days, should it come back.

    Raises:
        ValueError: not an http or https URL.
    """
    number = owner_of(connection, url)
    if number is None or not ((one := _one(connection, number)).stored or one.configured):
        return Removal.UNKNOWN
    withdraw(connection, number, now=now)
    return Removal.CONFIGURED if one.configured else Removal.REMOVED


def pause(connection: sqlite3.Connection, url: str, *, paused: bool) -> bool:
    """Stop or resume the polling of a feed; return whether there is such a feed, one that somebody wants.

    Raises:
        ValueError: not an http or https URL.
    """
    number = owner_of(connection, url)
    cursor = connection.execute("UPDATE feed SET paused = ? WHERE id = ? AND dropped IS NULL", (paused, number))
    return bool(cursor.rowcount)


def describe(connection: sqlite3.Connection, number: int, feed: Feed, *, paused: bool) -> None:
    """Have a feed of the store be described as given, whatever was known of that before."""
    connection.execute(
        f"UPDATE feed SET stored = 1, dropped = NULL, paused = ?, {_SET} WHERE id = ?",  # noqa: S608 - our own column names
        (paused, *feed_values(feed), number),
    )


def withdraw(connection: sqlite3.Connection, number: int, *, now: float) -> None:
    """Take a feed out of the store by its number, as `remove` does by its URL."""
    connection.execute("UPDATE feed SET stored = 0 WHERE id = ?", (number,))
    _settle(connection, [number], now)


def listed(
    connection: sqlite3.Connection, *, containing: str = "", start: int = 0, most: int = -1, resting: bool = True
) -> Iterator[Listed]:
    """Yield the feeds that somebody wants, in the order they came.

    Args:
        connection: to the state.
        containing: what their URL or name contains, capitals or not.
        start: how many to pass over.
        most: how many at most; -1 for all.
        resting: also those that others poll (`PARKED`).
    """
    rows = connection.execute(
        f"SELECT {SELECTED} FROM feed WHERE dropped IS NULL"  # noqa: S608 - our own column names
        " AND (:part = '' OR instr(lower(url || ' ' || coalesce(name, '')), lower(:part)))"
        " AND (:resting OR wake < :parked) ORDER BY id LIMIT :most OFFSET :start",
        {"part": containing, "most": most, "start": start, "resting": resting, "parked": PARKED},
    )
    return (listed_of(row) for row in rows)


def one(connection: sqlite3.Connection, number: int) -> Listed | None:
    """Return the feed of a number; None where nobody wants such a one."""
    query = f"SELECT {SELECTED} FROM feed WHERE id = ? AND dropped IS NULL"  # noqa: S608 - our own column names
    row = connection.execute(query, (number,)).fetchone()
    return None if row is None else listed_of(row)


def count_by_health(connection: sqlite3.Connection) -> dict[str, int]:
    """Count the feeds that somebody wants, and that we are to poll, by their health."""
    query = "SELECT health, count(*) FROM feed WHERE dropped IS NULL AND wake < ? GROUP BY health"
    rows = connection.execute(query, (PARKED,))
    return {str(health): int(n) for health, n in rows}


def sweep(connection: sqlite3.Connection, now: float) -> int:
    """Forget the feeds that were dropped long ago, and what they showed. Return how many."""
    query = "SELECT id FROM feed WHERE dropped < ? AND wake < ?"
    old = [row[0] for row in connection.execute(query, (now - _DROPPED, PARKED))]
    for number in old:
        forget(connection, number)
    return len(old)


def forget(connection: sqlite3.Connection, feed: int) -> None:
    """Delete a feed with all that hangs on it."""
    for statement in (
        "DELETE FROM feed_seen WHERE feed = ?",
        "DELETE FROM feed_address WHERE feed = ?",
        "DELETE FROM feed WHERE id = ?",
    ):
        connection.execute(statement, (feed,))


def merge(connection: sqlite3.Connection, loser: int, winner: int, now: float) -> None:
    """Make two feeds that are one at the same address into one, which knows what both have shown.

    The loser's addresses lead to the winner from now on, so that a configuration naming both keeps polling one.
    """
    lost, kept = _one(connection, loser), _one(connection, winner)
    connection.execute(
        "INSERT INTO feed_seen SELECT ?, key, content, edits, last FROM feed_seen WHERE feed = ?"
        " ON CONFLICT (feed, key) DO NOTHING",
        (winner, loser),
    )
    # A winner that was never read has read what the loser read: what comes next is news, not a backlog.
    connection.execute(
        "UPDATE feed SET last_body = (SELECT last_body FROM feed WHERE id = ?) WHERE id = ? AND last_body IS NULL",
        (loser, winner),
    )
    connection.execute("UPDATE feed_address SET feed = ? WHERE feed = ?", (winner, loser))
    connection.execute(
        f"UPDATE feed SET configured = ?, stored = ?, {_SET} WHERE id = ?",  # noqa: S608 - our own column names
        (
            lost.configured or kept.configured,
            lost.stored or kept.stored,
            *feed_values(together(lost.feed, kept.feed)),
            winner,
        ),
    )
    _settle(connection, [winner], now)
    forget(connection, loser)


def _sorted(connection: sqlite3.Connection, feeds: Iterable[Feed]) -> tuple[dict[int, Feed], list[Feed]]:
    """Return the feeds that are known, by number, and those that are not; of two that are one, the first."""
    known: dict[int, Feed] = {}
    new: dict[str, Feed] = {}
    for feed in feeds:
        if "@" in urlsplit(feed.url).netloc:
            raise ValueError("the URL of a feed holds a user name or password; set its headers instead")
        if (number := owner_of(connection, feed.url)) is not None:
            known.setdefault(number, feed)
        else:
            new.setdefault(address_of(feed.url), feed)
    return known, list(new.values())


def _insert(
    connection: sqlite3.Connection,
    feeds: list[Feed],
    settings: Settings,
    now: float,
    *,
    configured: bool,
    numbered: Callable[[str], int] | None = None,
) -> tuple[int, ...]:
    columns = ("id", "url", "host", "configured", "stored", "added", "wake", "next_due", "interval", *FEED_COLUMNS)
    places = ", ".join("?" * len(columns))
    added: list[int] = []
    for feed, due in zip(feeds, spread(len(feeds), now, settings), strict=True):
        interval = settings.interval_seconds if feed.interval_seconds is None else feed.interval_seconds
        number = None if numbered is None else numbered(feed.url)
        flags = configured, not configured
        row = (number, feed.url, host_of(feed.url), *flags, now, due, due, interval, *feed_values(feed))
        cursor = connection.execute(f"INSERT INTO feed ({', '.join(columns)}) VALUES ({places})", row)  # noqa: S608 - our own column names
        number = cursor.lastrowid or 0
        own(connection, number, feed.url, now)
        added.append(number)
    return tuple(added)


def _one(connection: sqlite3.Connection, number: int) -> Listed:
    row = connection.execute(f"SELECT {SELECTED} FROM feed WHERE id = ?", (number,)).fetchone()  # noqa: S608 - our own column names
    return listed_of(row)


def _dropped(connection: sqlite3.Connection, numbers: Iterable[int]) -> tuple[int, ...]:
    """Return those that nobody wants at the moment."""
    query = "SELECT 1 FROM feed WHERE id = ? AND dropped IS NOT NULL"
    return tuple(number for number in sorted(numbers) if connection.execute(query, (number,)).fetchone())


def _settle(connection: sqlite3.Connection, numbers: Iterable[int], now: float) -> None:
    """Start or end the time that a feed is wanted by nobody."""
    connection.executemany(_SETTLE, [(now, number) for number in numbers])


def together(before: Feed, given: Feed) -> Feed:
    """Return what is known of a feed with what is given now, which wins; tags and folders come in addition."""
    return replace(
        before,
        name=before.name if given.name is None else given.name,
        interval_seconds=before.interval_seconds if given.interval_seconds is None else given.interval_seconds,
        pages=before.pages if given.pages is None else given.pages,
        language=before.language if given.language is None else given.language,
        zone=before.zone if given.zone is None else given.zone,
        tags=tuple(dict.fromkeys((*before.tags, *given.tags))),
        folders=tuple(dict.fromkeys((*before.folders, *given.folders))),
    )
