"""Which feeds there are: messages of a compacted topic, one for each host, and what they change in a copy."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ingest import feedstore
from ingest.feedstore import Feed, host_of
from ingest.fleet.places import feed_number
from sinks.kafka_fleet import REQUESTS, note

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from ingest.schedule import Settings
    from sinks.base import Item

DEFINE = "define"
"""What tells the owner of a feed that has moved what its definition says now."""
NOTHING = b"null"
"""That it is defined no more."""


class Defined(NamedTuple):
    """A feed as an operator wants it."""

    feed: Feed
    paused: bool = False


def encoded(feeds: Iterable[Defined]) -> bytes | None:
    """Return the message that defines a host's feeds; None where there are none."""
    rows = [_row(one) for one in sorted(feeds, key=lambda one: one.feed.url)]
    return json.dumps(rows, ensure_ascii=False).encode() if rows else None


def decoded(value: bytes | None) -> list[Defined]:
    """Return the feeds that a message defines.

    Raises:
        ValueError: it is none of ours, or names no address of the web.
    """
    rows = json.loads(value or b"[]")
    if not isinstance(rows, list):
        raise ValueError("no list of feeds")  # noqa: TRY004 - of a message, not of a caller
    try:
        return [_defined(row) for row in rows]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no definition of feeds: {error}") from error


def define(
    connection: sqlite3.Connection, host: str, feeds: Iterable[Defined], settings: Settings, *, now: float
) -> list[Item]:
    """Have a host's feeds be these, within the caller's transaction; return notes about those that have moved."""
    wanted = {feed_number(one.feed.url): one for one in feeds}
    items: list[Item] = []
    for number, one in wanted.items():
        items += _one(connection, number, one, settings, now)
    kept = {feedstore.owner_of(connection, one.feed.url) for one in wanted.values()}  # perhaps of two that became one
    for number in _of_host(connection, host) - wanted.keys() - kept:
        items += _one(connection, number, None, settings, now)
    return items


def redefine(connection: sqlite3.Connection, number: int, value: bytes | None, *, now: float) -> None:
    """Take up what the definition of a feed says that has moved here."""
    _set(connection, number, decoded(value)[0] if value is not None else None, now)


def move(connection: sqlite3.Connection, feed: int, host: str, to: int) -> None:
    """Remember where the state of a feed of one of our hosts has gone."""
    connection.execute("INSERT OR REPLACE INTO moved VALUES (?, ?, ?)", (feed, host, to))


def _one(
    connection: sqlite3.Connection, number: int, one: Defined | None, settings: Settings, now: float
) -> list[Item]:
    moved = connection.execute("SELECT place FROM moved WHERE feed = ?", (number,)).fetchone()
    if moved is not None:
        if one is None:
            connection.execute("DELETE FROM moved WHERE feed = ?", (number,))
        return [note(REQUESTS, moved[0], json.dumps([DEFINE, number]), NOTHING if one is None else encoded([one]))]
    known = connection.execute("SELECT 1 FROM feed WHERE id = ?", (number,)).fetchone()
    if known is None and one is not None:
        feedstore.add(connection, [one.feed], settings=settings, now=now, numbered=feed_number)
    _set(connection, number, one, now)
    return []


def _set(connection: sqlite3.Connection, number: int, one: Defined | None, now: float) -> None:
    if one is None:
        feedstore.withdraw(connection, number, now=now)
    else:
        feedstore.describe(connection, number, one.feed, paused=one.paused)


def _of_host(connection: sqlite3.Connection, host: str) -> set[int]:
    """Return the feeds that a host's definition led to: they were added under it, wherever they are now."""
    rows = connection.execute(
        "SELECT feed FROM home JOIN feed ON feed.id = home.feed WHERE home.host = ? AND stored"
        " UNION SELECT feed FROM moved WHERE host = ?",
        (host, host),
    )
    return {int(row[0]) for row in rows}


def _row(one: Defined) -> dict[str, object]:
    held = {name: value for name, value in asdict(one.feed).items() if value not in (None, ())}
    return held | ({"paused": True} if one.paused else {})


def _defined(row: dict[str, Any]) -> Defined:
    held = dict(row)
    paused = bool(held.pop("paused", False))
    held |= {name: tuple(held[name]) for name in ("tags", "folders") if name in held}
    feed = Feed(**held)
    if "@" in urlsplit(feed.url).netloc:
        raise ValueError("the URL of a feed holds a user name or password")
    host_of(feed.url)
    return Defined(feed, paused)
