"""What is held of partitions, through the service's writer: read whole, or from the beginning again."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ingest.config import Config
from ingest.fleet.copy import Copy, Held
from ingest.fleet.places import Places
from ingest.fleet.service import opened
from ingest.health import Health
from ingest.live.current import Current
from ingest.live.writer import Writer
from sinks.kafka_messages import Names
from sinks.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = Names("news", scaled=True, fleet=True)


@contextmanager
def copy_in(folder: Path) -> Iterator[Copy]:
    """Have the copy of a fetcher, as its thread of ownership has it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with closing(opened(folder, "group")) as store:
            writer = Writer(store, Health().part("state"))
            box = Outbox(store, job="fetch")
            yield Copy(writer, loop, box, NAMES, Places(8), Current(Config()), lambda skipped: None, 0.0)
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
