"""`newstap feeds` where fetchers share out feeds: the list lies in Kafka, for all of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.feedcommands.changes import checked
from ingest.feedcommands.errors import FeedsError
from ingest.feedcommands.known import Known
from ingest.feedstore import address_of, together
from ingest.fleet.definitions import Defined
from ingest.fleet.publishing import all_feeds, change
from ingest.schedule import FeedState
from ingest.wiring import connection_of, plan_of
from sinks.kafka_client import FencedError, KafkaTroubleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ingest.config import Config
    from ingest.feedstore import Feed


class Shared:
    """The feeds of all fetchers.

    Args:
        config: where Kafka is.

    Raises:
        FeedsError: the configuration has no Kafka.
    """

    def __init__(self, config: Config) -> None:
        kafka = config.sinks.kafka
        if kafka is None:
            raise FeedsError("feeds: [fetch] group needs [sinks.kafka]: the feeds of a group lie there")
        self._connection = connection_of(kafka)
        self._plan = plan_of(kafka, (), config, fleet=True)
        self._interval = config.schedule.interval_seconds

    def known(self) -> list[Known]:
        """Return every feed; what is known of its state, its fetcher knows."""
        with _told():
            feeds = all_feeds(self._connection, self._plan)
        return [
            Known(
                one.feed,
                FeedState(url=one.feed.url, interval=one.feed.interval_seconds or self._interval, next_due=0.0),
                configured=False,
                stored=True,
                paused=one.paused,
            )
            for one in feeds
        ]

    def add(self, wanted: Sequence[Feed]) -> dict[str, bool]:
        """Add feeds; return of the URL of each whether it is new. Of known ones what is given is taken over."""
        new: dict[str, bool] = {}

        def decide(before: list[Defined]) -> Iterable[Defined]:
            held = {address_of(one.feed.url): one for one in before}
            for feed in wanted:
                address = address_of(feed.url)
                new[feed.url] = address not in held
                known = held.get(address)
                held[address] = Defined(feed) if known is None else known._replace(feed=together(known.feed, feed))
            return held.values()

        self._change(decide)
        return new

    def remove(self, urls: Sequence[str]) -> None:
        """Remove feeds.

        Raises:
            FeedsError: one is unknown; nothing is removed.
        """
        gone = {address_of(url) for url in checked("remove", urls)}

        def decide(before: list[Defined]) -> Iterable[Defined]:
            _refuse(urls, before)
            return [one for one in before if address_of(one.feed.url) not in gone]

        self._change(decide)

    def pause(self, urls: Sequence[str], *, paused: bool) -> None:
        """Stop or resume the polling of feeds. Raises as `remove`."""
        meant = {address_of(url) for url in checked("pause" if paused else "resume", urls)}

        def decide(before: list[Defined]) -> Iterable[Defined]:
            _refuse(urls, before)
            return [one._replace(paused=paused) if address_of(one.feed.url) in meant else one for one in before]

        self._change(decide)

    def _change(self, decide: Callable[[list[Defined]], Iterable[Defined]]) -> None:
        with _told():
            change(self._connection, self._plan, decide)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FencedError as error:
        raise FeedsError("feeds: another command changed the feeds at the same moment; give yours again") from error
    except KafkaTroubleError as error:
        raise FeedsError(f"feeds: {error}") from error
    except ValueError as error:
        raise FeedsError(f"feeds: the topic of feeds holds something else: {error}") from error


def _refuse(urls: Iterable[str], before: Iterable[Defined]) -> None:
    known = {address_of(one.feed.url) for one in before}
    if unknown := [url for url in urls if address_of(url) not in known]:
        raise FeedsError("\n".join(f"{url}: no such feed; newstap feeds list shows all" for url in unknown))
