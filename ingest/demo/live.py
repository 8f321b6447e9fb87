"""`newstap demo` live: the newsroom in a thread of its own, and the service reading it as it would read the world."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from ipaddress import ip_network
from typing import TYPE_CHECKING

from ingest.config import Dashboard, Feed, Fetch, FilesSink, Schedule, State
from ingest.demo.newsroom import hosted
from ingest.demo.show import Show, sinks_of
from ingest.state import owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.config import Config
    from ingest.demo.newsroom import FeedOffer, Newsroom

log = logging.getLogger(__name__)

STATE = ".newstap-live"
"""Folder of the service's state, below the demo's own."""
ARCHIVE = "archive"
"""Folder of the archive, where the configuration has one."""
_LOOKS = 0.1
"""Seconds between two looks whether all is done."""
_POLLS = 2
"""The first poll of a resting feed finds its last articles; the second is not due before those are accepted."""


def demo_live(
    config: Config,
    to: Path,
    env: Mapping[str, str],
    stop: threading.Event,
    *,
    exit_when_idle: bool,
    pace_seconds: float = 1.0,
) -> int:
    """Let the newsroom publish and the service read it; return the exit code.

    Goes on until `stop`; ends by itself, all delivered, if it shall or if standard input is no terminal.

    Args:
        config: what the service is, but for its feeds, times, state and sinks, which are the demo's own.
        to: where its files go. What an earlier demo left there is deleted: the newsroom's addresses are new each time.
        env: where a Kafka broker may be named.
        stop: set to end in good order.
        exit_when_idle: end when everything is published, read and delivered.
        pace_seconds: between two articles.
    """
    from ingest.live.serving import serve  # noqa: PLC0415 - only this command needs it

    _afresh(to)
    idle = threading.Event()
    with hosted(pace_seconds=pace_seconds) as room:
        base = replace(config, sinks=sinks_of(config, to, env))
        shown = Show(sys.stdout, {feed.url: feed.name for feed in room.feeds})
        ends = exit_when_idle or not (sys.stdin and sys.stdin.isatty())
        with watching(room, idle, stop, ends=ends):
            code = serve(configuration(room.feeds, to, base), stop, on_outcome=shown, idle=idle)
    shown.summary(to, base.sinks.kafka)
    return code


def configuration(room_feeds: Sequence[FeedOffer], to: Path, base: Config) -> Config:
    """Return the service's configuration: the newsroom's feeds, polled every second or so, into a folder."""
    return replace(
        base,
        state=State(path=to / STATE),
        schedule=Schedule(
            interval_seconds=1, min_interval_seconds=0.5, max_interval_seconds=5, backoff_seconds=1, first_fetch="all"
        ),
        fetch=Fetch(
            user_agent=f"newstap/{version('newstap')} (demo; +https://example.org/contact)",
            timeout_seconds=10,
            host_delay_seconds=0.05,
            allow_networks=(ip_network("127.0.0.0/8"),),
        ),
        feeds=tuple(map(_feed, room_feeds)),
        sinks=replace(base.sinks, files=replace(base.sinks.files or FilesSink(), path=to)),
        archive=base.archive and replace(base.archive, path=to / ARCHIVE),
        dashboard=Dashboard(listen="127.0.0.1:0"),
    )


@contextmanager
def watching(room: Newsroom, idle: threading.Event, stop: threading.Event, *, ends: bool) -> Iterator[None]:
    """Within it, `stop` is set as soon as all is published, read and delivered, or a line says so if it shall go on.

    Args:
        room: the newsroom.
        idle: set by the service while nothing is pending and all that was accepted is delivered.
        stop: what ends the service.
        ends: whether to end.
    """
    left = threading.Event()

    def watch() -> None:
        while not (room.polls_since_rest() >= _POLLS and idle.is_set()):
            if left.wait(_LOOKS):
                return
        if ends:
            stop.set()
        else:
            log.info("the newsroom has published all it had, and everything is delivered; Ctrl-C ends")

    watcher = threading.Thread(target=watch, name="demo-end")
    watcher.start()
    try:
        yield
    finally:
        left.set()
        watcher.join()


def _feed(offer: FeedOffer) -> Feed:
    return Feed(url=offer.url, name=offer.name, language=offer.language, zone=offer.zone, **offer.options)


def _afresh(to: Path) -> None:
    """Delete an earlier live demo's state and files, which its state folder shows to be its own; nothing else.

    Raises:
        StoreLockedError: it still runs.
    """
    if (to / STATE).is_dir():
        owned(to / STATE).close()
        for name in ("records", "skipped", "dead-letters", ARCHIVE, STATE):
            if (to / name).is_dir():
                shutil.rmtree(to / name)
