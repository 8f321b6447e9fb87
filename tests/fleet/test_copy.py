"""What is held of partitions, through the service's writer: read whole, or from the beginning again."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ingest.config import Config
from ingest.feedstore import Feed
from ingest.fleet.copy import Copy, Held
from ingest.fleet.definitions import Defined, encoded
from ingest.fleet.places import Places
from ingest.fleet.requests import request
from ingest.fleet.service import opened
from ingest.fleet.unread import Unread
from ingest.health import Health
from ingest.live.current import Current
from ingest.live.writer import Writer
from sinks.kafka_messages import Names
from sinks.outbox import Outbox
from tests.fleet.messages import message, read
from tests.fleet.test_requests import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

NAMES = Names("news", scaled=True, fleet=True)
PLACES = Places(4)


@contextmanager
def copy_in(folder: Path, unread: Unread | None = None) -> Iterator[Copy]:
    """Have the copy of a fetcher, as its thread of ownership has it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with closing(opened(folder, "group")) as store:
            writer = Writer(store, Health().part("state"))
            box = Outbox(store, job="fetch")
            yield Copy(
                writer, loop, box, NAMES, Places(4), Current(Config()), lambda skipped: None, 0.0, unread or Unread()
            )
            asyncio.run_coroutine_threadsafe(writer.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_partition_that_was_read_in_part_is_read_from_the_beginning_again(tmp_path: Path) -> None:
    """A fetcher that is killed while it reads must not take what it has by then for all there is."""
    with copy_in(tmp_path) as copy:
        assert copy.begin({3: 10, 4: 11}, strangers=[]) == {3: None, 4: None}
        copy.hold({4: (40, 41)})

    with copy_in(tmp_path) as copy:
        assert copy.ours() == {3, 4}
        assert copy.begin({3: 12, 4: 13}, strangers=[]) == {3: None, 4: Held(11, 40, 41)}


def test_what_waits_to_be_sent_is_known(tmp_path: Path) -> None:
    with copy_in(tmp_path) as copy:
        assert not copy.owes()
        assert copy.oldest([3]) == {3: None}


def test_what_is_none_of_ours_is_told_once_and_the_rest_is_taken_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One message must not cost the others of its partition, and not the fetcher."""
    unread, host = Unread(), "pages.example:443"
    number = PLACES.of(host)
    (good,) = read([request(wanted(), PLACES)], "request")
    feeds = message(host.encode(), encoded([Defined(Feed(url="https://pages.example/feed.xml"))]), number)
    bad = message(b"?", b"?", number)
    with copy_in(tmp_path, unread) as copy:
        copy.begin({number: 0}, strangers=[])
        copy.learn([bad, message(b'["link", "%s"]' % (b"0" * 32), b'{"feed": 1, "last": 2}', number)])
        copy.define([bad, bad._replace(offset=8), feeds._replace(offset=9)])
        copy.take_up([bad._replace(offset=10), good._replace(offset=11)])
        assert copy.oldest([number]) == {number: 11}

    with closing(sqlite3.connect(tmp_path / "fetch-group.sqlite")) as state:
        assert state.execute("SELECT url FROM feed").fetchall() == [("https://pages.example/feed.xml",)]
        assert state.execute("SELECT feed FROM link WHERE feed = 1").fetchall() == [(1,), (1,)]
        assert state.execute("SELECT feeds, requests FROM held").fetchall() == [(10, 12)]
    assert unread.count == 3
    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 3
    assert told[0].startswith(f"passed over: partition {number} of topic, offset 7: ")
