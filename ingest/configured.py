"""What the configuration says of feeds and of their schedule, as the store and the schedule take it."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest import feedstore
from ingest.schedule import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest import config
    from ingest.secret import Secret

_NONE: Mapping[str, Secret] = MappingProxyType({})


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


def headers(wanted: config.Config, url: str) -> Mapping[str, Secret]:
    """Return the request headers that the file has for a feed; none where it does not name it.

    Raises:
        ValueError: not an http or https URL.
    """
    address = feedstore.address_of(url)
    return next((one.headers for one in wanted.feeds if feedstore.address_of(one.url) == address), _NONE)
