"""How far a take-over is, as it is noted in the copy for whoever looks."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ingest.fleet import restoring, table
from ingest.fleet.here import here
from ingest.fleet.restoring import noted
from ingest.fleet.service import opened
from ingest.owners import Restoring
from sinks.kafka_client import Fetched, Place
from tests.fleet.test_copy import copy_in
from tests.work.running import until

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.owners import Here

STATES, REQUESTS = Place("states", 3), Place("requests", 3)


def seen(folder: Path) -> Here:
    """Return what is seen beside the fetcher."""
    return here(folder / "fetch-group.sqlite", "one")


def far(folder: Path) -> tuple[int, int]:
    """Return how many messages are read, and of how many."""
    going = seen(folder).restoring
    return (-1, -1) if going is None else (going.read, going.total)


def read(place: Place, offset: int) -> Fetched:
    return Fetched(place, offset, b"", b"", ())


def test_it_is_seen_how_far_a_take_over_is_and_what_came_of_it(tmp_path: Path) -> None:
    with copy_in(tmp_path) as copy:
        copy.begin({3: 0, 4: 0}, strangers=[])
        with noted(copy.note, [4, 3]) as progress:
            until(lambda: seen(tmp_path).restoring)
            going = seen(tmp_path).restoring
            assert going is not None
            assert (going.numbers, going.read, going.total, going.seconds) == ((3, 4), 0, 0, None)
            assert 0 <= time.time() - going.began < 60
            progress.expect({STATES: (100, 150), REQUESTS: (7, 7)})
            time.sleep(restoring.NOTE_SECONDS)
            progress.read([read(STATES, 119), read(Place("others", 9), 5)], [REQUESTS])
            until(lambda: far(tmp_path) == (20, 50))
            assert seen(tmp_path).ours == (), "what is being read is not taken up"
            progress.read([], [STATES])
            progress.feeds = 12
        found = seen(tmp_path)
        assert (found.restoring, found.ours) == (None, (3, 4))
        assert found.restored is not None
        assert found.restored == Restoring(
            numbers=(3, 4), began=going.began, read=50, total=50, seconds=found.restored.seconds, feeds=12
        )
        assert (found.restored.seconds or 0.0) >= restoring.NOTE_SECONDS


def test_what_was_given_up_is_not_told_and_what_came_before_is(tmp_path: Path) -> None:
    def ended() -> tuple[object, ...]:
        found = seen(tmp_path)
        assert found.restored is not None
        return found.restoring, found.restored.numbers, found.restored.feeds

    with copy_in(tmp_path) as copy:
        with noted(copy.note, [1]) as progress:
            progress.feeds = 5
        with noted(copy.note, []) as progress:
            progress.feeds = 0
        assert ended() == (None, (1,), 5), "a group that gave nothing has nothing to tell"
        with pytest.raises(OSError, match="away"), noted(copy.note, [2]):
            raise OSError("away")
        assert ended() == (None, (1,), 5)


def test_what_was_being_read_by_one_that_was_killed_is_not_any_more(tmp_path: Path) -> None:
    with closing(opened(tmp_path, "group")) as store, store.transaction() as connection:
        connection.execute("INSERT INTO held VALUES (1, 1, 0, -1, 0)")
        connection.execute("INSERT INTO restoring VALUES ('[1]', 5.0, 1, 2, NULL, 0)")
    gone = seen(tmp_path)
    assert (gone.pid, gone.restoring, gone.ours) == (None, None, ())
    with closing(opened(tmp_path, "group")) as store:
        assert seen(tmp_path).restoring is not None
        with store.transaction() as connection:
            table.sleep(connection)
        assert seen(tmp_path).restoring is None
