"""Adding, removing, pausing: the store's side of `newstap feeds`, each action in one transaction."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import config as configuration
from ingest import configured, feedstore
from ingest.config.kinds import Spot
from ingest.config.network import web_url
from ingest.config.problems import WrongError, nearest
from ingest.config.sections import Table
from ingest.feedcommands import known
from ingest.feedcommands.errors import FeedsError
from ingest.feedstore import Removal
from ingest.secret import mask_urls

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ingest.config import Config
    from ingest.feedstore import Feed


def described(urls: Sequence[str], *, name: str | None, tags: Sequence[str], **given: object) -> list[Feed]:
    """Return feeds as the arguments describe them, checked as the configuration file would be.

    Args:
        urls: of the feeds.
        name: of the only one.
        tags: of each.
        given: further keys of `[[feeds]]`; None is as good as absent.

    Raises:
        FeedsError: with every problem of every feed.
    """
    if name is not None and len(urls) > 1:
        raise FeedsError("feeds add: --name is for one URL")
    values = {"name": name, **given}
    told = {key: value for key, value in values.items() if value is not None} | {"tags": list(dict.fromkeys(tags))}
    spot = Spot(source="feeds add", base=Path(), env={}, problems=[])
    read = [spot.read(Table(configuration.Feed), {"url": url, **told}) for url in dict.fromkeys(urls)]
    if spot.problems:
        raise FeedsError("\n".join(dict.fromkeys(map(str, spot.problems))))
    return [configured.feed(feed) for feed in read if isinstance(feed, configuration.Feed)]


def add(config: Config, wanted: Sequence[Feed], *, now: float) -> int:
    """Add feeds to the store, tell which were new, and return the exit code."""
    for caution in _cautions(config, wanted):
        _say(caution)
    with known.opened(config) as store, store.transaction() as connection:
        settings = configured.settings(config.schedule)
        added = set(feedstore.add(connection, wanted, settings=settings, now=now).added)
        owners = [(feedstore.owner_of(connection, feed.url), feed.url) for feed in wanted]
    for owner, url in owners:
        print("added" if owner in added else "known", url)  # noqa: T201 - the command's output
    return 0


def remove(config: Config, urls: Sequence[str], *, now: float) -> int:
    """Take feeds out of the store, tell what came of each, and return the exit code: 2 where one is polled still.

    Raises:
        FeedsError: one is unknown, or no URL; nothing was removed.
    """
    urls = checked("remove", urls)
    in_file = {feedstore.address_of(feed.url) for feed in config.feeds}
    with _transaction(config) as connection:
        results = dict.fromkeys(urls, Removal.UNKNOWN)
        if connection is not None:
            results = {url: feedstore.remove(connection, url, now=now) for url in urls}
        results |= {url: Removal.CONFIGURED for url in urls if feedstore.address_of(url) in in_file}
        _refuse([url for url, result in results.items() if result is Removal.UNKNOWN], config)
    for url, result in results.items():
        if result is Removal.REMOVED:
            print("removed", url)  # noqa: T201 - the command's output
        elif feedstore.address_of(url) in in_file:
            _say(f"{mask_urls(url)}: stands in the configuration file, {config.file}; remove it there")
        else:
            _say(
                f"{url}: stood in the configuration file when the service read it last; it goes when that is read again"
            )
    return 0 if set(results.values()) == {Removal.REMOVED} else 2


def pause(config: Config, urls: Sequence[str], *, paused: bool) -> int:
    """Stop or resume the polling of feeds; return the exit code.

    Raises:
        FeedsError: one is unknown, or no URL; nothing was changed.
    """
    urls = checked("pause" if paused else "resume", urls)
    with _transaction(config) as connection:
        done = [url for url in urls if connection is not None and feedstore.pause(connection, url, paused=paused)]
        _refuse([url for url in urls if url not in done], config)
    for url in urls:
        print("paused" if paused else "resumed", url)  # noqa: T201 - the command's output
    return 0


@contextmanager
def _transaction(config: Config) -> Iterator[sqlite3.Connection | None]:
    """Lend the state within a transaction; None where there is no state, which is not made for this."""
    with known.existing(config) as store:
        if store is None:
            yield None
        else:
            with store.transaction() as connection:
                yield connection


def checked(action: str, urls: Iterable[str]) -> tuple[str, ...]:
    """Return the URLs, each once.

    Raises:
        FeedsError: with every one that is none.
    """
    problems = []
    for url in urls:
        try:
            web_url(url)
        except WrongError as wrong:
            problems.append(f"feeds {action}: {wrong.what}; {wrong.right}")
    if problems:
        raise FeedsError("\n".join(problems))
    return tuple(dict.fromkeys(urls))


def _refuse(unknown: Sequence[str], config: Config) -> None:
    """Raise for what is unknown, with the feed that may have been meant."""
    if not unknown:
        return
    rows = known.feeds(config)
    unseen = {feedstore.address_of(row.feed.url) for row in rows if not row.seen}
    urls = [row.feed.url for row in rows]
    raise FeedsError("\n".join(_reason(url, unseen, urls) for url in unknown))


def _reason(url: str, unseen: Collection[str], urls: Iterable[str]) -> str:
    if feedstore.address_of(url) in unseen:
        return f"{mask_urls(url)}: stands in the configuration file, but no service has taken it up yet"
    near = nearest(url, urls)
    hint = f"the nearest is {mask_urls(near[0])}" if near else "newstap feeds list shows all"
    return f"{mask_urls(url)}: no such feed; {hint}"


def _cautions(config: Config, wanted: Iterable[Feed]) -> Iterator[str]:
    intervals = dict.fromkeys(feed.interval_seconds for feed in wanted if feed.interval_seconds is not None)
    for seconds in intervals:
        yield from (f"--interval {clash.what}; {clash.right}" for clash in config.schedule.outside("", seconds))


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - for people
