"""Feeds as values and as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingest.schedule import ErrorClass, FeedState, Health, Redirect, Validators

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

PARKED = 1e15
"""When a feed may be claimed that somebody else polls: never, though nothing else is changed about it."""
_PORTS = {"http": 80, "https": 443}
FEED_COLUMNS = ("name", "own_interval", "pages", "language", "zone", "tags", "folders")
_PLAIN = (
    *("interval", "next_due", "body_hash", "declared", "max_age", "errors", "failing_since", "gone_since"),
    *("last_success", "last_body", "unmodified", "last_items", "usual_gap", "entries", "steady", "parsed", "missed"),
    "lies",
)
"""Columns that hold a field of `FeedState` as it is."""
STATE_COLUMNS = (
    *("url", "host", *_PLAIN, "error", "health", "silent", "validators_url", "etag", "last_modified"),
    *("redirect_target", "redirect_since", "redirect_count", "redirect_proven"),
)
_COLUMNS = ("id", "claim", "configured", "stored", "paused", "added", *FEED_COLUMNS, *STATE_COLUMNS)
SELECTED = ", ".join(_COLUMNS)
"""What `claimed_of` and `listed_of` need, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as its owner describes it: the keys of `[[feeds]]`, and the folders of an OPML file."""

    url: str
    name: str | None = None
    interval_seconds: float | None = None
    pages: bool | None = None
    language: str | None = None
    zone: str | None = None
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    """Each the path of a folder, as in `Regional/North`; a feed can lie in several."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A feed that is to be polled now, by whoever holds this."""

    id: int
    claim: int
    feed: Feed
    state: FeedState
    """Its `next_due` is the time that the poll was due at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed with everything that a list shows."""

    id: int
    feed: Feed
    state: FeedState
    configured: bool
    stored: bool
    paused: bool
    added: float


def address_of(url: str) -> str:
    """Return the form in which two spellings of one address are equal.

    Capitals of scheme and host, the usual port and the fragment make no difference.

    Raises:
        ValueError: not an http or https URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"not an http or https URL: {url!r}")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}{parts.path or '/'}{query}"


def host_of(url: str) -> str:
    """Return the name and port that share one budget (`ingest.fetch.hosts`).

    Raises:
        ValueError: not an http or https URL.
    """
    return address_of(url).split("/", 3)[2].replace(".:", ":")


def feed_values(feed: Feed) -> tuple[Any, ...]:
    """Return the values of `FEED_COLUMNS`."""
    return (
        *(feed.name, feed.interval_seconds, feed.pages, feed.language, feed.zone),
        *(_array(feed.tags), _array(feed.folders)),
    )


def state_values(state: FeedState) -> tuple[Any, ...]:
    """Return the values of `STATE_COLUMNS`."""
    held, sighting = state.validators, state.redirect
    return (
        *(state.url, host_of(state.url), *(getattr(state, name) for name in _PLAIN)),
        *(state.error, state.health, state.silent),
        *((held.url, held.etag, held.last_modified) if held else (None,) * 3),
        *((sighting.target, sighting.first_seen, sighting.count, sighting.proven) if sighting else (None,) * 4),
    )


def claimed_of(row: Sequence[Any]) -> Claimed:
    """Return a row of `SELECTED` as a claim."""
    values = dict(zip(_COLUMNS, row, strict=True))
    return Claimed(values["id"], values["claim"], _feed_of(values), _state_of(values))


def listed_of(row: Sequence[Any]) -> Listed:
    """Return a row of `SELECTED` as a line of a list."""
    values = dict(zip(_COLUMNS, row, strict=True))
    flags = {name: bool(values[name]) for name in ("configured", "stored", "paused")}
    return Listed(values["id"], _feed_of(values), _state_of(values), added=values["added"], **flags)


def owner_of(connection: sqlite3.Connection, url: str) -> int | None:
    """Return the feed that has this address, or had it before it moved.

    Raises:
        ValueError: not an http or https URL.
    """
    row = connection.execute("SELECT feed FROM feed_address WHERE address = ?", (address_of(url),)).fetchone()
    return None if row is None else int(row[0])


def is_known(connection: sqlite3.Connection, url: str) -> bool:
    """Tell whether a feed has this address, had it, or was dropped with it. False for what is no address of the web."""
    try:
        return owner_of(connection, url) is not None
    except ValueError:
        return False


def addresses(connection: sqlite3.Connection, feed: int) -> frozenset[str]:
    """Return every address that a feed has or had, each in the form of `address_of`."""
    rows = connection.execute("SELECT address FROM feed_address WHERE feed = ?", (feed,))
    return frozenset(str(row[0]) for row in rows)


def own(connection: sqlite3.Connection, feed: int, url: str, now: float) -> None:
    """Note that the feed has this address, which no feed has so far."""
    connection.execute("INSERT INTO feed_address VALUES (?, ?, ?, ?)", (address_of(url), feed, url, now))


def _feed_of(values: dict[str, Any]) -> Feed:
    pages = values["pages"]
    return Feed(
        url=values["url"],
        name=values["name"],
        interval_seconds=values["own_interval"],
        pages=None if pages is None else bool(pages),
        language=values["language"],
        zone=values["zone"],
        tags=_items(values["tags"]),
        folders=_items(values["folders"]),
    )


def _state_of(values: dict[str, Any]) -> FeedState:
    held, target, error = values["validators_url"], values["redirect_target"], values["error"]
    sighting = (target, values["redirect_since"], values["redirect_count"], bool(values["redirect_proven"]))
    return FeedState(
        url=values["url"],
        error=None if error is None else ErrorClass(error),
        health=Health(values["health"]),
        silent=bool(values["silent"]),
        validators=None if held is None else Validators(held, values["etag"], values["last_modified"]),
        redirect=None if target is None else Redirect(*sighting),
        **{name: values[name] for name in _PLAIN},
    )


def _array(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False) if words else "[]"


def _items(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))
