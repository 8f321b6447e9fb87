"""What the configuration says of feeds and of their schedule, as the store and the schedule take it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from ingest import feedstore
from ingest.schedule import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest import config
    from ingest.secret import Secret


def feed(described: config.Feed) -> feedstore.Feed:
    """Return a feed of the file for the store; its request headers are secrets and stay behind."""
    return feedstore.Feed(
        url=described.url,
        name=described.name,
        interval_seconds=described.interval_seconds,
        pages=described.pages,
        language=described.language,
        zone=described.zone,
        tags=described.tags,
    )


def settings(schedule: config.Schedule) -> Settings:
    """Return the times of `[schedule]`."""
    return Settings(**{field.name: getattr(schedule, field.name) for field in fields(Settings)})


def headers(feeds: Iterable[config.Feed]) -> dict[str, Mapping[str, Secret]]:
    """Return the request headers that the file has for feeds, by `feedstore.address_of`, where it has any."""
    return {feedstore.address_of(one.url): one.headers for one in feeds if one.headers}
