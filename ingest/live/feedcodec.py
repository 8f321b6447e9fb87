"""A feed as JSON, to cross from the process that parsed it: no pickles of what strangers wrote."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from ingest.feeds import Entry, Feed
from ingest.feeds.markup import plain
from ingest.schedule import ErrorClass

_ENTRY = tuple(field.name for field in fields(Entry))
_FEED = tuple(field.name for field in fields(Feed))
_TIMES = frozenset({"published", "updated", "seen"})


class Parsed(NamedTuple):
    """A document that is a feed."""

    feed: Feed
    digests: dict[str, bytes]
    """Of each entry's content by its key, in the document's order: what an edit changes."""


class Refused(NamedTuple):
    """A document that is none, or that could not be read."""

    error: ErrorClass
    detail: str
    named: tuple[str, ...] = ()
    """Feeds that it names, where it is a web page."""


def encoded(answer: Feed | Refused) -> bytes:
    """Return a parser's answer as bytes."""
    if isinstance(answer, Refused):
        return json.dumps({"error": answer.error, "detail": answer.detail, "named": answer.named}).encode()
    row = {name: _plain(getattr(answer, name)) for name in _FEED if name != "entries"}
    row["entries"] = [{name: _plain(getattr(entry, name)) for name in _ENTRY} for entry in answer.entries]
    row["digests"] = [_digest(entry).hex() for entry in answer.entries]
    return json.dumps(row).encode()


def decoded(answer: bytes) -> Parsed | Refused:
    """Return what `encoded` was given."""
    row = json.loads(answer)
    if "error" in row:
        return Refused(ErrorClass(row["error"]), row["detail"], tuple(row["named"]))
    digests = [bytes.fromhex(digest) for digest in row.pop("digests")]
    entries = tuple(Entry(**_values(entry)) for entry in row.pop("entries"))
    feed = Feed(entries=entries, **_values(row))
    return Parsed(feed, dict(zip((entry.key for entry in entries), digests, strict=True)))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _values(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else value


def _digest(entry: Entry) -> bytes:
    """Return what stands for an entry's content: its title and its text, without markup, which changes by itself."""
    text = f"{entry.title}\n{plain(entry.content or entry.summary or '')}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
