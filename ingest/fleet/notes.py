"""Notes that fetchers leave and send each other, read from Kafka: each is one of ours, in its own place, or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ingest.fleet.definitions import NOTHING, Defined, decoded
from ingest.fleet.places import feed_number
from ingest.fleet.rows import PARTS, FeedRow, loaded, read_feed, read_seen
from ingest.fleet.values import NoteError, field, moment, text, whole

if TYPE_CHECKING:
    from ingest.fleet.places import Places
    from sinks.kafka_client import Fetched

_KEY = re.compile(r'\["(feed|moved|define|seen|link)", (?:(\d{1,19})(?:, (\d))?|"([0-9a-f]{32})")\]', re.ASCII)
"""Kind, number of the feed, part; or the link."""


class FeedNote(NamedTuple):
    """What is known of a feed; None: it is not here any more."""

    feed: int
    row: FeedRow | None


class SeenNote(NamedTuple):
    """One part of what a feed has shown, as `rows.read_seen` gives it; None: it is not here any more."""

    feed: int
    part: int
    entries: list[tuple[bytes, bytes, int, float]] | None


class Led(NamedTuple):
    """Which feed led to a link first, and when one last did (Unix seconds)."""

    feed: int
    last: float


class LinkNote(NamedTuple):
    """A link that was taken up (`pending.link_key`); None: forgotten."""

    key: bytes
    led: Led | None


class Gone(NamedTuple):
    """The host that a feed was added under, and the partition that its state is in now."""

    host: str
    to: int


class MovedNote(NamedTuple):
    """Where a feed has gone that was added under one of our hosts; None: it is back, or defined no more."""

    feed: int
    gone: Gone | None


class DefineNote(NamedTuple):
    """What the definition says of a feed that has moved here; None: it is defined no more."""

    feed: int
    defined: Defined | None


Note: TypeAlias = FeedNote | SeenNote | LinkNote | MovedNote | DefineNote


def read_note(one: Fetched, places: Places) -> Note:
    """Return what a note says.

    Raises:
        NoteError: it is none of ours, or not in the partition that it speaks of.
    """
    found = _KEY.fullmatch((one.key or b"").decode("utf-8", "replace"))
    kind, feed, part, link = (None,) * 4 if found is None else found.groups()
    number, value = one.place.partition, one.value
    match kind:
        case "link" if link is not None:
            return LinkNote(bytes.fromhex(link), None if value is None else _led(value))
        case "seen" if part is not None and int(part) < PARTS:
            return SeenNote(_number(feed), int(part), None if value is None else read_seen(value, int(part)))
        case "feed" if part is None and feed is not None:
            return FeedNote(_number(feed), None if value is None else _feed(_number(feed), value, number, places))
        case "moved" if part is None and feed is not None:
            return MovedNote(_number(feed), None if value is None else _gone(value, number, places))
        case "define" if part is None and feed is not None:
            return DefineNote(_number(feed), None if value in {None, NOTHING} else _definition(_number(feed), value))
    raise NoteError("no key of a note")


def _feed(feed: int, value: bytes, number: int, places: Places) -> FeedRow:
    row = read_feed(value)
    if feed not in {feed_number(url) for _, url, _ in row.addresses}:
        raise NoteError("a feed with another's number")
    in_its_place(row.columns["host"], number, places)
    return row


def _gone(value: bytes, number: int, places: Places) -> Gone:
    row = loaded(value)
    host, to = field(row, "host", text), field(row, "to", whole)
    in_its_place(host, number, places)
    if to >= places.count:
        raise NoteError(f"no partition {to}")
    return Gone(host, to)


def _led(value: bytes) -> Led:
    row = loaded(value)
    return Led(field(row, "feed", whole), field(row, "last", moment))


def _definition(feed: int, value: bytes) -> Defined:
    found = decoded(value)
    if len(found) != 1 or feed_number(found[0].feed.url) != feed:
        raise NoteError("not the one feed that it speaks of")
    return found[0]


def _number(digits: str | None) -> int:
    return whole(int(digits or -1))


def in_its_place(host: str, number: int, places: Places) -> None:
    """See that a host is in this partition: whoever has it is to have all that asks that host.

    Raises:
        NoteError: it is not.
    """
    if places.of(host) != number:
        raise NoteError(f"of a host that is in partition {places.of(host)}")
