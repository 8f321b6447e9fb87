"""The configuration as it is at this moment, seen from one feed: it may be read anew while the service runs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest import feedstore
from ingest.fetch.errors import FetchError
from ingest.fetch.urls import target
from ingest.live.intake import Policy
from ingest.schedule import Settings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ingest.config import Config, Schedule
    from ingest.feedstore import Claimed, Feed
    from ingest.secret import Secret

_NONE: Mapping[str, Secret] = MappingProxyType({})


class Current:
    """What holds now.

    Args:
        config: to begin with.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.base = settings_of(config.schedule)
        self._headers: dict[int, tuple[tuple[str, str, int], Mapping[str, Secret]]] = {}
        """By feed: the origin that its headers are for, and the headers."""

    def take(self, config: Config, connection: sqlite3.Connection, now: float) -> feedstore.Changes:
        """Take up a configuration and its feeds, within the caller's transaction."""
        base = settings_of(config.schedule)
        changes = feedstore.configure(connection, feeds_of(config), settings=base, now=now)
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


def feeds_of(config: Config) -> list[Feed]:
    """Return the feeds of a configuration as the store takes them."""
    return [
        feedstore.Feed(
            url=feed.url,
            name=feed.name,
            interval_seconds=feed.interval_seconds,
            pages=feed.pages,
            language=feed.language,
            zone=feed.zone,
            tags=feed.tags,
        )
        for feed in config.feeds
    ]


def settings_of(schedule: Schedule) -> Settings:
    """Return the times of `[schedule]`."""
    return Settings(
        interval_seconds=schedule.interval_seconds,
        min_interval_seconds=schedule.min_interval_seconds,
        max_interval_seconds=schedule.max_interval_seconds,
        backoff_seconds=schedule.backoff_seconds,
        redirect_stable_seconds=schedule.redirect_stable_seconds,
        unconditional_seconds=schedule.unconditional_seconds,
        dead_after_errors=schedule.dead_after_errors,
        dead_interval_seconds=schedule.dead_interval_seconds,
        gone_confirm_seconds=schedule.gone_confirm_seconds,
        gone_probe_seconds=schedule.gone_probe_seconds,
    )
