"""Rows of the state as the values of notes, and back: what one fetcher writes, every other reads."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from ingest.feedstore.rows import FEED_COLUMNS, STATE_COLUMNS

if TYPE_CHECKING:
    import sqlite3

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


def read_feed(value: bytes) -> tuple[dict[str, Any], list[tuple[str, str, float]]]:
    """Return the columns of a feed, and its addresses, each with its URL and since when it has it."""
    row = json.loads(value)
    return {name: _binary(held) for name, held in row["feed"].items()}, [tuple(one) for one in row["addresses"]]


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


def read_seen(value: bytes) -> list[tuple[bytes, bytes, int, float]]:
    """Return the key, content, number of edits and time of each entry."""
    rows, at = [], 0
    while at < len(value):
        key, length, edits, last = _ENTRY.unpack_from(value, at)
        at += _ENTRY.size + length
        rows.append((key, value[at - length : at], edits, last))
    return rows


def _plain(value: object) -> object:
    return {"b64": b64encode(value).decode()} if isinstance(value, bytes) else value


def _binary(value: object) -> object:
    return b64decode(value["b64"]) if isinstance(value, dict) else value
