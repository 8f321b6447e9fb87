"""The configuration as it is at this moment, seen from one feed: it may be read anew while the service runs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest import configured, feedstore
from ingest.fetch.errors import FetchError
from ingest.fetch.urls import target
from ingest.live.intake import Policy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ingest.config import Config
    from ingest.feedstore import Claimed, Feed
    from ingest.schedule import Settings
    from ingest.secret import Secret

_NONE: Mapping[str, Secret] = MappingProxyType({})


class Current:
    """What holds now.

    Args:
        config: to begin with.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.base = configured.settings(config.schedule)
        self._headers: dict[int, tuple[tuple[str, str, int], Mapping[str, Secret]]] = {}
        """By feed: the origin that its headers are for, and the headers."""

    def take(self, config: Config, connection: sqlite3.Connection, now: float) -> feedstore.Changes:
        """Take up a configuration and its feeds, within the caller's transaction."""
        base = configured.settings(config.schedule)
        changes = feedstore.configure(connection, map(configured.feed, config.feeds), settings=base, now=now)
        headers = {}
        for feed in config.feeds:
            number = feedstore.owner_of(connection, feed.url)
            if feed.headers and number is not None:
                headers[number] = (target(feed.url).origin, feed.headers)
        self.config, self.base, self._headers = config, base, headers
        return changes

    def settings(self, feed: Feed) -> Settings:
        """Return the times that hold for a feed."""
        own = feed.interval_seconds
        return self.base if own is None else replace(self.base, interval_seconds=own)

    def policy(self, feed: Feed) -> Policy:
        """Return what the operator decided for a feed."""
        return Policy(
            pages=self.config.fetch.pages if feed.pages is None else feed.pages,
            skip_backlog=self.config.schedule.first_fetch == "new",
            language=feed.language,
        )

    def headers(self, claimed: Claimed) -> Mapping[str, Secret]:
        """Return a feed's own request headers; none where it has moved to another origin than they were given for."""
        origin, headers = self._headers.get(claimed.id, (None, _NONE))
        try:
            return headers if origin == target(claimed.state.url).origin else _NONE
        except FetchError:
            return _NONE
