"""The copy of partitions: what changed in it as notes, notes as changes of it, and feeds that rest while not ours.

Every function works within the caller's transaction.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ingest import feedstore
from ingest.feedstore import PARKED
from ingest.fleet import restoring
from ingest.fleet.definitions import move, redefine
from ingest.fleet.notes import DefineNote, FeedNote, Gone, LinkNote, MovedNote, Note, SeenNote
from ingest.fleet.places import feed_number
from ingest.fleet.rows import PARTS, FeedRow, feed_value, part_of, seen_value
from sinks.kafka_fleet import REQUESTS, STATES, note

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from ingest.fleet.places import Places
    from ingest.schedule import Settings
    from sinks.base import Item

FEED, SEEN, LINK, MOVED = "feed", "seen", "link", "moved"
_COPIED = ("feed", "feed_address", "feed_seen", "home", "held", "request", "pending", "link", "link_home", "moved")


def notes(connection: sqlite3.Connection, places: Places) -> list[Item]:
    """Return what has changed since this was last asked; feeds whose host is another's now leave the copy with it."""
    rows = connection.execute("SELECT feed, seen FROM changed ORDER BY feed").fetchall()
    items: list[Item] = []
    for feed, seen in rows:
        items += _of_feed(connection, places, feed, seen)
    if rows:
        connection.execute("DELETE FROM changed")
    return items


def told(connection: sqlite3.Connection, number: int, one: Note) -> list[Item]:
    """Take up what another fetcher has told us of a feed that has moved to one of our hosts, or from one.

    It is our business from now on: what changes by it is noted as any change of ours is. Feeds rest until `wake`.
    """
    learn(connection, number, one)
    if isinstance(one, MovedNote):
        return [_moved_note(number, one)]
    if isinstance(one, FeedNote | SeenNote):
        connection.execute(
            "INSERT INTO changed VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET seen = seen | excluded.seen",
            (one.feed, 1 << one.part if isinstance(one, SeenNote) else 0),
        )
    return []


def learn(connection: sqlite3.Connection, number: int, one: Note) -> None:
    """Take up a note of whoever had the partition before us, or of ourselves. Feeds rest until `wake`."""
    match one:
        case FeedNote():
            _learn_feed(connection, number, one.feed, one.row)
        case SeenNote():
            _learn_seen(connection, number, one)
        case LinkNote():
            _learn_link(connection, number, one)
        case MovedNote(feed, gone) if gone is not None and gone.to != number:
            move(connection, feed, gone.host, gone.to)
        case MovedNote():  # it is back, or defined no more
            connection.execute("DELETE FROM moved WHERE feed = ?", (one.feed,))
        case DefineNote():
            redefine(connection, one.feed, one.defined, now=time.time())


def link_note(connection: sqlite3.Connection, number: int, key: bytes) -> Item:
    """Return the note of a link that a feed has led to."""
    feed, last = connection.execute("SELECT feed, last FROM link WHERE key = ?", (key,)).fetchone()
    connection.execute("INSERT OR IGNORE INTO link_home VALUES (?, ?)", (key, number))
    return note(STATES, number, _key(LINK, key.hex()), json.dumps({"feed": feed, "last": last}).encode())


def forget_links(connection: sqlite3.Connection, before: float, ours: Collection[int]) -> list[Item]:
    """Forget the links of our partitions that no feed has shown since a time; return the notes of that."""
    rows = connection.execute(
        "SELECT key, number FROM link_home JOIN link USING (key) WHERE last < ?", (before,)
    ).fetchall()
    old = [(key, number) for key, number in rows if number in ours]
    for table in ("link", "link_home"):
        connection.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key, _ in old])  # noqa: S608 - our own tables
    return [note(STATES, number, _key(LINK, key.hex()), None) for key, number in old]


def wake(connection: sqlite3.Connection, number: int, settings: Settings, *, soonest: float, now: float) -> int:
    """Have a partition's feeds polled from now on; return how many there are.

    What another fetcher had claimed and never settled may have been asked for until it was gone: such a feed waits as
    after a crash (`feedstore.recover`). That is noted, since whoever has it after us knows no better.
    """
    values = {
        "soonest": soonest,
        "now": now,
        "late": feedstore.LATE_SECONDS,
        "shortest": settings.min_interval_seconds,
        "parked": PARKED,
        "number": number,
    }
    resting = "wake >= :parked AND id IN (SELECT feed FROM home WHERE number = :number)"
    unsettled = connection.execute(
        "UPDATE feed SET next_due = max(next_due, min(:now, claimed + :late) + :shortest), claimed = NULL"  # noqa: S608 - a constant
        f" WHERE claimed IS NOT NULL AND {resting} RETURNING id",
        values,
    ).fetchall()
    cursor = connection.execute(
        f"UPDATE feed SET wake = max(:soonest, next_due), claim = claim + 1 WHERE {resting}",  # noqa: S608 - as above
        values,
    )
    _forget_changes(connection, number)
    connection.executemany("INSERT OR IGNORE INTO changed VALUES (?, 0)", unsettled)
    return cursor.rowcount


def sleep(connection: sqlite3.Connection) -> None:
    """Have every feed rest until its partition is known to be ours."""
    connection.execute("UPDATE feed SET wake = ?, claim = claim + 1", (PARKED,))
    connection.execute("DELETE FROM changed")
    restoring.forget(connection)


def rest(connection: sqlite3.Connection, numbers: Iterable[int], *, under_way: bool) -> None:
    """Have no more polls of these partitions begin; with `under_way`, let them go: none that has begun is kept."""
    only = "" if under_way else " AND claimed IS NULL"
    for number in numbers:
        if under_way:
            connection.execute("UPDATE held SET ours = 0 WHERE number = ?", (number,))
        connection.execute(
            f"UPDATE feed SET wake = ?, claim = claim + 1 WHERE id IN (SELECT feed FROM home WHERE number = ?){only}",  # noqa: S608 - a constant
            (PARKED, number),
        )
        _forget_changes(connection, number)


def forget(connection: sqlite3.Connection, number: int) -> None:
    """Forget the copy of a partition, to read it from the beginning."""
    for (feed,) in connection.execute("SELECT feed FROM home WHERE number = ?", (number,)).fetchall():
        feedstore.forget(connection, feed)
        connection.execute("DELETE FROM home WHERE feed = ?", (feed,))
        connection.execute("DELETE FROM changed WHERE feed = ?", (feed,))
    connection.execute("DELETE FROM link WHERE key IN (SELECT key FROM link_home WHERE number = ?)", (number,))
    connection.execute("DELETE FROM link_home WHERE number = ?", (number,))


def clear(connection: sqlite3.Connection) -> None:
    """Forget everything: what others have done since is not known."""
    for table in (*_COPIED, "changed", "outbox"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own tables


def _of_feed(connection: sqlite3.Connection, places: Places, feed: int, seen: int) -> list[Item]:
    """Return the notes of a feed, with the parts of what it has shown that have changed."""
    before = _home(connection, feed)
    row = connection.execute("SELECT host FROM feed WHERE id = ?", (feed,)).fetchone()
    now = None if row is None else places.of(row[0])
    items = []
    if before is not None and before != now:
        parts = [_key(SEEN, feed, part) for part in range(PARTS)]
        items += [note(STATES, before, key, None) for key in (_key(FEED, feed), *parts)]
        connection.execute("DELETE FROM home WHERE feed = ?", (feed,))
    if now is None:
        return items
    if before is not None and before != now:
        items += _moved(connection, places, feed, now)
    topic = STATES if now in places.ours else REQUESTS  # only its owner writes what is known of a partition
    items.append(note(topic, now, _key(FEED, feed), feed_value(connection, feed)))
    for part in range(PARTS):
        if (before != now or seen & 1 << part) and (value := seen_value(connection, feed, part)):
            items.append(note(topic, now, _key(SEEN, feed, part), value))
    if now in places.ours:
        _settle_at(connection, feed, now)
    else:
        feedstore.forget(connection, feed)
    return items


def _moved(connection: sqlite3.Connection, places: Places, feed: int, to: int) -> list[Item]:
    """Return the note, in the partition of the host that it was defined under, of where a feed's state has gone."""
    host = _added_under(connection, feed)
    defined, told = places.of(host), MovedNote(feed, Gone(host, to))
    if defined not in places.ours:
        return [_moved_note(defined, told, REQUESTS)]
    if defined == to:  # it is back
        connection.execute("DELETE FROM moved WHERE feed = ?", (feed,))
        return [_moved_note(defined, MovedNote(feed, None))]
    move(connection, feed, host, to)
    return [_moved_note(defined, told)]


def _moved_note(number: int, one: MovedNote, topic: str = STATES) -> Item:
    value = None if one.gone is None else json.dumps(one.gone._asdict()).encode()
    return note(topic, number, _key(MOVED, one.feed), value)


def _learn_feed(connection: sqlite3.Connection, number: int, feed: int, row: FeedRow | None) -> None:
    if row is None and _home(connection, feed) not in {None, number}:  # it has moved, and its new place came first
        return
    connection.execute("DELETE FROM home WHERE feed = ?", (feed,))
    others: list[int] = []
    if row is None:
        feedstore.forget(connection, feed)
    else:
        connection.execute("DELETE FROM feed WHERE id = ?", (feed,))
        connection.execute("DELETE FROM feed_address WHERE feed = ?", (feed,))
        others = _others(connection, feed, row.addresses)
        _insert(connection, feed, row.columns)
        connection.executemany(
            "INSERT OR IGNORE INTO feed_address VALUES (?, ?, ?, ?)",
            [(address, feed, url, since) for address, url, since in row.addresses],
        )
        _settle_at(connection, feed, number)
    connection.execute("DELETE FROM changed WHERE feed = ?", (feed,))
    if others:  # it has moved to where another one is at home: both are one from now on
        feedstore.merge(connection, feed, others[0], time.time())


def _learn_seen(connection: sqlite3.Connection, number: int, one: SeenNote) -> None:
    if one.entries is None and _home(connection, one.feed) not in {None, number}:
        return
    connection.execute("DELETE FROM feed_seen WHERE feed = ? AND key >= ? AND key < ?", (one.feed, *part_of(one.part)))
    rows = [(one.feed, *row) for row in one.entries or ()]
    connection.executemany("INSERT INTO feed_seen VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("DELETE FROM changed WHERE feed = ?", (one.feed,))


def _learn_link(connection: sqlite3.Connection, number: int, one: LinkNote) -> None:
    if one.led is None:
        for table in ("link", "link_home"):
            connection.execute(f"DELETE FROM {table} WHERE key = ?", (one.key,))  # noqa: S608 - our own tables
        return
    connection.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?)", (one.key, *one.led))
    connection.execute("INSERT OR REPLACE INTO link_home VALUES (?, ?)", (one.key, number))


def _insert(connection: sqlite3.Connection, feed: int, columns: dict[str, Any]) -> None:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    connection.execute(
        f"INSERT INTO feed (id, wake, {names}) VALUES (?, ?, {marks})",  # noqa: S608 - column names of our own table
        (feed, PARKED, *columns.values()),
    )


def _others(connection: sqlite3.Connection, feed: int, addresses: Iterable[tuple[str, str, float]]) -> list[int]:
    """Return feeds of the copy that have one of these addresses."""
    found = [
        connection.execute("SELECT feed FROM feed_address WHERE address = ?", (address,)).fetchone()
        for address, _, _ in addresses
    ]
    return [row[0] for row in found if row is not None and row[0] != feed]


def _settle_at(connection: sqlite3.Connection, feed: int, number: int) -> None:
    """Note the partition that a feed is in; the host that it was added under never changes."""
    if _home(connection, feed) != number:
        row = (feed, number, _added_under(connection, feed))
        connection.execute("INSERT OR REPLACE INTO home VALUES (?, ?, ?)", row)


def _added_under(connection: sqlite3.Connection, feed: int) -> str:
    """Return the host of the address that a feed has its number from."""
    urls = connection.execute("SELECT url FROM feed_address WHERE feed = ? ORDER BY since", (feed,)).fetchall()
    return feedstore.host_of(next((url for (url,) in urls if feed_number(url) == feed), urls[0][0]))


def _home(connection: sqlite3.Connection, feed: int) -> int | None:
    row = connection.execute("SELECT number FROM home WHERE feed = ?", (feed,)).fetchone()
    return None if row is None else int(row[0])


def _key(kind: str, *name: object) -> str:
    return json.dumps([kind, *name])


def _forget_changes(connection: sqlite3.Connection, number: int) -> None:
    """Take what was just changed for ourselves alone as known."""
    connection.execute("DELETE FROM changed WHERE feed IN (SELECT feed FROM home WHERE number = ?)", (number,))
