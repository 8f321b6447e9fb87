"""Rows of the state as the values of notes, and back: what one fetcher writes, every other reads.

Reading is strict, since what it gives goes into the tables as it is; what a later version has added is passed over.
"""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.feedstore import address_of
from ingest.feedstore.rows import FEED_COLUMNS, STATE_COLUMNS
from ingest.fleet.values import (
    NoteError,
    binary,
    field,
    flag,
    moment,
    optional,
    span,
    text,
    web_host,
    whole,
    words,
)
from ingest.schedule import ErrorClass, Health
from sinks.codec import CodecError, load_array, load_object

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

COLUMNS = (*FEED_COLUMNS, *STATE_COLUMNS, "configured", "stored", "paused", "added", "dropped", "claimed")
"""All of a feed's that mean anything elsewhere: not its number, nor when it may be claimed, and how often it was."""
_SELECTED = ", ".join(COLUMNS)
PARTS = 8
"""What a feed has shown is kept in so many messages, by the first bits of an entry's key: a feed may have a thousand
entries, and one that is new is to cost a note of some of them, not of all."""
_ENTRY = struct.Struct(">16sBId")
"""An entry that a feed has shown: key, length of its content's digest, edits, when it was last shown."""


def feed_value(connection: sqlite3.Connection, feed: int) -> bytes | None:
    """Return a feed with its addresses; None where there is no such feed."""
    row = connection.execute(f"SELECT {_SELECTED} FROM feed WHERE id = ?", (feed,)).fetchone()  # noqa: S608 - our own column names
    if row is None:
        return None
    addresses = connection.execute(
        "SELECT address, url, since FROM feed_address WHERE feed = ? ORDER BY since, address", (feed,)
    ).fetchall()
    values = dict(zip(COLUMNS, map(_plain, row), strict=True))
    return json.dumps({"feed": values, "addresses": addresses}, separators=(",", ":")).encode()


class FeedRow(NamedTuple):
    """A feed as one that reads a note has to know it."""

    columns: dict[str, Any]
    """Of `COLUMNS` those that the note has; the others have their defaults."""
    addresses: list[tuple[str, str, float]]
    """Each with its URL, and since when it has it (Unix seconds)."""


def read_feed(value: bytes) -> FeedRow:
    """Return a feed.

    Raises:
        NoteError: it is none.
    """
    row = loaded(value)
    columns = _columns(field(row, "feed", _object))
    addresses = [_address(one) for one in field(row, "addresses", _array)]
    if not addresses:
        raise NoteError("a feed without an address")
    if columns["host"] != web_host(columns["url"]):
        raise NoteError("a feed at another host than it says")
    if columns.get("redirect_target") is not None and None in map(columns.get, _SIGHTING):
        raise NoteError("half a redirect")
    return FeedRow(columns, addresses)


def part_of(part: int) -> tuple[bytes, bytes]:
    """Return the first key of a part, and a key behind its last one."""
    width = 256 // PARTS
    return bytes([part * width]), b"\xff" * 17 if part == PARTS - 1 else bytes([(part + 1) * width])


def seen_value(connection: sqlite3.Connection, feed: int, part: int) -> bytes:
    """Return one part of what a feed has shown."""
    rows = connection.execute(
        "SELECT key, content, edits, last FROM feed_seen WHERE feed = ? AND key >= ? AND key < ? ORDER BY key",
        (feed, *part_of(part)),
    )
    return b"".join(_ENTRY.pack(key, len(content), edits, last) + content for key, content, edits, last in rows)


def read_seen(value: bytes, part: int) -> list[tuple[bytes, bytes, int, float]]:
    """Return the key, content, number of edits and time of each entry of a part.

    Raises:
        NoteError: it is no such part.
    """
    rows: list[tuple[bytes, bytes, int, float]] = []
    at, (first, behind) = 0, part_of(part)
    while at < len(value):
        try:
            key, length, edits, last = _ENTRY.unpack_from(value, at)
        except struct.error as error:
            raise NoteError(f"half an entry: {error}") from error
        at += _ENTRY.size + length
        if at > len(value) or not first <= key < behind:
            raise NoteError("no entries of this part")
        rows.append((key, value[at - length : at], edits, moment(last)))
        first = key + b"\0"  # in order, and none twice
    return rows


def loaded(value: bytes) -> dict[str, Any]:
    """Return the JSON object that a value is.

    Raises:
        NoteError: it is none.
    """
    try:
        return load_object(value)
    except CodecError as error:
        raise NoteError(str(error)) from error


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    missing = _NEEDED - row.keys()
    if missing:
        raise NoteError(f"a feed without {', '.join(sorted(missing))}")
    return {name: field(row, name, read) for name, read in _READERS.items() if name in row}


def _address(row: object) -> tuple[str, str, float]:
    if not isinstance(row, list) or len(row) != len(("address", "url", "since")):
        raise NoteError("addresses: no address, URL and time")
    url = text(row[1])
    web_host(url)
    if row[0] != address_of(url):
        raise NoteError("addresses: another one than its URL's")
    return address_of(url), url, moment(row[2])


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NoteError(f"no object but {type(value).__name__}")
    return value


def _array(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise NoteError(f"no array but {type(value).__name__}")
    return value


def _texts(value: object) -> str:
    """Return an array of strings that is a string itself, as the state has it."""
    held = text(value)
    try:
        words(load_array(held.encode()))
    except CodecError as error:
        raise NoteError(str(error)) from error
    return held


def _blob(value: object) -> bytes:
    return field(_object(value), "b64", binary)


def _error(value: object) -> str | None:
    """Return why the last poll failed; a reason that only a later version knows is none."""
    return None if value is None or text(value) not in set(ErrorClass) else text(value)


def _health(value: object) -> str:
    return text(value) if text(value) in set(Health) else Health.ACTIVE


_READERS: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(("url", "host"), text),
    **dict.fromkeys(("name", "language", "zone", "validators_url", "redirect_target"), optional(text)),
    **dict.fromkeys(("tags", "folders"), _texts),
    **dict.fromkeys(("configured", "stored", "paused", "silent"), flag),
    **dict.fromkeys(("pages", "redirect_proven"), optional(flag)),
    **dict.fromkeys(("errors", "unmodified", "entries", "steady", "parsed", "missed", "lies"), whole),
    "redirect_count": optional(whole),
    "interval": span,
    **dict.fromkeys(("own_interval", "declared", "max_age", "usual_gap"), optional(span)),
    **dict.fromkeys(("added", "next_due"), moment),
    **dict.fromkeys(("dropped", "claimed", "failing_since", "gone_since"), optional(moment)),
    **dict.fromkeys(("last_success", "last_body", "last_items", "redirect_since"), optional(moment)),
    **dict.fromkeys(("body_hash", "etag", "last_modified"), optional(_blob)),
    "error": _error,
    "health": _health,
}
"""How each of `COLUMNS` is read."""
_NEEDED = {"url", "host", "configured", "stored", "added", "tags", "folders", "interval", "next_due"}
"""Columns without a default."""
_SIGHTING = ("redirect_since", "redirect_count", "redirect_proven")


def _plain(value: object) -> object:
    return {"b64": b64encode(value).decode()} if isinstance(value, bytes) else value
