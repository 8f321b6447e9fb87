"""Lists of feeds as OPML files: taken into the store, and given out."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ingest import configured, feedstore
from ingest.config.network import web_url
from ingest.config.problems import WrongError
from ingest.feedcommands import known
from ingest.feedcommands.errors import FeedsError
from ingest.feeds import FeedError, Subscription, read_opml, write_opml
from ingest.feedstore import Feed
from ingest.logs import visible
from ingest.secret import mask_urls

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from ingest.config import Config
    from ingest.feedcommands.shared import Shared
    from ingest.feeds import Listing


MOST_BYTES = 50_000_000
"""Of a list of feeds: half a million of them."""


class _Wanted(NamedTuple):
    feeds: list[Feed]
    refused: list[str]
    """Why, for each that cannot be taken."""


def take_in(config: Config, file: Path | None, *, now: float, shared: Shared | None = None) -> int:
    """Add the feeds of an OPML file to the store, folders and categories as folders; return the exit code.

    Doing it again changes nothing. What is already known keeps what the file does not name.

    Args:
        config: where the state is.
        file: None for standard input.
        now: Unix time.
        shared: the feeds of all fetchers, where they share them out; then those are added to.

    Raises:
        FeedsError: the file cannot be read, or is no OPML.
        StoreError: the state cannot be used.
    """
    name = str(file or "standard input")
    try:
        with nullcontext(sys.stdin.buffer) if file is None else file.open("rb") as stream:
            body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise FeedsError(f"{name}: more than {MOST_BYTES} bytes; give it in parts")
        listing = read_opml(body)
    except OSError as error:
        raise FeedsError(f"{name}: cannot be read: {error.strerror}") from error
    except FeedError as error:
        raise FeedsError(f"{name}: {error}") from error
    wanted = _wanted(listing)
    if shared is not None:
        return _taken_in_by_all(shared, wanted)
    with known.opened(config) as store, store.transaction() as connection:
        feeds = _without_tags_twice(connection, wanted.feeds)
        changes = feedstore.add(connection, feeds, settings=configured.settings(config.schedule), now=now)
    return _told(wanted, len(changes.added), len(feeds))


def _taken_in_by_all(shared: Shared, wanted: _Wanted) -> int:
    """Add the feeds to those that all fetchers share out."""
    tags = {feedstore.address_of(row.feed.url): row.feed.tags for row in shared.known()}
    feeds = [
        replace(feed, folders=tuple(name for name in feed.folders if name not in tags.get(address, ())))
        for feed in wanted.feeds
        for address in (feedstore.address_of(feed.url),)
    ]
    return _told(wanted, sum(shared.add(feeds).values()), len(feeds))


def _told(wanted: _Wanted, added: int, taken: int) -> int:
    for reason in wanted.refused:
        print(f"refused: {visible(mask_urls(reason))}", file=sys.stderr)  # noqa: T201 - for people
    print(f"{added} added, {taken - added} known, {len(wanted.refused)} refused")  # noqa: T201 - the command's output
    return 0


def give_out(config: Config, file: Path | None, *, shared: Shared | None = None) -> int:
    """Write every feed as OPML, paused or not, its folders and tags as folders; return the exit code.

    Args:
        config: where the feeds are.
        file: None for standard output.
        shared: as of `take_in`.

    Raises:
        FeedsError: the file cannot be written.
        StoreError: the state cannot be read.
    """
    feeds = [row.feed for row in (known.feeds(config) if shared is None else shared.known())]
    body = write_opml(
        Subscription(url=feed.url, title=feed.name or "", tags=tuple(dict.fromkeys((*feed.folders, *feed.tags))))
        for feed in feeds
    )
    if file is None:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return 0
    try:
        file.write_bytes(body)
    except OSError as error:
        raise FeedsError(f"{file}: cannot be written: {error.strerror}") from error
    print(f"{len(feeds)} feeds written to {file}", file=sys.stderr)  # noqa: T201 - for people
    return 0


def _wanted(listing: Listing) -> _Wanted:
    feeds: list[Feed] = []
    refused = [_reason(url) or "an address that cannot be fetched" for url in listing.refused]
    for one in listing.subscriptions:
        if (reason := _reason(one.url)) is None:
            feeds.append(Feed(url=one.url, name=one.title or None, folders=one.tags))
        else:
            refused.append(reason)
    return _Wanted(feeds, refused)


def _reason(url: str) -> str | None:
    """Say why a feed cannot have this address; None where it can."""
    if not url:
        return "an outline whose xmlUrl is empty"
    try:
        web_url(url)
    except WrongError as wrong:
        return wrong.what
    return None


def _without_tags_twice(connection: sqlite3.Connection, feeds: list[Feed]) -> list[Feed]:
    """Leave out the folders that are tags of a known feed: a file that we gave out has them as folders."""
    tags = {row.id: row.feed.tags for row in feedstore.listed(connection)}
    return [
        replace(feed, folders=tuple(name for name in feed.folders if name not in tags.get(owner or 0, ())))
        for feed in feeds
        for owner in (feedstore.owner_of(connection, feed.url),)
    ]
