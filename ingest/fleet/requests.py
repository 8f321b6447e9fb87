"""Pages that feeds lead to: asked for by whoever polls the feed, fetched by whoever owns the page's host.

A request is a message of a compacted topic from the transaction that brought the feed's new state until the one that
carries its page or other outcome, which deletes it. Every entry goes this way, those that need no page and those of a
host of our own too, so that one place decides which of two feeds that lead to one page came first.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from ingest import pending
from ingest.feedstore import PARKED, host_of
from ingest.fleet import table
from ingest.fleet.notes import LinkNote, in_its_place, read_note
from ingest.fleet.places import number_of
from ingest.fleet.rows import loaded
from ingest.fleet.values import NoteError, binary, field, flag, optional, text, web_host, whole
from ingest.items import item_of
from ingest.live.intake import judged
from sinks.codec import CodecError, decode_page, encode_page_header
from sinks.kafka_fleet import REQUESTS, note

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from ingest.fleet.notes import Note
    from ingest.fleet.places import Places
    from ingest.live.intake import Wanted
    from processors.records import Page, Skipped
    from sinks.base import Item
    from sinks.kafka_client import Fetched


_NAME = re.compile(rb"[0-9a-f]{32}")


class Asked(NamedTuple):
    """A request that was read; see `Wanted`."""

    name: str
    feed: int
    is_new: bool
    link: str | None
    host: str | None
    carried: Page


class TakenUp(NamedTuple):
    """What came of a request that was read."""

    items: list[Item]
    skipped: Skipped | None
    """Its outcome, where it has one at once."""


def request(wanted: Wanted, places: Places) -> Item:
    """Return the request for what an entry leads to, in the partition of the page's host, else of the feed's."""
    host = wanted.host or (host_of(wanted.link) if wanted.link is not None else wanted.feed_host)
    header = encode_page_header(wanted.carried)
    value = {
        "feed": wanted.feed,
        "new": wanted.is_new,
        "link": wanted.link,
        "host": wanted.host,
        "header": b64encode(header).decode(),
        "body": b64encode(wanted.carried.body).decode(),
    }
    name = blake2b(digest_size=16)
    for part in (str(wanted.feed).encode(), wanted.key.encode("utf-8", "surrogatepass"), header, wanted.carried.body):
        name.update(len(part).to_bytes(8, "big") + part)
    return note(REQUESTS, places.of(host), name.hexdigest(), json.dumps(value).encode())


def read_request(one: Fetched, places: Places) -> Asked | Note:
    """Return what a message asks for; beside requests there is what other fetchers tell of feeds that move.

    Raises:
        NoteError: it is none of ours, or asks a host of another partition.
    """
    key = one.key or b""
    if not _NAME.fullmatch(key):
        told = read_note(one, places)
        if isinstance(told, LinkNote):
            raise NoteError("a link, which only who has it may know")
        return told
    row = loaded(one.value or b"")
    try:
        carried = decode_page(field(row, "header", binary), field(row, "body", binary))
    except CodecError as error:
        raise NoteError(str(error)) from error
    host, link = field(row, "host", optional(text)), field(row, "link", optional(text))
    if host is not None:
        in_its_place(host, one.place.partition, places)
        if host != web_host(carried.url or ""):
            raise NoteError("another host than its page's")
    return Asked(key.decode(), field(row, "feed", whole), field(row, "new", flag), link, host, carried)


def take_up(connection: sqlite3.Connection, read: Fetched, asked: Asked | Note, *, now: float) -> TakenUp:
    """Have what a request asks for wait for its outcome, within the caller's transaction.

    A request that is known changes nothing.
    """
    number = read.place.partition
    _note_place(connection, read)
    if not isinstance(asked, Asked):
        name = (read.key or b"").decode()
        return TakenUp([*table.told(connection, number, asked), note(REQUESTS, number, name, None)], None)
    if connection.execute("SELECT 1 FROM request WHERE name = ?", (asked.name,)).fetchone() is not None:
        return TakenUp([], None)
    items, first = [], None
    if asked.link is not None:
        first = pending.take_up(connection, asked.link, asked.feed, now)
        items.append(table.link_note(connection, number, pending.link_key(asked.link)))
    skipped = judged(asked.carried, asked.feed, first, is_new=asked.is_new)
    if skipped is not None:
        return TakenUp([*items, item_of(skipped), note(REQUESTS, number, asked.name, None)], skipped)
    place = number_of(asked.name)
    pending.put(connection, asked.feed, asked.host, asked.carried, due=now, number=place)
    connection.execute("INSERT INTO request VALUES (?, ?, ?, ?)", (place, asked.name, number, read.offset))
    return TakenUp(items, None)


def withdrawn(connection: sqlite3.Connection, marks: Sequence[int]) -> list[Item]:
    """Return the notes that end the requests of pending entries, in the transaction that keeps their outcomes."""
    rows = [connection.execute("SELECT number, name FROM request WHERE id = ?", (mark,)).fetchone() for mark in marks]
    connection.executemany("DELETE FROM request WHERE id = ?", [(mark,) for mark in marks])
    return [note(REQUESTS, number, name, None) for number, name in filter(None, rows)]


def leave(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Forget what waits in these partitions: others fetch it."""
    for number in numbers:
        connection.execute("DELETE FROM pending WHERE id IN (SELECT id FROM request WHERE number = ?)", (number,))
        connection.execute("DELETE FROM request WHERE number = ?", (number,))


def oldest(connection: sqlite3.Connection, number: int) -> int | None:
    """Return the offset of the oldest request of a partition that has no outcome yet; None where all have."""
    row = connection.execute("SELECT min(place) FROM request WHERE number = ?", (number,)).fetchone()
    return None if row[0] is None else int(row[0])


def park(connection: sqlite3.Connection, numbers: Iterable[int]) -> frozenset[int]:
    """Let nothing that waits in these partitions begin any more; return the pending entries without an outcome."""
    wanted = json.dumps(list(numbers))
    rows = connection.execute("SELECT id FROM request WHERE number IN (SELECT value FROM json_each(?))", (wanted,))
    entries = [int(row[0]) for row in rows]
    connection.executemany("UPDATE pending SET due = ? WHERE id = ?", [(PARKED, entry) for entry in entries])
    return frozenset(entries)


def _note_place(connection: sqlite3.Connection, read: Fetched) -> None:
    connection.execute("UPDATE held SET requests = ? WHERE number = ?", (read.offset + 1, read.place.partition))
