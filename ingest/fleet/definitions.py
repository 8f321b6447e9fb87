"""Which feeds there are: messages of a compacted topic, one for each host, and what they change in a copy."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest import feedstore
from ingest.feedstore import Feed
from ingest.fleet.places import feed_number
from ingest.fleet.values import NoteError, field, flag, optional, span, text, web_host, words
from sinks.codec import CodecError, load_array
from sinks.kafka_fleet import REQUESTS, note

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from ingest.schedule import Settings
    from sinks.base import Item

log = logging.getLogger(__name__)

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


def decoded(value: bytes | None, host: str | None = None) -> list[Defined]:
    """Return the feeds that a message defines; what a later version has added to them is passed over.

    Args:
        value: of the message.
        host: that all of them must be at; None: anywhere on the web.

    Raises:
        NoteError: it is none of ours, or of another host.
    """
    try:
        found = [_defined(row) for row in load_array(value or b"[]")]
    except CodecError as error:
        raise NoteError(str(error)) from error
    for one in found:
        if host is not None and web_host(one.feed.url) != host:
            raise NoteError("feeds of another host")
    return found


def readable(values: Iterable[tuple[str, bytes | None]]) -> Iterator[Defined]:
    """Yield the feeds that messages define, each with its host; what is no definition is told and passed over."""
    for host, value in values:
        try:
            yield from decoded(value, host)
        except NoteError as error:
            log.warning("the definition of feeds of %r is passed over: %s", host, error)


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


def redefine(connection: sqlite3.Connection, number: int, one: Defined | None, *, now: float) -> None:
    """Take up what the definition of a feed says that has moved here; None: it is defined no more."""
    _set(connection, number, one, now)


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


def _defined(row: object) -> Defined:
    if not isinstance(row, dict):
        raise NoteError("no definition of a feed")
    url = field(row, "url", text)
    web_host(url)
    given = {name: field(row, name, read) for name, read in _READERS.items() if name in row}
    return Defined(Feed(url=url, **given), flag(row.get("paused", False)))


_READERS: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(("name", "language", "zone"), optional(text)),
    **dict.fromkeys(("tags", "folders"), words),
    "interval_seconds": optional(span),
    "pages": optional(flag),
}
"""How what an operator may say of a feed is read."""
