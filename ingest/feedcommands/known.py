"""The feeds that there are: of the store, and of the configuration file where no service has taken them up yet."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import configured, feedstore, state
from ingest.schedule import FeedState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.config import Config
    from ingest.feedstore import Feed, Listed
    from sinks.store import Store


@dataclass(frozen=True, slots=True)
class Known:
    """A feed, and what the store knows of it."""

    feed: Feed
    state: FeedState
    """Of one that no service has taken up: nothing but its address and its first interval."""
    configured: bool
    """Stands in the configuration file, or did when a service read it last."""
    stored: bool = False
    paused: bool = False
    seen: bool = False
    """Whether a service or a command has taken it up."""

    @property
    def condition(self) -> str:
        """`active`, `dead`, `gone` or `paused`."""
        return "paused" if self.paused else str(self.state.health)

    @property
    def next_poll(self) -> float | None:
        """Unix time; None where none is planned."""
        return self.state.next_due if self.seen and not self.paused else None


def feeds(config: Config) -> list[Known]:
    """Return every feed: the store's in the order they came, then those that are new in the configuration file.

    Nothing is made where there is no state.

    Raises:
        StoreError: the state cannot be read.
    """
    with existing(config) as store:
        if store is None:
            return [_unseen(one, config) for one in map(configured.feed, config.feeds)]
        with store.reading() as connection:
            rows = {row.id: row for row in feedstore.listed(connection)}
            owners = [(one, feedstore.owner_of(connection, one.url)) for one in map(configured.feed, config.feeds)]
    in_file = {owner for _, owner in owners}
    held = [_held(row, configured=row.configured or row.id in in_file) for row in rows.values()]
    return held + [_unseen(one, config) for one, owner in owners if owner not in rows]


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """Open the state, which is made where there is none, beside a service that may be running.

    Raises:
        StoreError: it cannot be used.
    """
    with closing(state.beside(config.state.path)) as store:
        yield store


@contextmanager
def existing(config: Config) -> Iterator[Store | None]:
    """Open the state as `opened` does; None where there is none."""
    if (config.state.path / state.FILE).exists():
        with opened(config) as store:
            yield store
    else:
        yield None


def _held(row: Listed, *, configured: bool) -> Known:
    return Known(row.feed, row.state, configured, row.stored, row.paused, seen=True)


def _unseen(feed: Feed, config: Config) -> Known:
    interval = feed.interval_seconds or config.schedule.interval_seconds
    return Known(feed, FeedState(url=feed.url, interval=interval, next_due=0.0), configured=True)
